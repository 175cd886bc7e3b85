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

    /// Does the work for each and goes on after one that fails.
    ///
    /// - Throws: at the end, all that failed, each by its name; at once when nobody answers.
    static func forEach(
        _ names: [RecordingName], _ work: (RecordingName) throws(CommandFailure) -> Void
    ) throws(CommandFailure) {
        var failures: [CommandFailure] = []
        for name in names {
            do throws(CommandFailure) {
                try work(name)
            } catch {
                guard names.count > 1, [.failure, .notFound, .usage].contains(error.exitCode) else { throw error }
                failures.append(CommandFailure(error.exitCode, "\(name): \(error.message)"))
            }
        }
        guard let first = failures.first else { return }
        let isOneKind = failures.allSatisfy { $0.exitCode == first.exitCode }
        throw CommandFailure(isOneKind ? first.exitCode : .failure, failures.map(\.message).joined(separator: "\n"))
    }
}

extension Command.Operand {
    static let recording = Command.Operand(name: "RECORDING")
}

extension Invocation {
    /// The only operand, a recording.
    func recording() throws(CommandFailure) -> RecordingName { try RecordingName(operands[0]) }

    /// All operands, recordings; checked before anything is done with the first.
    func recordings() throws(CommandFailure) -> [RecordingName] {
        var names: [RecordingName] = []
        for text in operands { names.append(try RecordingName(text)) }
        return names
    }
}
