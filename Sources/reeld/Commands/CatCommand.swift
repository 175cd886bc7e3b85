/// `reeld cat`.
enum CatCommand {
    static let cat = Command(
        name: "cat", topic: .recordings, summary: "Print a recording's events, one JSON object a line",
        operands: [.recording], options: EventSelection.options + [Daemon.socketOption] + LocalStore.options,
        details: [
            "Each event comes out byte for byte as it came in, but that a line end inside an event, which JSON allows "
                + "between its tokens, is printed as a blank."
        ],
        examples: ["reeld cat 7 --type=meta,full-snapshot | jq -c .timestamp", "reeld cat 7 --from=+90s --to=+2min"],
        run: { invocation throws(CommandFailure) in
            let recording = try invocation.recording()
            let daemon = try Daemon(invocation)
            let lines = recording.target("/events").adding("format", "ndjson")
            let target = try EventSelection.apply(invocation, recording, daemon, to: lines)
            try daemon.stream(target) { piece throws(CommandFailure) in try invocation.output.write(piece) }
            try invocation.output.flush()
            try EventSelection.tellGaps(invocation, recording, daemon)
            return .success
        })
}
