import ReelCodec
import ReelSystem

/// `reeld stats`.
enum StoreCommands {
    private static let metrics = Command.Option("metrics", help: "Print what /metrics answers, for Prometheus")

    static let stats = Command(
        name: "stats", topic: .store, summary: "Show figures of the store",
        options: [OutputForm.option, metrics, Daemon.socketOption] + LocalStore.options,
        examples: ["reeld stats", "reeld stats -o json"],
        run: { invocation throws(CommandFailure) in
            guard !invocation.has(metrics) else {
                try invocation.output.write(try Daemon(invocation).ask(.get, Target("/metrics")))
                return .success
            }
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
