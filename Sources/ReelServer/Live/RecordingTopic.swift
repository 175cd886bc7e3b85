import ReelSystem

/// A recording that is watched: what its viewers share. What they get they read from the log, so there is no queue that
/// could grow, and nothing between what was there and what came that could be lost or sent twice; but what one of them
/// read the others need not read again.
final class RecordingTopic: Sendable {
    private struct State {
        /// Counts what changed.
        var changes: UInt64 = 0
        /// Whoever has all before `next` has all there was at that count.
        var settled: (changes: UInt64, next: UInt64)?
        /// When the first change after that came, on the uptime clock.
        var changedMicroseconds: Int64?
        /// The newest pieces, oldest first.
        var pieces: [LivePiece] = []
        var isGone = false
    }

    /// What a reader must say again when it has read.
    struct Reading {
        fileprivate let changes: UInt64
        /// See `LivePiece`.
        let changedMicroseconds: Int64?
    }

    let number: UInt64
    let audience: LiveAudience
    private let state = Monitor(State())

    /// Kept for those who are a little behind.
    private static let keptSizeMaxBytes = 512 << 10
    private static let keptCountMax = 16

    init(_ number: UInt64, _ workers: WorkerPool) {
        self.number = number
        audience = LiveAudience(workers)
    }

    /// The recording changed, durably, or is there no more. On the store's writer's thread.
    func change(isGone: Bool, at uptimeMicroseconds: Int64) {
        state.withLock { state in
            state.changes += 1
            if state.changedMicroseconds == nil { state.changedMicroseconds = uptimeMicroseconds }
            // What is gone must not be shown any more.
            if isGone {
                state.isGone = true
                state.pieces = []
            }
        }
        audience.wake()
    }

    /// What comes for a viewer that has all before an ordinal.
    func look(from next: UInt64) -> LiveLook {
        state.withLock { state in
            guard !state.isGone else { return .unknown }
            if let piece = state.pieces.last(where: { $0.ordinals.lowerBound == next }) { return .piece(piece) }
            guard let settled = state.settled else { return .unknown }
            return settled == (state.changes, next) ? .nothing : .unknown
        }
    }

    /// To be called before the log is read.
    func beginReading(from next: UInt64) -> Reading {
        state.withLock { state in
            let isNewest = state.settled?.next == next
            return Reading(changes: state.changes, changedMicroseconds: isNewest ? state.changedMicroseconds : nil)
        }
    }

    /// Keeps what was read for the others.
    func keep(_ piece: LivePiece) {
        state.withLock { state in
            guard !state.isGone, !state.pieces.contains(where: { $0.ordinals == piece.ordinals }) else { return }
            state.pieces.append(piece)
            var size = state.pieces.reduce(0) { $0 + $1.sizeBytes }
            while state.pieces.count > 1,
                size > RecordingTopic.keptSizeMaxBytes || state.pieces.count > RecordingTopic.keptCountMax
            {
                size -= state.pieces.removeFirst().sizeBytes
            }
        }
    }

    /// There was nothing behind an ordinal when the reading began.
    func settle(at next: UInt64, _ reading: Reading) {
        state.withLock { state in
            // Another reader may have seen more.
            if let settled = state.settled, settled.changes > reading.changes { return }
            state.settled = (reading.changes, next)
            if reading.changes == state.changes { state.changedMicroseconds = nil }
        }
    }
}
