import ReelCodec
import ReelHTTP
import ReelStore
import ReelSystem

/// The answer to `POST /v1/store/compact`, which may be hours in coming.
///
/// What is known soon is a plain answer. After half of the time a reply may take, the answer begins without a length and
/// goes on with empty pieces, which put no byte on the wire and keep the connection alive, until the work is done. A
/// failure after that breaks the connection off; the journal has its cause.
final class CompactionAnswer: BodyStream {
    private struct State {
        var result: Result<CompactionReport, StoreError>?
        var sink: BodySink?
        var isCancelled = false
    }

    private enum Step {
        case finish(BodySink, Result<CompactionReport, StoreError>)
        case leave
    }

    private let exchange: Exchange
    private let request: VacuumRequest
    private let state = Monitor(State())

    init(_ exchange: Exchange, _ request: VacuumRequest) {
        self.exchange = exchange
        self.request = request
    }

    /// Removes, compacts, waits for it and answers.
    func run() {
        exchange.context.store.vacuum(request) { [state] result in state.broadcast { $0.result = result } }
        let patience = exchange.context.options.http.replySecondsMax * 500
        let early = state.wait(timeoutMilliseconds: patience) { state -> Result<CompactionReport, StoreError>? in
            state.isCancelled ? .failure(.closing) : state.result
        }
        if let early { return exchange.finish(early, "of this store") { exchange.send(json: json(of: $0)) } }
        let headers: Headers = ["Content-Type": "application/json", "Cache-Control": "no-store"]
        exchange.send(Response(status: 200, headers: headers, body: .stream(self, lengthBytes: nil)))
        while true {
            switch state.wait(timeoutMilliseconds: patience, until: next) {
            case .finish(let sink, .success(let report)): return sink.send(json(of: report) + [0x0A], isLast: true)
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

    /// Nobody waits for the answer any more.
    func cancel() { state.broadcast { $0.isCancelled = true } }

    private func json(of report: CompactionReport) -> [UInt8] {
        var json = JSONWriter()
        json.object { json in
            json.member("segments", report.segmentCount)
            json.member("bytes_before", report.bytesBefore)
            json.member("bytes_after", report.bytesAfter)
            json.member("segments_removed", report.unlinkedCount)
            json.member("recordings_removed", report.expired.recordingCount)
            json.member("recordings_removed_bytes", report.expired.sizeBytes)
            if let oldest = report.expired.oldestMicroseconds.flatMap(TimeText.text) { json.member("oldest", oldest) }
            if let newest = report.expired.newestMicroseconds.flatMap(TimeText.text) { json.member("newest", newest) }
            if request.isDryRun { json.member("dry_run", true) }
            if let wait = report.wait { json.member("waits", wait.sentence) }
        }
        return json.bytes
    }
}

/// Takes one compaction at a time, each with a thread that waits for it.
final class CompactionDesk: Sendable {
    private struct State {
        var current: CompactionAnswer?
        /// Of the current answer, or of the one before: its end is not waited for until the next begins.
        var thread: Thread?
    }

    private let state = Monitor(State())

    func begin(_ exchange: Exchange, _ request: VacuumRequest) {
        let answer = CompactionAnswer(exchange, request)
        let isTaken = state.withLock { state in
            guard state.current == nil else { return false }
            state.current = answer
            state.thread?.join()
            state.thread = Thread("compact-wait") { [self] in
                answer.run()
                self.state.withLock { $0.current = nil }
            }
            return true
        }
        if !isTaken {
            exchange.send(Problem(.busy, "A compaction that was asked for is at work. Wait for its end."))
        }
    }

    /// Ends the waiting, not the compaction; to be called once, when no request can come any more.
    func close() {
        let thread = state.withLock { state in
            state.current?.cancel()
            return state.thread
        }
        thread?.join()
    }
}
