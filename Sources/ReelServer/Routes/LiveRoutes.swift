import ReelHTTP
import ReelStore

/// `GET /v1/recordings/{r}/live`: events as they become durable.
enum LiveRoutes {
    static func watch(_ name: RecordingName, _ request: Request, _ exchange: Exchange) {
        exchange.onWorker { () throws(Problem) in
            let query = try Query(request.query)
            try query.allow(["first"])
            var first = try query.number("first", in: 0...UInt64.max)
            // What an EventSource sends by itself when it connects again is newer than the address it began with.
            if let text = request.headers["Last-Event-ID"] {
                guard let last = UInt64(digits: text), last < .max else {
                    throw Problem(
                        .badQuery, "Last-Event-ID '\(text)' is not the ordinal of an event: 0, 1 ….",
                        .parameter("Last-Event-ID"))
                }
                first = last + 1
            }
            let snapshot = try exchange.context.snapshot(of: name)
            let headers: Headers = [
                "Content-Type": "text/event-stream", "Cache-Control": "no-store", "X-Content-Type-Options": "nosniff",
                // Proxies that gather answers would hold events back.
                "X-Accel-Buffering": "no",
            ]
            guard exchange.method == .get else { return exchange.send(Response(status: 200, headers: headers)) }
            let source = LiveSource(snapshot, first: first, exchange.context, name: "\(name)")
            let stream = LiveStream(source, exchange.context)
            // Before the first look into the log, so that no change falls between the two.
            exchange.context.live.join(stream)
            exchange.send(Response(status: 200, headers: headers, body: .stream(stream, lengthBytes: nil)))
        }
    }
}
