import ReelCodec
import ReelSystem

/// `reeld vacuum`: removes old recordings on demand, and compacts.
enum VacuumCommand {
    private static let maxAge = Command.Option(
        "max-age", value: "AGE", help: "Remove recordings that ended longer ago than AGE, as in 30d")
    private static let maxSize = Command.Option(
        "max-size", value: "SIZE", help: "Remove the oldest recordings until the log takes at most SIZE, as in 10G")
    private static let dryRun = Command.Option("dry-run", short: "n", help: "Only tell what would be removed")
    private static let confirm = Command.Option(
        "confirm", help: "Say that the clock is right, where retention waits for that")

    static let vacuum = Command(
        name: "vacuum", topic: .store, summary: "Remove old recordings, compact the log, and tell what that saved",
        options: [
            maxAge, maxSize, dryRun, confirm, OutputForm.option, Daemon.socketOption,
        ] + LocalStore.options,
        details: [
            "Without options nothing is removed: the log is compacted, as the daemon does by itself too. --dry-run and "
                + "--confirm go by the limits of reeld.conf where neither --max-age nor --max-size is given.",
            "Pinned recordings and those still recording stay.",
        ],
        examples: ["reeld vacuum", "reeld vacuum --max-age=30d --dry-run", "reeld vacuum --max-size=10G"],
        run: { invocation throws(CommandFailure) in
            let age = try invocation.value(
                maxAge, DurationSyntax(range: .seconds(1)...(.seconds(36_500 * 86_400))))
            let size = try invocation.value(maxSize, SizeSyntax(range: 1...1 << 60))
            let target = Target("/v1/store/compact")
                .adding("max_age", age.map { max(1, $0.microseconds / 1_000_000) })
                .adding("max_size", size)
                .adding("dry_run", invocation.has(dryRun) ? 1 : nil)
                .adding("confirm", invocation.has(confirm) ? 1 : nil)
            let answer = try Daemon(invocation, timeoutSeconds: 0).askJSON(.post, target)
            switch try invocation.outputForm() {
            case .json: try invocation.output.writeLine(answer)
            case .table: try invocation.output.write(text(of: answer))
            }
            return .success
        })

    private static func text(of answer: JSONValue) -> String {
        func number(_ name: String) -> UInt64 { UInt64(max(0, answer[name]?.integer ?? 0)) }
        func size(_ name: String) -> String { HumanText.size(number(name)) }
        let isDryRun = answer["dry_run"] != nil
        var lines: [String] = []
        let count = number("recordings_removed")
        if count > 0 {
            var line = "\(HumanText.plural(count, "recording")), \(size("recordings_removed_bytes"))"
            if let oldest = answer["oldest"]?.string, let newest = answer["newest"]?.string {
                line += ", ended \(oldest) to \(newest)"
            }
            lines.append(line + (isDryRun ? ", would be removed" : ", removed"))
        } else if isDryRun {
            lines.append("nothing would be removed")
        }
        if let wait = answer["waits"]?.string { lines.append(wait) }
        let removed = number("segments_removed")
        if removed > 0 { lines.append("\(HumanText.plural(removed, "segment")) removed") }
        let compacted = number("segments")
        if compacted > 0 || removed > 0 {
            lines.append(
                "\(HumanText.plural(compacted, "segment")) compacted, \(size("bytes_before")) before, \(size("bytes_after")) after"
            )
        } else if !isDryRun {
            lines.append("nothing to compact")
        }
        return lines.map { $0.printable + "\n" }.joined()
    }
}
