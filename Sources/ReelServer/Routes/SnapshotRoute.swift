import ReelCodec
import ReelHTTP
import ReelStore
import ReelSystem

/// `POST /v1/store/snapshot`: a consistent copy of the store, made by the daemon.
enum SnapshotRoute {
    static func make(_ request: Request, _ exchange: Exchange) {
        exchange.onWorker { () throws(Problem) in
            try Query(request.query).allow([])
            let context = exchange.context
            let order = try order(request.body, now: context.clock.wallMicroseconds)
            let requester = Requester.text(request.peer, context.options)
            let answer = LongAnswer(exchange)
            let isTaken = context.snapshots.begin(stop: answer.cancel) { leave in
                let waiting = Thread("snapshot-wait") { answer.wait() }
                let result = snapshot(order, by: requester, context)
                leave()
                answer.give(result)
                waiting.join()
            }
            if !isTaken { throw Problem(.busy, "Another snapshot is being made. Send this one again.") }
        }
    }

    private static func snapshot(
        _ order: SnapshotOrder, by requester: String, _ context: ServerContext
    ) -> Result<[UInt8], Problem> {
        do throws(SnapshotError) {
            let report = try context.store.snapshot(order) { context.isStopping }
            context.noteSnapshot(report, by: requester)
            return .success(json(of: report))
        } catch {
            return .failure(problem(error, context))
        }
    }

    private static func order(_ body: [UInt8], now: Int64) throws(Problem) -> SnapshotOrder {
        let value: JSONValue
        do { value = try JSONValue(parsing: body, sizeMaxBytes: MetadataBody.sizeMaxBytes) } catch {
            throw Problem(error)
        }
        guard let members = value.members else { throw Problem(.badSnapshot, "The body must be a JSON object.") }
        var order = SnapshotOrder(directory: "")
        for member in members where !member.value.isNull {
            guard let text = member.value.string else {
                throw Problem(.badSnapshot, "\(member.name.prefix(64)) must be a string.", .member(member.name))
            }
            switch member.name {
            case "directory": order.directory = text
            case "keys": order.keysDirectory = text
            case "expires":
                guard let time = Moment.parse(ahead: text, now: now) else {
                    throw Problem(
                        .badSnapshot,
                        "expires: '\(text.prefix(64))' is not a time; write 2026-11-21T14:30:00Z, or 30d ahead.",
                        .member("expires"))
                }
                guard time > now else {
                    throw Problem(.badSnapshot, "expires: that moment is over already.", .member("expires"))
                }
                order.expiresMicroseconds = time
            default:
                let shown = String(member.name.prefix(64))
                throw Problem(
                    .badSnapshot, "'\(shown)' means nothing here; there are directory, keys, expires.", .member(shown))
            }
        }
        guard !order.directory.isEmpty else {
            throw Problem(.badSnapshot, "directory must say where the snapshot goes.", .member("directory"))
        }
        return order
    }

    private static func json(of report: SnapshotReport) -> [UInt8] {
        var json = JSONWriter()
        json.object { json in
            json.member("directory", report.directory)
            json.member("files", report.fileCount)
            json.member("linked", report.linkedCount)
            json.member("bytes", report.sizeBytes)
            json.member("key_files", report.keyFileCount)
            if report.archivedCount > 0 { json.member("archived_segments", report.archivedCount) }
            json.member("lsn", report.lsn)
            json.member("made") { $0.time(report.madeMicroseconds) }
            json.member("expires") { json in
                if let expires = report.expiresMicroseconds { json.time(expires) } else { json.null() }
            }
        }
        return json.bytes
    }

    private static func problem(_ error: SnapshotError, _ context: ServerContext) -> Problem {
        switch error {
        case .badPath(let path):
            Problem(.badSnapshot, "'\(path)' is not an absolute path without . and .. in it.")
        case .withinStore(let path):
            Problem(
                .badSnapshot,
                "\(path) is among the store's own files; within the store snapshots are below its directory snapshots/."
            )
        case .withinSnapshot(let path, let snapshot):
            Problem(.badSnapshot, "\(path) is within another snapshot, \(snapshot); name a place outside of it.")
        case .keysBesideSnapshot(let path):
            Problem(.badSnapshot, "\(path): keys are to live elsewhere than the snapshot they open.")
        case .noKeys: Problem(.badSnapshot, "The store is not encrypted: it has no keys to copy.")
        case .notEmpty(let path):
            Problem(
                .snapshotExists, "\(path): this directory holds something already; name one that does not exist yet.")
        case .store(let error): context.problem(error, "in a snapshot")
        case .system(let error) where error.isDenied:
            Problem(
                .snapshotFailed,
                "\(error); the daemon writes it, so the place must be one that the daemon's user may write to and, under "
                    + "systemd, one of its ReadWritePaths; the store's own directory snapshots/ always is")
        case .system where context.isStopping: .stopping
        case .system(let error): Problem(.snapshotFailed, "\(error)")
        }
    }
}
