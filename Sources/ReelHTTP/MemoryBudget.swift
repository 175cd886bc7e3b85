import ReelSystem
import Synchronization

/// One bound, in bytes, for all that requests make the process hold: bodies, frames, buffers.
///
/// Who comes while others wait, waits behind them, so that a stream of small shares cannot starve a large one.
package final class MemoryBudget: Sendable {
    private struct Waiter: Sendable {
        var bytes: Int
        var granted: @Sendable (MemoryShare) -> Void
    }
    private struct State: Sendable {
        var freeBytes: Int
        var waiters: [Waiter] = []
    }
    private let state: Monitor<State>
    package let totalBytes: Int

    package init(totalBytes: Int) {
        precondition(totalBytes > 0)
        self.totalBytes = totalBytes
        state = Monitor(State(freeBytes: totalBytes))
    }

    /// What nobody holds now, in bytes; for statistics.
    package var freeBytes: Int { state.withLock { $0.freeBytes } }

    /// Takes bytes that must be given back with `release`. False when they are not free or others wait for theirs.
    package func tryReserve(_ bytes: Int) -> Bool {
        precondition(bytes >= 0)
        return state.withLock { state in
            guard state.waiters.isEmpty, state.freeBytes >= bytes else { return false }
            state.freeBytes -= bytes
            return true
        }
    }

    /// Gives bytes back and serves those who wait, in their order.
    package func release(_ bytes: Int) {
        guard bytes > 0 else { return }
        let served: ArraySlice<Waiter> = state.withLock { state in
            state.freeBytes += bytes
            var count = 0
            while count < state.waiters.count, state.freeBytes >= state.waiters[count].bytes {
                state.freeBytes -= state.waiters[count].bytes
                count += 1
            }
            guard count > 0 else { return [] }
            let served = state.waiters[..<count]
            state.waiters.removeFirst(count)
            return served
        }
        // Outside the lock: a grant may drop its share at once, which comes back here.
        for waiter in served { waiter.granted(MemoryShare(self, waiter.bytes)) }
    }

    /// As `tryReserve`, for an owner that gives back by going.
    package func tryShare(_ bytes: Int) -> MemoryShare? {
        tryReserve(bytes) ? MemoryShare(self, bytes) : nil
    }

    /// Takes bytes as soon as they are free.
    ///
    /// - Parameter bytes: more than the whole budget is never granted; check against `totalBytes` before.
    /// - Parameter granted: called once, here or on the thread that releases; must be short. A share nobody wants any
    ///   more is given back by dropping it.
    package func share(_ bytes: Int, granted: @escaping @Sendable (MemoryShare) -> Void) {
        let isFree = state.withLock { state in
            if state.waiters.isEmpty, state.freeBytes >= bytes {
                state.freeBytes -= bytes
                return true
            }
            state.waiters.append(Waiter(bytes: bytes, granted: granted))
            return false
        }
        if isFree { granted(MemoryShare(self, bytes)) }
    }
}

/// Bytes of a `MemoryBudget`, given back when the last reference goes.
package final class MemoryShare: Sendable {
    private let budget: MemoryBudget
    private let held: Atomic<Int>

    /// Owns bytes that are already taken.
    fileprivate init(_ budget: MemoryBudget, _ bytes: Int) {
        self.budget = budget
        held = Atomic(bytes)
    }

    package var bytes: Int { held.load(ordering: .relaxed) }

    /// Takes over the bytes of another share of the same budget.
    func absorb(_ other: MemoryShare) {
        precondition(other.budget === budget)
        held.add(other.held.exchange(0, ordering: .relaxed), ordering: .relaxed)
    }

    deinit { budget.release(bytes) }
}
