import ReelHTTP
import ReelStore

/// `GET /v1/recordings/{r}/live` and `GET /v1/live`: what happens, as it becomes durable.
enum LiveRoutes {
    static func watch(_ name: RecordingName, _ request: Request, _ exchange: Exchange) {
        exchange.onWorker { () throws(Problem) in
            let context = exchange.context
            let opening = try LiveOpening(request.head)
            let first = try firstOrdinal(request)
            let snapshot = try context.snapshot(of: name)
            guard exchange.method == .get else { return answerHead(exchange) }
            // It joins before its first look into the log, so that no change falls between the two.
            let stream = context.live.watch(snapshot.row.number) { topic, leave in
                let source = RecordingSource(snapshot, first: first, topic, context, name: "\(name)")
                return LiveStream(source, opening.encoding, context, leave: leave)
            }
            exchange.send(opening.response(stream))
        }
    }

    static func watchList(_ request: Request, _ exchange: Exchange) {
        exchange.onWorker { () throws(Problem) in
            let context = exchange.context
            let opening = try LiveOpening(request.head)
            let parameters = try Query(request.query)
            try parameters.allow(ListQuery.filterNames)
            let query = try ListQuery(parameters, now: context.clock.wallMicroseconds).query
            guard exchange.method == .get else { return answerHead(exchange) }
            let stream = context.live.watchList { leave in
                LiveStream(ListSource(query, context), opening.encoding, context, leave: leave)
            }
            exchange.send(opening.response(stream))
        }
    }

    private static func answerHead(_ exchange: Exchange) {
        exchange.send(Response(status: 200, headers: LiveOpening.eventStreamHeaders))
    }

    private static func firstOrdinal(_ request: Request) throws(Problem) -> UInt64? {
        let query = try Query(request.query)
        try query.allow(["first"])
        let first = try query.number("first", in: 0...UInt64.max)
        // What an EventSource sends by itself when it connects again is newer than the address it began with.
        guard let text = request.headers["Last-Event-ID"] else { return first }
        guard let last = UInt64(digits: text), last < .max else {
            throw Problem(
                .badQuery, "Last-Event-ID '\(text)' is not the ordinal of an event: 0, 1 ….",
                .parameter("Last-Event-ID"))
        }
        return last + 1
    }
}
