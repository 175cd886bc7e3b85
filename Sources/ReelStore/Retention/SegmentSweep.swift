import ReelFormat

/// Frees the room of recordings that are gone: whole segments are unlinked, others written anew without them.
struct SegmentSweep {
    private let context: StoreContext
    private let policy: RetentionPolicy

    init(_ context: StoreContext, _ policy: RetentionPolicy) {
        self.context = context
        self.policy = policy
    }

    /// - Parameter isUrgent: every segment that something is gone of is written anew, and not only those of which enough
    ///   stays for long.
    func run(isUrgent: Bool) throws(StoreError) -> SweepReport {
        var report = SweepReport()
        var empty: [SealedSegment] = []
        var partial: [SealedSegment] = []
        for segment in context.view.state.withLock({ $0.sealed }) {
            let remains = try SegmentRemains(segment, context, policy)
            if remains.isEmpty {
                empty.append(segment)
            } else if remains.expiredCount > 0 {
                let isWorthIt = policy.isWorthRewriting(
                    nextExpiry: remains.nextExpiryMicroseconds, now: context.clock.wallMicroseconds)
                // What is in the archive takes no room here, and written anew it would.
                let isUrgentHere = isUrgent && !segment.isArchived
                if isUrgentHere || isWorthIt { partial.append(segment) }
            }
        }
        // First what costs nothing: it makes the room for the rest.
        if !empty.isEmpty {
            let numbers = empty.map(\.segment.number)
            try context.wait { .discard(numbers, $0) }
            report.unlinkedCount = empty.count
            report.unlinkedBytes = empty.reduce(0) { $0 + $1.localBytes }
            context.note(.segmentsUnlinked(count: empty.count, sizeBytes: report.unlinkedBytes))
        }
        if partial.contains(where: \.isArchived), !context.archive.look() { partial.removeAll(where: \.isArchived) }
        for segment in partial {
            let (before, after) = try Compactor(context, isUrgent: isUrgent).compact([segment])
            report.compaction.segmentCount += 1
            report.compaction.bytesBefore += before
            report.compaction.bytesAfter += after
            context.note(.compacted(segments: [segment.segment.number], bytesBefore: before, bytesAfter: after))
        }
        return report
    }
}

/// What a sweep did.
struct SweepReport {
    var unlinkedCount = 0
    var unlinkedBytes: UInt64 = 0
    var compaction = CompactionReport()
}
