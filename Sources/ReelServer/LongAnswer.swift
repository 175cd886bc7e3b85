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

    private let exchange: Exchange
    private let state = Monitor(State())

    init(_ exchange: Exchange) { self.exchange = exchange }

    /// Works on the calling thread, and answers; another thread keeps the connection alive meanwhile.
    ///
    /// - Parameter work: gives the answer's JSON.
    func run(_ work: () throws(Problem) -> [UInt8]) {
        let waiting = Thread("long-answer") { [self] in wait() }
        let result: Result<[UInt8], Problem>
        do throws(Problem) { result = .success(try work()) } catch { result = .failure(error) }
        state.broadcast { $0.result = result }
        waiting.join()
    }

    private func wait() {
        let patience = exchange.context.options.http.replySecondsMax * 500
        if let early = state.wait(timeoutMilliseconds: patience, until: { $0.result }) {
            switch early {
            case .success(let json): return exchange.send(json: json)
            case .failure(let problem): return exchange.send(problem)
            }
        }
        let headers: Headers = ["Content-Type": "application/json", "Cache-Control": "no-store"]
        exchange.send(Response(status: 200, headers: headers, body: .stream(self, lengthBytes: nil)))
        while true {
            let step = state.wait(timeoutMilliseconds: patience) { state -> (BodySink?, Result<[UInt8], Problem>)? in
                guard let result = state.result else { return nil }
                if state.isCancelled { return (nil, result) }
                return state.sink.map { ($0, result) }
            }
            switch step {
            case (let sink?, .success(let json))?: return sink.send(json + [0x0A], isLast: true)
            case (let sink?, .failure)?: return sink.abort()
            // Nobody waits for the answer any more; the work is done.
            case (nil, _)?: return
            case nil: takeSink()?.send([], isLast: false)
            }
        }
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
