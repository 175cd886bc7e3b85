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
            try RecordingName.forEach(try invocation.recordings()) { recording throws(CommandFailure) in
                let view = RecordingView(json: try daemon.askJSON(.post, recording.target("/end")))
                try invocation.output.write(
                    "\(view.number) ended with \(HumanText.plural(view.count("events"), "event"))\n")
            }
            return .success
        })
}
