import ReelCodec

/// How a command prints what it found: for people or for programs.
enum OutputForm: String, CaseIterable {
    case table
    case json

    static let option = Command.Option(
        "output", short: "o", value: "FORM", help: "Print as 'table' (the default) or 'json'")
}

extension Invocation {
    func outputForm() throws(CommandFailure) -> OutputForm {
        try value(OutputForm.option, ChoiceSyntax { $0.rawValue }) ?? .table
    }
}

extension Output {
    /// A JSON value on a line of its own.
    func writeLine(_ json: JSONValue) throws(CommandFailure) {
        var writer = JSONWriter()
        writer.value(json)
        try write(writer.bytes)
        try write("\n")
    }
}
