import ReelCodec
import ReelFormat
import ReelHTTP
import ReelStore

/// `/v1/recordings` and `/v1/recordings/{r}`: start, list, show, change, end.
enum RecordingRoutes {
    static func start(_ grant: Access.Grant, _ request: Request, _ exchange: Exchange) {
        exchange.onWorker { () throws(Problem) in
            try Query(request.query).allow([])
            let start = try MetadataBody.start(request.body)
            guard !start.metadata.isPinned || grant == .everything else { throw .pinnedStart }
            let name = start.id.map { "\($0)" } ?? "that was to begin"
            try exchange.context.attempt(name) { (store) throws(StoreError) in
                try store.start(start) { result in
                    exchange.finish(result, name) { receipt in
                        let reference = receipt.recording
                        var json = JSONWriter()
                        json.object { json in
                            json.member("number", reference.number)
                            json.member("id", reference.id.description)
                            json.member("token", store.writeToken(for: reference.id))
                        }
                        exchange.send(
                            json: json.bytes, status: receipt.isDuplicate ? 200 : 201,
                            headers: ["Location": "/v1/recordings/\(reference.number)"])
                    }
                }
            }
        }
    }

    static func list(_ request: Request, _ exchange: Exchange) {
        exchange.onWorker { () throws(Problem) in
            let context = exchange.context
            let list = try ListQuery(try Query(request.query), now: context.clock.wallMicroseconds)
            let page = context.store.list(list.query, below: list.below, limit: list.limit)
            for damage in page.damage { _ = context.problem(.damaged(damage), "in a list") }
            for failure in page.failures { _ = context.problem(.system(failure), "in a list") }
            var json = JSONWriter(capacityBytes: 64 + page.recordings.count * 1_024)
            json.object { json in
                json.member("recordings") { json in
                    json.array { json in
                        for recording in page.recordings { json.recording(recording) }
                    }
                }
                json.member("next") { json in
                    if let next = page.next { json.string("\(next)") } else { json.null() }
                }
                json.member("complete", page.isComplete)
                // A list that left something out in silence would be taken for the whole.
                if !page.damage.isEmpty || !page.failures.isEmpty {
                    json.member("damaged") { json in
                        json.array { json in
                            for damage in page.damage { json.string("\(damage)") }
                            for failure in page.failures { json.string("\(failure)") }
                        }
                    }
                }
            }
            exchange.send(json: json.bytes)
        }
    }

    static func show(_ name: RecordingName, _ request: Request, _ exchange: Exchange) {
        exchange.onWorker { () throws(Problem) in
            try Query(request.query).allow([])
            try answer(name, try exchange.context.number(of: name), exchange)
        }
    }

    static func change(_ name: RecordingName, _ request: Request, _ exchange: Exchange) {
        exchange.onWorker { () throws(Problem) in
            try Query(request.query).allow([])
            let number = try exchange.context.number(of: name)
            let change = try MetadataBody.change(request.body)
            try exchange.context.attempt("\(name)") { (store) throws(StoreError) in
                try store.change(number, change) { result in
                    exchange.finish(result, "\(name)") { _ in showChanged(name, number, exchange) }
                }
            }
        }
    }

    static func end(_ name: RecordingName, _ grant: Access.Grant, _ request: Request, _ exchange: Exchange) {
        exchange.onWorker { () throws(Problem) in
            try Query(request.query).allow(["token"])
            let number = try exchange.context.number(of: name)
            try exchange.context.verify(grant, for: name, number: number)
            try exchange.context.attempt("\(name)") { (store) throws(StoreError) in
                try store.end(number) { result in
                    exchange.finish(result, "\(name)") { _ in
                        showChanged(name, number, isBrief: !grant.mayView, exchange)
                    }
                }
            }
        }
    }

    /// Answers with the recording after a change. The change is told of on the writer's thread, which must not read.
    ///
    /// - Parameter isBrief: for who may write and not read.
    private static func showChanged(
        _ name: RecordingName, _ number: UInt64, isBrief: Bool = false, _ exchange: Exchange
    ) {
        exchange.onWorker { () throws(Problem) in try answer(name, number, isBrief: isBrief, exchange) }
    }

    private static func answer(
        _ name: RecordingName, _ number: UInt64, isBrief: Bool = false, _ exchange: Exchange
    ) throws(Problem) {
        let listed: ListedRecording
        do {
            listed = try exchange.context.store.recording(number)
        } catch {
            throw exchange.context.problem(error, name)
        }
        var json = JSONWriter(capacityBytes: 2_048)
        if isBrief { json.recordingInBrief(listed) } else { json.recording(listed) }
        exchange.send(json: json.bytes)
    }
}
