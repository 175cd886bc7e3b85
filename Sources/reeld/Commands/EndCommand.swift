import ReelHTTP

/// `reeld end`.
enum EndCommand {
    static let end = Command(
        name: "end", topic: .recordings, summary: "End recordings for good; later events are refused",
        operands: [.init(name: "RECORDING", occurrence: .atLeastOnce)], options: [Daemon.socketOption],
        details: ["Late events are taken for 5 more minutes, or what recording.grace of reeld.conf says."],
        examples: ["reeld end 7"],
        run: { invocation throws(CommandFailure) in
            let daemon = try Daemon(invocation)
            try forEach(try names(invocation)) { recording throws(CommandFailure) in
                let view = RecordingView(json: try daemon.askJSON(.post, recording.target("/end")))
                try invocation.output.write(
                    "\(view.number) ended with \(HumanText.plural(view.count("events"), "event"))\n")
            }
            return .success
        })

    /// Does the work for each and goes on after one that fails.
    ///
    /// - Throws: at the end, all that failed, each by its name; at once when nobody answers.
    private static func forEach(
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

    /// All names, checked before anything is done with the first.
    private static func names(_ invocation: Invocation) throws(CommandFailure) -> [RecordingName] {
        var names: [RecordingName] = []
        for text in invocation.operands { names.append(try RecordingName(text)) }
        return names
    }
}
