import ReelSystem
import Synchronization

/// One bound, in bytes, for all that requests make the process hold: bodies, frames, buffers.
///
/// What may be held for long leaves room to the rest: four large bodies that come slowly, or readers that stopped
/// reading, would else keep every other writer out. Who comes while others wait for the same use, waits behind them.
package final class MemoryBudget: Sendable {
    /// What a share is taken for.
    package enum Use: Int, CaseIterable, Sendable {
        /// May take all there is.
        case smallBody
        /// Three eighths of the budget together, or one of any size.
        case largeBody
        /// Of an answer; three eighths of the budget together, or one of any size.
        case piece

        /// - Parameter bytes: of the whole body, as far as it is known.
        package static func body(ofSizeBytes bytes: Int) -> Use {
            bytes > smallBodySizeMaxBytes ? .largeBody : .smallBody
        }

        package static let smallBodySizeMaxBytes = 1 << 20
    }

    private struct Waiter: Sendable {
        var bytes: Int
        var granted: @Sendable (MemoryShare) -> Void
    }
    private struct State: Sendable {
        var freeBytes: Int
        /// By `Use.rawValue`.
        var heldBytes = Use.allCases.map { _ in 0 }
        var waiters: [[Waiter]] = Use.allCases.map { _ in [] }

        mutating func take(_ bytes: Int, for use: Use, totalBytes: Int) -> Bool {
            guard freeBytes >= bytes else { return false }
            let held = heldBytes[use.rawValue]
            guard held == 0 || held + bytes <= use.mostBytes(of: totalBytes) else { return false }
            freeBytes -= bytes
            heldBytes[use.rawValue] += bytes
            return true
        }
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
    package func tryReserve(_ bytes: Int, for use: Use = .smallBody) -> Bool {
        precondition(bytes >= 0)
        return state.withLock { state in
            state.waiters[use.rawValue].isEmpty && state.take(bytes, for: use, totalBytes: totalBytes)
        }
    }

    /// Gives bytes back and serves those who wait, of each use in their order.
    package func release(_ bytes: Int, for use: Use = .smallBody) {
        guard bytes > 0 else { return }
        let served: [(MemoryShare, Waiter)] = state.withLock { state in
            state.freeBytes += bytes
            state.heldBytes[use.rawValue] -= bytes
            return serve(&state)
        }
        // Outside the lock: a grant may drop its share at once, which comes back here.
        for (share, waiter) in served { waiter.granted(share) }
    }

    private func serve(_ state: inout State) -> [(MemoryShare, Waiter)] {
        var served: [(MemoryShare, Waiter)] = []
        for use in Use.allCases {
            var count = 0
            for waiter in state.waiters[use.rawValue] {
                guard state.take(waiter.bytes, for: use, totalBytes: totalBytes) else { break }
                served.append((MemoryShare(self, waiter.bytes, use), waiter))
                count += 1
            }
            if count > 0 { state.waiters[use.rawValue].removeFirst(count) }
        }
        return served
    }

    /// As `tryReserve`, for an owner that gives back by going.
    package func tryShare(_ bytes: Int, for use: Use = .smallBody) -> MemoryShare? {
        tryReserve(bytes, for: use) ? MemoryShare(self, bytes, use) : nil
    }

    /// Takes bytes as soon as they are free.
    ///
    /// - Parameter bytes: more than the whole budget is never granted; check against `totalBytes` before.
    /// - Parameter granted: called once, here or on the thread that releases; must be short. A share nobody wants any
    ///   more is given back by dropping it.
    package func share(
        _ bytes: Int, for use: Use = .smallBody, granted: @escaping @Sendable (MemoryShare) -> Void
    ) {
        let isFree = state.withLock { state in
            if state.waiters[use.rawValue].isEmpty, state.take(bytes, for: use, totalBytes: totalBytes) { return true }
            state.waiters[use.rawValue].append(Waiter(bytes: bytes, granted: granted))
            return false
        }
        if isFree { granted(MemoryShare(self, bytes, use)) }
    }

    /// Counts held bytes as another use's from now on.
    fileprivate func move(_ bytes: Int, from old: Use, to new: Use) {
        state.withLock { state in
            state.heldBytes[old.rawValue] -= bytes
            state.heldBytes[new.rawValue] += bytes
        }
    }
}

extension MemoryBudget.Use {
    fileprivate func mostBytes(of totalBytes: Int) -> Int {
        switch self {
        case .smallBody: totalBytes
        case .largeBody, .piece: totalBytes * 3 / 8
        }
    }
}

/// Bytes of a `MemoryBudget`, given back when the last reference goes.
package final class MemoryShare: Sendable {
    private let budget: MemoryBudget
    private let use: MemoryBudget.Use
    private let held: Atomic<Int>

    /// Owns bytes that are already taken.
    fileprivate init(_ budget: MemoryBudget, _ bytes: Int, _ use: MemoryBudget.Use) {
        self.budget = budget
        self.use = use
        held = Atomic(bytes)
    }

    package var bytes: Int { held.load(ordering: .relaxed) }

    /// Takes over the bytes of another share of the same budget.
    func absorb(_ other: MemoryShare) {
        precondition(other.budget === budget)
        let bytes = other.held.exchange(0, ordering: .relaxed)
        if other.use != use { budget.move(bytes, from: other.use, to: use) }
        held.add(bytes, ordering: .relaxed)
    }

    deinit { budget.release(bytes, for: use) }
}
