import Glibc
import ReelCodec
import ReelStore
import ReelSystem

/// `reeld snapshot`.
enum SnapshotCommand {
    private static let keys = Command.Option(
        "with-keys", value: "DIR", help: "Copy the wrapped keys of an encrypted store into DIR, which belongs elsewhere"
    )
    private static let expires = Command.Option(
        "expires", value: "AGE", help: "How long the snapshot is to be kept, as 30d (the default), or never")
    private static let prune = Command.Option(
        "prune", help: "Remove the snapshots in DIR that have expired, and make none")

    static let snapshot = Command(
        name: "snapshot", topic: .store, summary: "Make a consistent copy of the store while it runs",
        operands: [.init(name: "DIR")],
        options: [keys, expires, prune, OutputForm.option, Daemon.socketOption] + LocalStore.options,
        details: [
            "The daemon makes it, so DIR, which must not exist yet, must lie where the daemon may write; DIR appears once it is "
                + "whole and on disk. On the store's own file system sealed segments are hard links and take no room; what was "
                + "recorded or changed after the moment of the snapshot is not in it.",
            "'reeld verify --store=DIR' proves a snapshot. Restoring is copying it back: man reeld, BACKUP.",
            "What is erased later is still in the snapshot, so it carries a date after which it is to be gone. With --prune "
                + "this user removes DIR, if it is a snapshot that has expired, and such snapshots directly below it, each "
                + "with its keys, where they still are where --with-keys put them. Keys that were moved expire with their "
                + "snapshot, too, and go where --prune is given the directory they are in, or the one above it.",
            "Without its keys the snapshot of an encrypted store is noise. --with-keys puts them, wrapped by the store key, into "
                + "a directory of their own, not below DIR nor above it. The store key itself is in neither.",
        ],
        examples: [
            "reeld snapshot /var/lib/reeld/snapshots/2026-11-21",
            "reeld snapshot --expires=7d /srv/backup/reeld/monday",
            "reeld snapshot --prune /srv/backup/reeld",
            "reeld snapshot --prune /srv/keys",
        ],
        run: { invocation throws(CommandFailure) in
            let directory = try AbsolutePath.of(invocation.operands[0])
            if invocation.has(prune) {
                guard !invocation.has(keys), !invocation.has(expires) else {
                    throw .usage("--prune makes no snapshot; leave out --with-keys and --expires")
                }
                return try SnapshotPrune(directory).run(invocation.output)
            }
            var members: [JSONValue.Member] = [.init("directory", .string(directory))]
            if let path = invocation.text(keys) {
                members.append(.init("keys", .string(try AbsolutePath.of(path))))
            }
            if invocation.text(expires) != "never" {
                let range = Duration.seconds(60)...(.seconds(36_500 * 86_400))
                let age = try invocation.value(expires, DurationSyntax(range: range)) ?? .seconds(30 * 86_400)
                let time = SystemClock().wallMicroseconds + age.microseconds
                members.append(.init("expires", .string(CalendarTime.utcText(time))))
            }
            var body = JSONWriter()
            body.value(.object(members))
            let daemon = try Daemon(invocation, timeoutSeconds: 0)
            let answer = try daemon.askJSON(.post, Target("/v1/store/snapshot"), body: body.bytes)
            if !invocation.has(keys), try daemon.askJSON(.get, Target("/v1/store"))["encryption"]?.bool == true {
                StandardErrorSink.write(
                    "this snapshot of an encrypted store has no keys: with nothing but it nobody can read the recordings; "
                        + "--with-keys=DIR copies them, too\n")
            }
            switch try invocation.outputForm() {
            case .json: try invocation.output.writeLine(answer)
            case .table: try invocation.output.write(text(answer).printable + "\n")
            }
            return .success
        })

    private static func text(_ answer: JSONValue) -> String {
        func count(_ name: String) -> UInt64 { UInt64(max(0, answer[name]?.integer ?? 0)) }
        let until = answer["expires"]?.string.map { "; to be kept until \($0.prefix(10))" } ?? "; it never expires"
        let keys = count("key_files") > 0 ? ", and \(HumanText.plural(count("key_files"), "file")) of keys" : ""
        let archived = count("archived_segments")
        let without =
            archived > 0
            ? "; the events of \(HumanText.plural(archived, "segment")) are in the archive, and not in it" : ""
        return "\(answer["directory"]?.string ?? ""): \(HumanText.plural(count("files"), "file")), "
            + "\(HumanText.size(count("bytes"))), \(count("linked")) of them linked\(keys)\(until)\(without)"
    }
}

/// Removes expired snapshots.
private struct SnapshotPrune {
    private let directory: String

    init(_ directory: String) { self.directory = directory }

    func run(_ output: Output) throws(CommandFailure) -> ExitCode {
        let names: [String]
        do throws(SystemError) { names = try SmallFile.names(in: directory) } catch {
            throw CommandFailure(.failure, "\(directory): \(error.reason)")
        }
        let now = SystemClock().wallMicroseconds
        var exitCode = ExitCode.success
        var removedCount: UInt64 = 0
        for path in [directory] + names.map({ "\(directory)/\($0)" }) where SmallFile.isDirectory(path) {
            guard let outcome = try remove(path, now: now) else { continue }
            if let stranger = outcome.strangers.first {
                exitCode = .failure
                StandardErrorSink.write(
                    "\(path): expired, and not removed: \(stranger) is not the snapshot's".printable + "\n")
                continue
            }
            removedCount += 1
            try output.write(
                "\(path): removed, \(HumanText.size(outcome.sizeBytes)); it expired \(CalendarTime.utcText(outcome.expiresMicroseconds))"
                    .printable + "\n")
            if let keys = outcome.removedKeys { try output.write("\(keys): removed, its keys".printable + "\n") }
            if let keys = outcome.movedKeys {
                StandardErrorSink.write(
                    ("\(path): its keys were put into \(keys) and are not there any more: where they are now they are to go, "
                        + "too; --prune removes them there").printable + "\n")
            }
        }
        if removedCount == 0 { try output.write("no snapshot has expired\n") }
        return exitCode
    }

    private func remove(_ path: String, now: Int64) throws(CommandFailure) -> SnapshotRemoval.Outcome? {
        do throws(SystemError) {
            return try SnapshotRemoval().removeIfExpired(path, now: now)
        } catch {
            throw CommandFailure(error.isDenied ? .denied : .failure, "\(error)")
        }
    }
}
