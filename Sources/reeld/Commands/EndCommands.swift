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
        details: ["Batches that were on their way are still taken for recording.grace of reeld.conf."],
        examples: ["reeld end 7"],
        run: { invocation throws(CommandFailure) in
            let daemon = try Daemon(invocation)
            for recording in try names(invocation) {
                let view = RecordingView(json: try daemon.askJSON(.post, recording.target("/end")))
                try invocation.output.write(
                    "\(view.number) ended with \(HumanText.count(view.count("events"))) events\n")
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
            for recording in names {
                let answer = try daemon.askJSON(.delete, recording.target())
                try invocation.output.write("\(answer["number"]?.integer ?? 0) erased\n")
            }
            return .success
        })

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
            let view = RecordingView(json: try daemon.askJSON(.get, name.target()))
            let started = view.moment("created").map(CalendarTime.localText) ?? ""
            let line = "\(view.number)  \(started)  \(HumanText.count(view.count("events"))) events  \(view.title)"
            StandardErrorSink.write(line.printable + "\n")
        }
        StandardErrorSink.write("Erase \(names.count == 1 ? "it" : "these \(names.count)")? [y/N] ")
        return readLine()?.lowercased() == "y"
    }
}
