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
                json.member("read_only", cause != nil)
                if let cause { json.member("read_only_cause", "\(cause)") }
            }
            exchange.send(json: json.bytes)
        }
    }

    static func compact(_ request: Request, _ exchange: Exchange) {
        do throws(Problem) {
            try Query(request.query).allow([])
        } catch {
            return exchange.send(error)
        }
        exchange.context.compactions.begin(exchange)
    }
}

extension ServerContext {
    fileprivate func freeBytes() throws(Problem) -> UInt64 {
        do { return try store.freeBytes() } catch { throw problem(.system(error), "of this store") }
    }
}
