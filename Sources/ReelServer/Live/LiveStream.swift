import ReelHTTP
import ReelStore
import ReelSystem

/// One viewer: pieces made from the store whenever the connection has room and there is something new. A slow viewer
/// holds one piece, as every stream does, and finds the rest in the log when it comes for it.
final class LiveStream: BodyStream {
    private struct State {
        /// The demand that waits for something new.
        var sink: BodySink?
        /// Counts what changed; a look that was begun before may lack it.
        var changes: UInt64 = 0
        /// One thread at a time looks.
        var isLooking = false
        var isCancelled = false
        /// On its way.
        var piece: LivePiece?
    }

    private let context: ServerContext
    private let encoding: LiveEncoding
    private let source: Monitor<any LiveSource>
    private let state = Monitor(State())
    /// Called once, when the connection is gone.
    private let leave: @Sendable (ObjectIdentifier) -> Void

    init(
        _ source: any LiveSource, _ encoding: LiveEncoding, _ context: ServerContext,
        leave: @escaping @Sendable (ObjectIdentifier) -> Void
    ) {
        self.context = context
        self.encoding = encoding
        self.source = Monitor(source)
        self.leave = leave
    }

    deinit { leave(ObjectIdentifier(self)) }

    func demand(_ sink: BodySink) {
        let delivered = state.withLock { state in
            state.sink = sink
            defer { state.piece = nil }
            return state.piece
        }
        if let changed = delivered?.changedMicroseconds {
            context.metrics.liveLag.observe(microseconds: context.clock.uptimeMicroseconds - changed)
        }
        // On an event loop's thread, which must not read.
        if begin() { look(mayRead: false) }
    }

    /// There is something new. On a worker's thread.
    func wake() {
        state.withLock { $0.changes += 1 }
        if begin() { look(mayRead: true) }
    }

    /// Time has passed, and nothing else was said: the stream lives. What changed meanwhile is found behind it.
    func beat() {
        if begin() { give(encoding.heartbeat, nil, isLast: false) }
    }

    func cancel() {
        let dropped = state.withLock { state in
            defer {
                state.isCancelled = true
                state.sink = nil
                state.piece = nil
            }
            return state.piece
        }
        _ = consume dropped
    }

    /// Takes the looking over, unless somebody has it or nobody waits.
    private func begin() -> Bool {
        state.withLock { state in
            guard state.sink != nil, !state.isLooking, !state.isCancelled else { return false }
            state.isLooking = true
            return true
        }
    }

    /// Looks for something new until it is given or there is nothing; only for whoever began.
    private func look(mayRead: Bool) {
        while true {
            if context.isStopping { return give(encoding.farewell(isStopping: true), nil, isLast: true) }
            let changes = state.withLock { $0.changes }
            switch source.withLock({ $0.made() }) {
            case .piece(let piece): return give(piece.bytes(encoding), piece, isLast: false)
            case .nothing: if rest(since: changes) { return }
            case .unknown:
                let budget = context.options.http.memory
                if mayRead, let share = budget.tryShare(PieceStream.shareSizeMinBytes, for: .piece) {
                    return read(under: share)
                }
                return budget.share(PieceStream.shareSizeMinBytes, for: .piece) { share in
                    if !self.context.workers.submit({ self.read(under: share) }) { self.fail() }
                }
            }
        }
    }

    private func read(under share: MemoryShare) {
        let changes = state.withLock { $0.changes }
        switch source.withLock({ $0.read(under: share) }) {
        case .piece(let piece): give(piece.bytes(encoding), piece, isLast: false)
        case .last(let piece): give(piece.bytes(encoding) + encoding.farewell(isStopping: false), piece, isLast: true)
        case .nothing: if !rest(since: changes) { look(mayRead: true) }
        case .failed: fail()
        }
    }

    /// Ends the looking; false where something changed since, and found nobody waiting.
    private func rest(since changes: UInt64) -> Bool {
        state.withLock { state in
            guard state.changes == changes else { return false }
            state.isLooking = false
            return true
        }
    }

    private func give(_ bytes: [UInt8], _ piece: LivePiece?, isLast: Bool) {
        takeSink(piece)?.send(bytes, isLast: isLast)
    }

    private func fail() { takeSink(nil)?.abort() }

    private func takeSink(_ piece: LivePiece?) -> BodySink? {
        state.withLock { state in
            defer {
                state.sink = nil
                state.isLooking = false
                if !state.isCancelled { state.piece = piece }
            }
            return state.sink
        }
    }
}
