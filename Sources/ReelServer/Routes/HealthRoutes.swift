import ReelCodec
import ReelStore

/// `/healthz`: the process answers. `/readyz`: it takes writes.
enum HealthRoutes {
    static func live(_ exchange: Exchange) { exchange.send(json: Array("{\"status\":\"ok\"}".utf8)) }

    static func ready(_ exchange: Exchange) {
        if exchange.context.isStopping { return exchange.send(Problem.stopping) }
        if let cause = exchange.context.store.health.readOnlyCause {
            return exchange.send(Problem.readOnly(cause))
        }
        if exchange.context.isDiskFull {
            return exchange.send(Problem(StoreError.diskFull, recording: "") { _ in "" })
        }
        var json = JSONWriter()
        json.object { json in
            json.member("status", "ready")
            // Ready all the same: nothing is lost by waiting.
            let waits = exchange.context.store.retention.waits
            if !waits.isEmpty { json.member("retention_waits", waits.map(\.name).joined(separator: " ")) }
        }
        exchange.send(json: json.bytes)
    }
}
