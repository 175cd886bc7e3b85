import Glibc
import ReelCodec
import ReelSystem

/// `reeld end` and `reeld erase`.
enum EndCommands {
    private static let yes = Command.Option("yes", short: "y", help: "Do not ask")
    private static let recordings = Command.Operand(name: "RECORDING", occurrence: .atLeastOnce)

    static let end = Command(
        name: "end", topic: .recordings, summary: "End recordings for good; later events are refused",
        operands: [recordings], options: [Daemon.socketOption],
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

    static let erase = Command(
        name: "erase", topic: .recordings, summary: "Erase recordings; nobody can read them afterwards",
        operands: [recordings], options: [yes, Daemon.socketOption],
        details: ["Asks before it erases; without a terminal to ask on, --yes is needed."],
        examples: ["reeld erase --yes 7 8 9"],
        run: { invocation throws(CommandFailure) in
            let daemon = try Daemon(invocation)
            let names = try names(invocation)
            if !invocation.has(yes), try !isConfirmed(names, daemon) {
                throw CommandFailure(.failure, "nothing was erased")
            }
            try forEach(names) { recording throws(CommandFailure) in
                let answer = try daemon.askJSON(.delete, recording.target())
                try invocation.output.write("\(answer["number"]?.integer ?? 0) erased\n")
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

    private static func isConfirmed(_ names: [RecordingName], _ daemon: Daemon) throws(CommandFailure) -> Bool {
        guard Terminal.isConnected(to: STDIN_FILENO) else {
            throw .usage("erasing needs --yes where there is no terminal to ask on")
        }
        for name in names {
            let view: RecordingView
            do throws(CommandFailure) {
                view = RecordingView(json: try daemon.askJSON(.get, name.target()))
            } catch {
                guard names.count > 1, error.exitCode == .notFound else { throw error }
                StandardErrorSink.write("\(name)  \(error.message)".printable + "\n")
                continue
            }
            let started = view.moment("created").map(CalendarTime.localText) ?? ""
            let line = "\(view.number)  \(started)  \(HumanText.count(view.count("events"))) events  \(view.title)"
            StandardErrorSink.write(line.printable + "\n")
        }
        StandardErrorSink.write("Erase \(names.count == 1 ? "it" : "these \(names.count)")? [y/N] ")
        return readLine()?.lowercased() == "y"
    }
}
