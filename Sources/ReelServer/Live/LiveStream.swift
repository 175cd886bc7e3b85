import ReelHTTP
import ReelStore
import ReelSystem

/// One viewer of one recording: server-sent events made from the log whenever the connection has room and there is
/// something new. A slow viewer holds one piece, as every stream does, and finds the rest in the log when it comes for it.
final class LiveStream: BodyStream {
    private struct State {
        /// The demand that waits for something new.
        var sink: BodySink?
        /// Counts what changed; a piece made while it rose may lack what changed.
        var changes: UInt64 = 0
        var isBeatDue = false
        var isMaking = false
        var isCancelled = false
        /// Of the piece that is on its way.
        var share: MemoryShare?
    }

    let number: UInt64
    private let context: ServerContext
    /// One thread at a time makes pieces.
    private let source: Monitor<LiveSource>
    private let state = Monitor(State())

    init(_ source: LiveSource, _ context: ServerContext) {
        number = source.number
        self.context = context
        self.source = Monitor(source)
    }

    deinit { context.live.leave(ObjectIdentifier(self), number) }

    func demand(_ sink: BodySink) {
        let spent = state.withLock { state in
            state.sink = sink
            defer { state.share = nil }
            return state.share
        }
        _ = consume spent
        make()
    }

    /// The recording changed. From any thread; does not block.
    func wake() {
        state.withLock { $0.changes += 1 }
        make()
    }

    /// Nothing was sent for long.
    func beat() {
        state.withLock { $0.isBeatDue = true }
        make()
    }

    func cancel() {
        let spent = state.withLock { state in
            defer {
                state.isCancelled = true
                state.sink = nil
                state.share = nil
            }
            return state.share
        }
        _ = consume spent
    }

    /// Has a worker look for something new, unless one does, or nobody waits.
    private func make() {
        let isWanted = state.withLock { state in
            guard state.sink != nil, !state.isMaking, !state.isCancelled else { return false }
            state.isMaking = true
            return true
        }
        guard isWanted else { return }
        let budget = context.options.http.memory
        budget.share(PieceStream.shareSizeMinBytes, for: .piece) { share in
            self.state.withLock { state in
                if !state.isCancelled { state.share = share }
            }
            if !self.context.workers.submit({ self.work() }) { self.give(.failed) }
        }
    }

    private enum Rest {
        case again
        /// With the share to give back, and the sink for a heartbeat where one is due.
        case until(MemoryShare?, BodySink?)
    }

    private func work() {
        while true {
            let changes = state.withLock { $0.changes }
            let step = source.withLock { $0.next(isStopping: context.isStopping) }
            guard case .nothing = step else { return give(step) }
            let rest: Rest = state.withLock { state in
                // What changed between the look and now found nobody waiting.
                if state.changes != changes { return .again }
                defer {
                    state.isMaking = false
                    state.share = nil
                    if state.isBeatDue { state.sink = nil }
                    state.isBeatDue = false
                }
                return .until(state.share, state.isBeatDue ? state.sink : nil)
            }
            guard case .until(let spent, let sink) = rest else { continue }
            _ = consume spent
            sink?.send(Array(":\n\n".utf8), isLast: false)
            return
        }
    }

    private func give(_ step: LiveSource.Step) {
        let sink = state.withLock { state in
            defer {
                state.sink = nil
                state.isMaking = false
                state.isBeatDue = false
            }
            return state.sink
        }
        switch step {
        case .piece(let bytes): sink?.send(bytes, isLast: false)
        case .last(let bytes):
            sink?.send(bytes, isLast: true)
        case .nothing, .failed:
            sink?.abort()
        }
    }
}
