import ReelFormat
import ReelSystem

/// Recordings whose frames may still lie in the log: what an erasing leaves to compaction. Many that are erased together
/// are taken out together.
final class ErasedRecordings: Sendable {
    /// Compaction waits until nothing more was erased for so long.
    private static let gatheringMicroseconds: Int64 = 2_000_000
    /// And at most this.
    private static let gatheringMaxMicroseconds: Int64 = 30_000_000

    /// After a try that failed the next one waits so long.
    private static let retryMicroseconds: Int64 = 60_000_000

    private struct State {
        var numbers: Set<UInt64>
        /// Of the last try, if it failed.
        var failedMicroseconds: Int64?
        var firstMicroseconds: Int64
        var lastMicroseconds: Int64
    }

    private let state: Monitor<State>

    /// - Parameters:
    ///   - numbers: those erased before: compaction may have been cut short.
    ///   - uptime: microseconds on the uptime clock.
    init(_ numbers: [UInt64], uptime: Int64) {
        state = Monitor(State(numbers: Set(numbers), firstMicroseconds: uptime, lastMicroseconds: uptime))
    }

    func note(_ numbers: [UInt64], uptime: Int64) {
        state.withLock { state in
            if state.numbers.isEmpty { state.firstMicroseconds = uptime }
            state.lastMicroseconds = uptime
            state.numbers.formUnion(numbers)
        }
    }

    /// All whose frames may still be there.
    var all: Set<UInt64> { state.withLock { $0.numbers } }

    /// Those whose frames should go now; empty while more are being erased.
    func due(uptime: Int64) -> Set<UInt64> {
        state.withLock { state in
            if let failed = state.failedMicroseconds, uptime - failed < ErasedRecordings.retryMicroseconds { return [] }
            let isDue =
                uptime - state.lastMicroseconds >= ErasedRecordings.gatheringMicroseconds
                || uptime - state.firstMicroseconds >= ErasedRecordings.gatheringMaxMicroseconds
            return isDue ? state.numbers : []
        }
    }

    /// Taking them out failed: it is tried again after a while.
    func postpone(uptime: Int64) { state.withLock { $0.failedMicroseconds = uptime } }

    /// What made the last try fail is over: the next one need not wait.
    func hurry() { state.withLock { $0.failedMicroseconds = nil } }

    /// Nothing of them is left that a compaction would take out.
    func forget(_ numbers: Set<UInt64>, uptime: Int64) {
        state.withLock { state in
            state.failedMicroseconds = nil
            state.numbers.subtract(numbers)
            state.firstMicroseconds = uptime
        }
    }
}
