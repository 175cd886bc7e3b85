import ReelFormat

/// What is left in a sealed segment of which retention or erasing took something.
struct SegmentRemains: Equatable {
    /// Recordings of which something is to be kept.
    var livingCount = 0
    /// Recordings that retention removed. Those that were erased have their segments written anew anyway.
    var expiredCount = 0
    /// When the first of those that are left goes by age, microseconds since 1970; nil: none of them ever does.
    var nextExpiryMicroseconds: Int64?

    /// Nothing is left: the file can go.
    var isEmpty: Bool { livingCount == 0 }

    init(_ segment: SealedSegment, _ context: StoreContext, _ policy: RetentionPolicy) throws(StoreError) {
        for recording in try segment.movedRecordings() where recording.number > 0 {
            guard let row = try context.survivingRow(recording.number) else {
                if context.view.expiry(of: recording.number) != nil { expiredCount += 1 }
                continue
            }
            livingCount += 1
            guard row.isExpirable, let expiry = policy.expiry(of: ExpiryCandidate(row)) else { continue }
            nextExpiryMicroseconds = min(nextExpiryMicroseconds ?? expiry, expiry)
        }
    }
}
