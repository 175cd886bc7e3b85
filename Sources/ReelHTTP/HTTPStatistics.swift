import Synchronization

/// What a server has done since it started.
package struct HTTPStatistics: Sendable, Equatable {
    package var connectionsOpen = 0
    package var connectionsAccepted = 0
    /// Turned away by a connection limit.
    package var connectionsRefused = 0
    /// Whole requests given to the handler.
    package var requests = 0
    /// Requests the server itself refused: see `HTTPRefusal`.
    package var refused = 0
    package var bytesIn = 0
    package var bytesOut = 0
}

/// One loop's counters: the loop counts plainly and shows its counts once a turn, others read what was shown.
final class LoopCounters: Sendable {
    private let requests = Atomic<Int>(0)
    private let refused = Atomic<Int>(0)
    private let bytesIn = Atomic<Int>(0)
    private let bytesOut = Atomic<Int>(0)

    func show(_ counts: HTTPStatistics) {
        requests.store(counts.requests, ordering: .relaxed)
        refused.store(counts.refused, ordering: .relaxed)
        bytesIn.store(counts.bytesIn, ordering: .relaxed)
        bytesOut.store(counts.bytesOut, ordering: .relaxed)
    }

    func add(to sum: inout HTTPStatistics) {
        sum.requests += requests.load(ordering: .relaxed)
        sum.refused += refused.load(ordering: .relaxed)
        sum.bytesIn += bytesIn.load(ordering: .relaxed)
        sum.bytesOut += bytesOut.load(ordering: .relaxed)
    }
}
