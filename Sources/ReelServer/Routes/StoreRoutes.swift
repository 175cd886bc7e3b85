import ReelCodec
import ReelFormat
import ReelHTTP
import ReelStore

/// `/v1/store`: figures, and compaction on demand.
enum StoreRoutes {
    static func show(_ request: Request, _ exchange: Exchange) {
        exchange.onWorker { () throws(Problem) in
            try Query(request.query).allow([])
            let store = exchange.context.store
            let figures = store.statistics
            let freeBytes = try exchange.context.freeBytes()
            var json = JSONWriter()
            json.object { json in
                json.member("id", figures.id.hexadecimal)
                json.member("public_key", Hexadecimal.text(store.signer.publicKey))
                json.member("version", exchange.context.options.version)
                json.member("recordings", figures.recordingCount)
                json.member("open", figures.openRecordingCount)
                json.member("segments", figures.segmentCount)
                json.member("log_bytes", figures.logSizeBytes)
                json.member("free_bytes", freeBytes)
                json.member("lsn", figures.lastLSN)
                json.member("queue", figures.queueDepth)
                let cause = store.health.readOnlyCause
                retention(store.retention, to: &json)
                json.member("read_only", cause != nil)
                if let cause { json.member("read_only_cause", "\(cause)") }
            }
            exchange.send(json: json.bytes)
        }
    }

    static func compact(_ request: Request, _ exchange: Exchange) {
        let wish: VacuumRequest
        do throws(Problem) {
            wish = try VacuumRequest(Query(request.query))
        } catch {
            return exchange.send(error)
        }
        exchange.context.compactions.begin(exchange, wish)
    }

    private static func retention(_ status: RetentionStatus, to json: inout JSONWriter) {
        json.member("expired_recordings", status.removed.values.reduce(0) { $0 + $1.recordingCount })
        json.member("expired_bytes", status.removed.values.reduce(0) { $0 + $1.sizeBytes })
        if let time = status.lastPassMicroseconds.flatMap(TimeText.text) { json.member("retention_checked", time) }
        if !status.waits.isEmpty {
            json.member("retention_waits", status.waits.map(\.sentence).joined(separator: " "))
        }
    }
}

extension VacuumRequest {
    /// `max_age` (seconds), `max_size` (bytes), `dry_run` and `confirm` (1).
    fileprivate init(_ query: Query) throws(Problem) {
        self.init()
        try query.allow(["max_age", "max_size", "dry_run", "confirm"])
        // A thousand years, which fits microseconds well.
        ageMaxMicroseconds = try query.number("max_age", in: 1...31_536_000_000).map { Int64($0) * 1_000_000 }
        sizeMaxBytes = try query.number("max_size", in: 1...1 << 60)
        isDryRun = try query.number("dry_run", in: 0...1) == 1
        isConfirmed = try query.number("confirm", in: 0...1) == 1
    }
}

extension ServerContext {
    fileprivate func freeBytes() throws(Problem) -> UInt64 {
        do { return try store.freeBytes() } catch { throw problem(.system(error), "of this store") }
    }
}
