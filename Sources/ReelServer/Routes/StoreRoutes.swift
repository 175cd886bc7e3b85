import ReelCodec
import ReelFormat
import ReelHTTP
import ReelStore

/// `/v1/store`: figures.
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
                json.member("encryption", figures.keyFingerprint != nil)
                if let key = figures.keyFingerprint { json.member("key", "\(key)") }
                json.member("recordings", figures.recordingCount)
                json.member("erased_recordings", figures.erasedRecordingCount)
                json.member("expired_recordings", figures.expiredRecordingCount)
                json.member("open", figures.openRecordingCount)
                json.member("segments", figures.segmentCount)
                json.member("log_bytes", figures.logSizeBytes)
                json.member("free_bytes", freeBytes)
                json.member("reserve_bytes", store.reserveBytes)
                growth(store.growth, to: &json)
                json.member("lsn", figures.lastLSN)
                json.member("queue", figures.queueDepth)
                let cause = store.health.readOnlyCause
                retention(store.retention, to: &json)
                archive(store.archive, to: &json)
                verification(store.lastVerification, to: &json)
                json.member("read_only", cause != nil)
                if let cause { json.member("read_only_cause", "\(cause)") }
            }
            exchange.send(json: json.bytes)
        }
    }

    private static func growth(_ rate: GrowthRate?, to json: inout JSONWriter) {
        // A log of hours tells nothing of days.
        guard let rate else { return }
        json.member("growth_per_day_bytes", rate.bytesPerDay)
        json.member("growth_seen_seconds", rate.windowMicroseconds / 1_000_000)
    }

    private static func verification(_ record: VerificationRecord?, to json: inout JSONWriter) {
        guard let record, let time = TimeText.text(record.finishedMicroseconds) else { return }
        json.member("verified", time)
        json.member("verified_faults", record.faultCount)
        json.member("verified_unopened_frames", record.unopenedFrameCount)
        json.member("verified_unread_frames", record.unreadFrameCount)
    }

    private static func archive(_ status: ArchiveStatus, to json: inout JSONWriter) {
        // What is in an archive is told though none is configured.
        guard status.directory != nil || status.segmentCount > 0 else { return }
        json.member("archive", status.directory ?? "none: set [archive] dir")
        json.member("archived_segments", status.segmentCount)
        json.member("archived_bytes", status.sizeBytes)
        if let isOnline = status.isOnline { json.member("archive_online", isOnline) }
        if let trouble = status.trouble { json.member("archive_trouble", trouble) }
        if status.discardedCount > 0 { json.member("archive_removals_waiting", status.discardedCount) }
    }

    private static func retention(_ status: RetentionStatus, to json: inout JSONWriter) {
        json.member("expired_bytes", status.removed.values.reduce(0) { $0 + $1.sizeBytes })
        if let time = status.lastPassMicroseconds.flatMap(TimeText.text) { json.member("retention_checked", time) }
        if !status.waits.isEmpty {
            json.member("retention_waits", status.waits.map(\.sentence).joined(separator: " "))
        }
    }
}

extension ServerContext {
    fileprivate func freeBytes() throws(Problem) -> UInt64 {
        do { return try store.freeBytes() } catch { throw problem(.system(error), "of this store") }
    }
}
