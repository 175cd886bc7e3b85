import ReelStore
import ReelSystem

/// The list of all recordings, as it changes: which ones did is gathered for a while and told at once, and what a reader
/// has that changed is read and encoded once for all who ask the same of the list.
final class ListTopic: Sendable {
    /// Recordings that changed in about the same second.
    final class Round: Sendable {
        let number: UInt64
        let recordings: [UInt64]
        private let pieces = Monitor<[(query: RecordingQuery, piece: LivePiece)]>([])

        fileprivate init(_ number: UInt64, _ recordings: [UInt64]) {
            self.number = number
            self.recordings = recordings
        }

        func piece(for query: RecordingQuery) -> LivePiece? {
            pieces.withLock { pieces in pieces.first { $0.query == query }?.piece }
        }

        func keep(_ piece: LivePiece, for query: RecordingQuery) {
            pieces.withLock { pieces in
                if pieces.count < ListTopic.queryCountMax { pieces.append((query, piece)) }
            }
        }

        fileprivate func dropPieces() { pieces.withLock { $0 = [] } }
    }

    fileprivate struct State {
        /// Changed since the last round, in order of their first change.
        var waiting: [UInt64] = []
        var isWaiting: Set<UInt64> = []
        var rounds: [Round] = []
        var nextRound: UInt64 = 0
    }

    enum Look {
        case round(Round)
        case nothing
        /// The round is not kept any more; the next one to come has this number.
        case missed(next: UInt64)
    }

    let audience: LiveAudience
    private let state = Monitor(State())

    /// Recordings told of in one round; the rest waits for the next.
    private static let roundCountMax = 256
    /// Recordings that may wait; beyond it viewers are told to ask anew.
    private static let waitingCountMax = 8_192
    /// A viewer that is further behind is told to ask anew.
    private static let keptCountMax = 16
    /// Different questions whose answers are kept for others with the same.
    private static let queryCountMax = 16

    init(_ workers: WorkerPool) { audience = LiveAudience(workers) }

    /// The round that comes next; a viewer that begins now begins there.
    var nextRound: UInt64 { state.withLock { $0.nextRound } }

    /// Notes what changed; false where nobody watches. On the store's writer's thread.
    func note(_ changes: CommittedChanges) -> Bool {
        guard audience.count > 0 else { return false }
        state.withLock { state in
            for number in changes.changed.sorted() { state.add(number) }
            for range in changes.gone {
                for number in range.prefix(ListTopic.waitingCountMax + 1) { state.add(number) }
            }
            // Too much to be told of one by one: those who watch miss a round.
            guard state.waiting.count > ListTopic.waitingCountMax else { return }
            state.waiting = []
            state.isWaiting = []
            state.rounds = []
            state.nextRound += 1
        }
        return true
    }

    /// Tells what gathered.
    ///
    /// - Returns: whether some of it waits for the next round.
    func tell() -> Bool {
        let hasMore = state.withLock { state in
            let now = Array(state.waiting.prefix(ListTopic.roundCountMax))
            guard !now.isEmpty else { return false }
            state.waiting.removeFirst(now.count)
            state.isWaiting.subtract(now)
            // The last round's pieces have gone to whoever is quick; others make theirs again.
            state.rounds.last?.dropPieces()
            state.rounds.append(Round(state.nextRound, now))
            state.nextRound += 1
            if state.rounds.count > ListTopic.keptCountMax { state.rounds.removeFirst() }
            return !state.waiting.isEmpty
        }
        audience.wake()
        return hasMore
    }

    func look(at round: UInt64) -> Look {
        state.withLock { state in
            guard round < state.nextRound else { return .nothing }
            guard let found = state.rounds.first(where: { $0.number == round }) else {
                return .missed(next: state.nextRound)
            }
            return .round(found)
        }
    }
}

extension ListTopic.State {
    fileprivate mutating func add(_ number: UInt64) {
        if isWaiting.insert(number).inserted { waiting.append(number) }
    }
}
