import ReelCodec
import ReelHTTP
import ReelStore

/// `DELETE /v1/recordings/{r}` and `POST /v1/erase`.
enum ErasureRoutes {
    static func eraseOne(_ name: RecordingName, _ request: Request, _ exchange: Exchange) {
        exchange.onWorker { () throws(Problem) in
            let context = exchange.context
            let order = try ErasureOrder(name, try Query(request.query))
            let number = try context.number(of: name)
            // Before the writer's thread, which must not wait for a name service.
            let requester = Requester.text(request.peer, exchange.context.options)
            let isRepeat = context.store.isErased(number)
            try context.attempt("\(name)") { (store) throws(StoreError) in
                try store.erase(number, overridingHold: !order.override.isEmpty) { result in
                    if case .failure(let error) = result {
                        return exchange.send(context.erasureProblem(error, "\(name)"))
                    }
                    exchange.finish(result, "\(name)") { tombstone in
                        if !isRepeat { context.noteErased([number], by: requester, order) }
                        do throws(Problem) {
                            let certificate = try ErasureAnswer.certificate(
                                ErasureAnswer(tombstones: [tombstone]), order, by: requester, context)
                            var json = JSONWriter()
                            json.object { json in
                                json.member("number", tombstone.recording)
                                json.member("id", tombstone.id.description)
                                json.member("erased") { $0.time(tombstone.erasedMicroseconds) }
                                if let certificate { json.member("certificate", certificate) }
                            }
                            exchange.send(json: json.bytes)
                        } catch {
                            exchange.send(error)
                        }
                    }
                }
            }
        }
    }

    static func eraseSelected(_ request: Request, _ exchange: Exchange) {
        exchange.onWorker { () throws(Problem) in
            try Query(request.query).allow([])
            let order = try ErasureOrder(request.body, now: exchange.context.clock.wallMicroseconds)
            let requester = Requester.text(request.peer, exchange.context.options)
            let isTaken = exchange.context.erasures.begin { leave in
                do throws(Problem) {
                    var run = ErasureRun(exchange.context, order, by: requester)
                    let json = try run.run()
                    leave()
                    exchange.send(json: json)
                } catch {
                    leave()
                    exchange.send(error)
                }
            }
            if !isTaken { throw Problem(.busy, "Another erasing of many is at work. Send this one again.") }
        }
    }
}
