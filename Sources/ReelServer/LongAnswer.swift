import ReelHTTP
import ReelSystem

/// The answer to a request whose work may take hours.
///
/// What is known soon is a plain answer. After half of the time a reply may take, the answer begins without a length and
/// goes on with empty pieces, which put no byte on the wire and keep the connection alive, until the work is done. A
/// failure after that breaks the connection off; the journal has its cause.
final class LongAnswer: BodyStream {
    private struct State {
        var result: Result<[UInt8], Problem>?
        var sink: BodySink?
        var isCancelled = false
    }

    private enum Step {
        case finish(BodySink, Result<[UInt8], Problem>)
        case leave
    }

    private let exchange: Exchange
    private let state = Monitor(State())

    init(_ exchange: Exchange) { self.exchange = exchange }

    /// Gives the answer: JSON, or why there is none. From any thread, once.
    func give(_ result: Result<[UInt8], Problem>) { state.broadcast { $0.result = result } }

    /// Waits for the answer and sends it.
    func wait() {
        let patience = exchange.context.options.http.replySecondsMax * 500
        let early = state.wait(timeoutMilliseconds: patience) { state -> Result<[UInt8], Problem>? in
            state.isCancelled ? .failure(.stopping) : state.result
        }
        switch early {
        case .success(let json)?: return exchange.send(json: json)
        case .failure(let problem)?: return exchange.send(problem)
        case nil: break
        }
        let headers: Headers = ["Content-Type": "application/json", "Cache-Control": "no-store"]
        exchange.send(Response(status: 200, headers: headers, body: .stream(self, lengthBytes: nil)))
        while true {
            switch state.wait(timeoutMilliseconds: patience, until: next) {
            case .finish(let sink, .success(let json)): return sink.send(json + [0x0A], isLast: true)
            case .finish(let sink, .failure): return sink.abort()
            case .leave: return
            case nil: takeSink()?.send([], isLast: false)
            }
        }
    }

    private func next(_ state: inout State) -> Step? {
        if state.isCancelled { return .leave }
        guard let sink = state.sink, let result = state.result else { return nil }
        state.sink = nil
        return .finish(sink, result)
    }

    private func takeSink() -> BodySink? {
        state.withLock { state in
            defer { state.sink = nil }
            return state.sink
        }
    }

    func demand(_ sink: BodySink) { state.broadcast { $0.sink = sink } }

    /// Nobody waits for the answer any more; the work goes on.
    func cancel() { state.broadcast { $0.isCancelled = true } }
}
