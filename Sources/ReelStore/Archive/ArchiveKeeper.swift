import ReelFormat
import ReelSystem

/// Moves what is old enough to the archive, and removes from there what is gone here. Runs on the compaction's thread, so that
/// no segment is moved while it is being written anew.
///
/// A wrong clock does no harm here: what went too early is read as before.
final class ArchiveKeeper: Sendable {
    /// How often segments are looked at, and how long something that failed is let be.
    private static let pauseMicroseconds: Int64 = 10 * 60_000_000

    private struct State {
        var nextCheck: Int64 = 0
        /// When a segment is old enough at the earliest, on the wall clock.
        var dueMicroseconds: [UInt64: Int64] = [:]
        /// The segments that cannot be moved, until the store is opened again.
        var passedOver: Set<UInt64> = []
    }

    private let context: StoreContext
    private let state = Monitor(State())

    init(_ context: StoreContext) { self.context = context }

    /// Looks at everything again: options have changed, or segments.
    func reconsider() {
        context.archive.use(context.options.archive.directory)
        state.withLock {
            $0.nextCheck = 0
            $0.dueMicroseconds = [:]
        }
    }

    /// Does one step of what is due.
    ///
    /// - Returns: whether there may be more.
    func tick() throws(StoreError) -> Bool {
        guard context.archive.directory != nil, !context.health.withLock({ $0.isReadOnly }) else { return false }
        if context.archive.isInUse { context.archive.look() }
        try removeDiscarded()
        let uptime = context.clock.uptimeMicroseconds
        guard context.options.archive.ageMicroseconds > 0, uptime >= state.withLock({ $0.nextCheck }) else {
            return false
        }
        do throws(StoreError) {
            if let root = context.archive.prepare(), let next = try nextDue() {
                try move(next, to: root)
                return true
            }
        } catch {
            state.withLock { $0.nextCheck = uptime + ArchiveKeeper.pauseMicroseconds }
            throw error
        }
        let now = context.clock.wallMicroseconds
        state.withLock { state in
            let next = state.dueMicroseconds.values.filter { $0 > now }.min() ?? .max
            state.nextCheck = uptime + min(ArchiveKeeper.pauseMicroseconds, next.addingClamped(-now))
        }
        return false
    }

    private func move(_ sealed: SealedSegment, to root: String) throws(StoreError) {
        let number = sealed.segment.number
        switch try SegmentMove(sealed, to: root, context).run() {
        case .moved(let receipt): context.note(.archived(receipt))
        case .nothingToGain: state.withLock { _ = $0.passedOver.insert(number) }
        case .damaged(let damage):
            context.note(.damage(damage))
            state.withLock { _ = $0.passedOver.insert(number) }
        }
    }

    // MARK: What is due

    /// The oldest segment that is to be moved; nil where there is none.
    private func nextDue() throws(StoreError) -> SealedSegment? {
        let now = context.clock.wallMicroseconds
        let sealed = context.view.state.withLock { $0.sealed }
        let there = Set(sealed.map(\.segment.number))
        state.withLock { state in
            state.dueMicroseconds = state.dueMicroseconds.filter { there.contains($0.key) }
            state.passedOver.formIntersection(there)
        }
        for one in sealed.sorted(by: { $0.segment.number < $1.segment.number })
        where one.isCompacted && !one.isArchived {
            if context.isClosing.withLock({ $0 }) { throw .closing }
            let number = one.segment.number
            let isLeft = state.withLock {
                $0.passedOver.contains(number) || $0.dueMicroseconds[number, default: 0] > now
            }
            if isLeft { continue }
            guard let due = try dueMicroseconds(one) else { continue }
            if due <= now { return one }
            state.withLock { $0.dueMicroseconds[number] = due }
        }
        return nil
    }

    /// When all in the segment is old enough; nil where that is not known yet: something is still recording, or is gone, so
    /// that the segment is about to be written anew.
    private func dueMicroseconds(_ sealed: SealedSegment) throws(StoreError) -> Int64? {
        var newest: Int64 = 0
        for recording in try sealed.movedRecordings() where recording.number > 0 {
            guard let row = try context.survivingRow(recording.number), row.status != .recording else { return nil }
            newest = max(newest, row.finishedMicroseconds)
        }
        return newest.addingClamped(context.options.archive.ageMicroseconds)
    }

    // MARK: What is gone

    /// Removes the copies of segments that are gone here, where the archive is there.
    private func removeDiscarded() throws(StoreError) {
        let numbers = context.archive.discarded
        guard !numbers.isEmpty, let directory = context.archive.directory, context.archive.look() else { return }
        do throws(SystemError) {
            var root: String?
            for number in numbers {
                let marker = try discarded(number)
                guard let marker else { continue }
                let path = context.archive.path(of: marker, in: directory)
                try context.fileSystem.unlinkIfThere(path)
                try context.fileSystem.unlinkIfThere(path + ".new")
                root = path.split(separator: "/").dropLast().joined(separator: "/")
            }
            if let root { try context.fileSystem.syncDirectory("/\(root)") }
        } catch {
            // The archive may have gone in between: told, and done when it is back.
            guard context.archive.look() else { return }
            throw .system(error)
        }
        try context.wait { .archive(.forget(numbers), $0) }
        context.note(.archivedRemoved(count: numbers.count))
    }

    /// Nil for what is no marker: which copy it spoke of is not known, and the copy stays.
    private func discarded(_ number: UInt64) throws(SystemError) -> ArchiveMarker? {
        do throws(SystemError) {
            return try ArchivedCopy.read(context.paths.discardedMarker(number), context.fileSystem)
        } catch {
            guard error.isMissing else { throw error }
            return nil
        }
    }
}
