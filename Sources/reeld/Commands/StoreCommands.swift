import ReelCodec
import ReelSystem

/// `reeld stats` and `reeld vacuum`.
enum StoreCommands {
    static let stats = Command(
        name: "stats", topic: .store, summary: "Show figures of the store",
        options: [OutputForm.option, Daemon.socketOption, LocalStore.option],
        examples: ["reeld stats", "reeld stats -o json"],
        run: { invocation throws(CommandFailure) in
            let answer = try Daemon(invocation).askJSON(.get, Target("/v1/store"))
            switch try invocation.outputForm() {
            case .json: try invocation.output.writeLine(answer)
            case .table:
                for member in answer.members ?? [] {
                    let name = member.name.replacing("_", with: " ")
                    try invocation.output.write("\(name): \(text(of: member))".printable + "\n")
                }
            }
            return .success
        })

    static let vacuum = Command(
        name: "vacuum", topic: .store, summary: "Compact the log now and tell what that saved",
        options: [OutputForm.option, Daemon.socketOption, LocalStore.option],
        details: ["The daemon compacts by itself too; this does not wait for it, but for the end of the work."],
        run: { invocation throws(CommandFailure) in
            let answer = try Daemon(invocation, timeoutSeconds: 0).askJSON(.post, Target("/v1/store/compact"))
            switch try invocation.outputForm() {
            case .json: try invocation.output.writeLine(answer)
            case .table:
                func size(_ name: String) -> String { HumanText.size(UInt64(max(0, answer[name]?.integer ?? 0))) }
                let count = UInt64(max(0, answer["segments"]?.integer ?? 0))
                guard count > 0 else {
                    try invocation.output.write("nothing to compact\n")
                    return .success
                }
                try invocation.output.write(
                    "\(HumanText.plural(count, "segment")) compacted, \(size("bytes_before")) before, \(size("bytes_after")) after\n"
                )
            }
            return .success
        })

    private static func text(of member: JSONValue.Member) -> String {
        guard let number = member.value.integer, number >= 0 else {
            var writer = JSONWriter()
            writer.value(member.value)
            return member.value.string ?? String(decoding: writer.bytes, as: UTF8.self)
        }
        return member.name.hasSuffix("bytes")
            ? "\(HumanText.size(UInt64(number))) (\(number))" : HumanText.count(UInt64(number))
    }
}
