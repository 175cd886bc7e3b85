import ReelCodec

/// What names a recording on the command line: its number or its id.
struct RecordingName: Equatable, CustomStringConvertible {
    let description: String

    /// - Throws: a usage failure for anything that is neither, so that nothing else gets into a path.
    init(_ text: String) throws(CommandFailure) {
        guard (UInt64(text).map { $0 > 0 && !text.hasPrefix("+") } ?? false) || UUIDv7(text) != nil else {
            throw .usage("'\(text)' names no recording; write its number, as 7, or its id")
        }
        description = text
    }

    /// `/v1/recordings/7`, and what follows.
    func target(_ rest: String = "") -> Target { Target("/v1/recordings/\(self)\(rest)") }
}

extension Command.Operand {
    static let recording = Command.Operand(name: "RECORDING")
}

extension Invocation {
    /// The only operand, a recording.
    func recording() throws(CommandFailure) -> RecordingName { try RecordingName(operands[0]) }
}
