import ReelSystem

/// The options that choose events of a recording, for `cat` and `export`.
enum EventSelection {
    static let from = Command.Option(
        "from", value: "TIME",
        help: "Leave out events before TIME: +90s from the recording's beginning, or as for ls --since")
    static let to = Command.Option("to", value: "TIME", help: "Leave out events after TIME")
    static let type = Command.Option(
        "type", value: "TYPES", help: "Only events of these types, by rrweb's numbers or names: 2,meta,custom")
    static let source = Command.Option(
        "source", value: "SOURCES", help: "Only incremental events of these sources, by rrweb's numbers")
    static let damaged = Command.Option(
        "skip-damaged", help: "Leave damaged parts out instead of breaking off at the first")

    static let options = [from, to, type, source, damaged]

    /// rrweb's event types in the order of their numbers.
    private static let typeNames = [
        "dom-content-loaded", "load", "full-snapshot", "incremental", "meta", "custom", "plugin", "asset",
    ]

    /// Adds what the options say to the target of a recording's events.
    static func apply(
        _ invocation: Invocation, _ recording: RecordingName, _ daemon: Daemon, to target: Target
    ) throws(CommandFailure) -> Target {
        var target = target
        for option in [from, to] {
            target.add(option.long, try moment(option, invocation, recording, daemon))
        }
        if let text = invocation.text(type) {
            target.add("type", try numbers(text, names: typeNames, option: type))
        }
        if let text = invocation.text(source) { target.add("source", try numbers(text, names: [], option: source)) }
        if invocation.has(damaged) { target.add("damaged", "skip") }
        return target
    }

    /// Milliseconds since 1970.
    private static func moment(
        _ option: Command.Option, _ invocation: Invocation, _ recording: RecordingName, _ daemon: Daemon
    ) throws(CommandFailure) -> Int64? {
        guard let text = invocation.text(option), text.hasPrefix("+") else {
            return try invocation.value(option, TimeSyntax()).map { $0 / 1000 }
        }
        guard let offset = Quantity.duration(String(text.dropFirst())) else {
            throw .usage("--\(option.long): '\(text)' is not a time from the beginning; write +90s or +5min")
        }
        let view = RecordingView(json: try daemon.askJSON(.get, recording.target()))
        return ((view.moment("first_event") ?? 0) + offset.microseconds) / 1000
    }

    private static func numbers(
        _ text: String, names: [String], option: Command.Option
    ) throws(CommandFailure) -> String {
        var numbers: [String] = []
        for word in text.split(separator: ",", omittingEmptySubsequences: false) {
            if let index = names.firstIndex(of: String(word)) {
                numbers.append("\(index)")
            } else if UInt8(word) != nil {
                numbers.append(String(word))
            } else {
                let known = names.isEmpty ? "a number, as 3" : "a number or one of \(names.joined(separator: ", "))"
                throw .usage("--\(option.long): '\(word)' is none; write \(known)")
            }
        }
        return numbers.joined(separator: ",")
    }
}
