import ReelCodec

/// `reeld pin`, `reeld unpin` and `reeld set`.
enum ChangeCommands {
    private static let texts = [
        Command.Option("user", value: "USER", help: "Whose session it is; empty for nobody's"),
        Command.Option("ticket", value: "TICKET", help: "The ticket it belongs to; empty for none"),
        Command.Option("notes", value: "TEXT", help: "Notes, in the place of those there are; empty for none"),
    ]
    private static let tags = Command.Option(
        "tags", value: "TAG,TAG", help: "Tags, in the place of those there are; empty for none")

    private static let operands = [Command.Operand(name: "RECORDING", occurrence: .atLeastOnce)]
    private static let place = [Daemon.socketOption] + LocalStore.options

    static let pin = Command(
        name: "pin", topic: .recordings, summary: "Keep recordings whatever retention says",
        operands: operands, options: place,
        details: [
            "Retention never removes a pinned recording, and 'reeld erase' only with --override-hold. 'reeld ls --pinned' lists "
                + "them. Why one is pinned can go into its notes: 'reeld set --notes=TEXT'."
        ],
        examples: ["reeld pin 7 8"],
        run: { invocation throws(CommandFailure) in
            try change(invocation, [.init("pinned", .bool(true))]) { "\($0) is pinned" }
        })

    static let unpin = Command(
        name: "unpin", topic: .recordings, summary: "Let retention remove recordings again",
        operands: operands, options: place,
        details: ["A recording that is older than retention keeps any goes with the next pass, within the hour."],
        examples: ["reeld unpin 7"],
        run: { invocation throws(CommandFailure) in
            try change(invocation, [.init("pinned", .bool(false))]) { "\($0) is pinned no more" }
        })

    static let set = Command(
        name: "set", topic: .recordings, summary: "Change what is said of recordings: user, ticket, tags, notes",
        operands: operands, options: texts + [tags] + place,
        details: ["What is not named stays as it is. Several recordings get the same."],
        examples: ["reeld set 7 --ticket=SHOP-1412 --tags=checkout,refund", "reeld set 7 --notes='seen by the team'"],
        run: { invocation throws(CommandFailure) in
            var members = texts.compactMap { option in
                invocation.text(option).map { JSONValue.Member(option.long, .string($0)) }
            }
            if let text = invocation.text(tags) {
                members.append(.init("tags", .array(text.split(separator: ",").map { .string(String($0)) })))
            }
            guard !members.isEmpty else { throw .usage("what? say --user, --ticket, --tags or --notes") }
            return try change(invocation, members) { "\($0) is changed" }
        })

    /// - Parameter tell: what is printed of each recording, by its number.
    private static func change(
        _ invocation: Invocation, _ members: [JSONValue.Member], tell: (UInt64) -> String
    ) throws(CommandFailure) -> ExitCode {
        var body = JSONWriter()
        body.value(.object(members))
        let names = try invocation.recordings()
        let daemon = try Daemon(invocation)
        try RecordingName.forEach(names) { recording throws(CommandFailure) in
            let answer = try daemon.askJSON(.patch, recording.target(), body: body.bytes)
            try invocation.output.write("\(tell(RecordingView(json: answer).number))\n")
        }
        return .success
    }
}
