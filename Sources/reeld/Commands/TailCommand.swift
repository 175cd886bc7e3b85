import Glibc

/// `reeld tail`.
enum TailCommand {
    private static let lines = Command.Option(
        "lines", short: "n", value: "COUNT", help: "Begin COUNT events before the end; the default is 10")
    private static let follow = Command.Option(
        "follow", short: "f", help: "Go on with new events until the recording has ended")

    static let tail = Command(
        name: "tail", topic: .recordings, summary: "Print a recording's last events; with -f follow it",
        operands: [.recording], options: [lines, follow, Daemon.socketOption],
        examples: ["reeld tail -f 7"],
        run: { invocation throws(CommandFailure) in
            let count = try invocation.value(lines, CountSyntax(range: 0...1_000_000_000)) ?? 10
            var tail = try Tail(invocation, try invocation.recording())
            var recording = try tail.look()
            tail.next = recording.count("events") - min(UInt64(count), recording.count("events"))
            try tail.print(until: recording)
            while invocation.has(follow), !recording.isEnded {
                sleep(1)
                recording = try tail.look()
                try tail.print(until: recording)
            }
            return .success
        })

    /// A place in a recording that moves on with it.
    private struct Tail {
        private let daemon: Daemon
        private let recording: RecordingName
        private let output: Output
        /// The ordinal of the first event not yet printed.
        var next: UInt64 = 0

        init(_ invocation: Invocation, _ recording: RecordingName) throws(CommandFailure) {
            daemon = try Daemon(invocation)
            output = invocation.output
            self.recording = recording
        }

        func look() throws(CommandFailure) -> RecordingView {
            RecordingView(json: try daemon.askJSON(.get, recording.target()))
        }

        /// Prints what came since, counting what is printed: more may have arrived since the recording was looked at.
        mutating func print(until recording: RecordingView) throws(CommandFailure) {
            guard recording.count("events") > next else { return }
            let target = self.recording.target("/events").adding("format", "ndjson").adding("first", next)
            var printed: UInt64 = 0
            try daemon.stream(target) { piece throws(CommandFailure) in
                for byte in piece where byte == UInt8(ascii: "\n") { printed += 1 }
                try output.write(piece)
            }
            next += printed
            try output.flush()
        }
    }
}
