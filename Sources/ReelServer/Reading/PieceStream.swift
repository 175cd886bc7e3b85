import ReelHTTP
import ReelStore
import ReelSystem

/// Serves a source as an answer's content: a piece for a demand, made on a worker under a share of the memory budget
/// that is held until the connection has sent it. So a slow reader holds one piece and no more.
final class PieceStream: BodyStream {
    /// What a piece takes at least: the reader's 256 KiB, and the frame it read last.
    static let shareSizeMinBytes = 512 << 10

    /// What the next piece of a source takes of the budget.
    static func shareSizeBytes(_ source: any PieceSource, of budget: MemoryBudget) -> Int {
        min(max(shareSizeMinBytes, source.nextPieceSizeBytes), budget.totalBytes)
    }

    private struct State {
        /// Made before the answer began.
        var first: [UInt8]?
        var share: MemoryShare?
        var isCancelled = false
    }

    private let context: ServerContext
    private let source: any PieceSource
    /// For errors.
    private let recording: String
    private let state: Monitor<State>

    /// - Parameters:
    ///   - first: a piece already taken from the source, with the share it is held under.
    init(
        _ source: any PieceSource, _ context: ServerContext, recording: String, first: [UInt8]? = nil,
        share: MemoryShare? = nil
    ) {
        self.source = source
        self.context = context
        self.recording = recording
        state = Monitor(State(first: first, share: share))
    }

    func demand(_ sink: BodySink) {
        let (first, spent): ([UInt8]?, MemoryShare?) = state.withLock { state in
            defer { state.first = nil }
            if state.first != nil { return (state.first, nil) }
            defer { state.share = nil }
            return (nil, state.share)
        }
        if let first { return sink.send(first, isLast: false) }
        // Dropped outside the lock: giving bytes back may serve another stream at once.
        _ = consume spent
        let budget = context.options.http.memory
        budget.share(PieceStream.shareSizeBytes(source, of: budget), for: .piece) { share in
            self.make(sink, share)
        }
    }

    private func make(_ sink: BodySink, _ share: MemoryShare) {
        let isWanted = state.withLock { state in
            if !state.isCancelled { state.share = share }
            return !state.isCancelled
        }
        guard isWanted else { return }
        let isTaken = context.workers.submit { [self] in
            do throws(StoreError) {
                if let parts = try source.nextParts() {
                    sink.send(parts: parts, isLast: false)
                } else {
                    sink.send([], isLast: true)
                }
            } catch {
                context.noteAborted(error, recording: recording)
                sink.abort()
            }
        }
        if !isTaken { sink.abort() }
    }

    func cancel() {
        let spent = state.withLock { state in
            defer {
                state.isCancelled = true
                state.share = nil
                state.first = nil
            }
            return state.share
        }
        _ = consume spent
    }
}
