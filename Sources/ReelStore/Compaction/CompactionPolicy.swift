import ReelFormat

/// What a sealed segment is to the policy.
struct SegmentFacts {
    var number: UInt64
    var lengthBytes: UInt64
    var isCompacted: Bool
    var sealedMicroseconds: Int64
    /// Frames that a compaction would merge or drop now.
    var wastefulFrameCount: Int
    var frameCount: Int
    /// It holds what was erased, and was gathered for long enough.
    var holdsErased = false
}

/// Decides which segments are written anew next. Pure, so that a table of cases can test it.
struct CompactionPolicy {
    var options: CompactionOptions
    var segmentSizeBytes: UInt64

    /// Segments to compact together; empty when nothing is worth it.
    ///
    /// - Parameters:
    ///   - uptime: microseconds on the uptime clock.
    ///   - isForced: now, whatever the delays say (`vacuum`).
    func choose(_ segments: [SegmentFacts], uptime: Int64, isForced: Bool) -> [UInt64] {
        let due = segments.filter { isDue($0, uptime, isForced) }
        if !due.isEmpty { return limited(due) }
        let smallSizeBytes = CompactionPolicy.smallSizeBytes(segmentSizeBytes)
        let small = segments.filter { $0.isCompacted && $0.lengthBytes < smallSizeBytes }
        return small.count >= (isForced ? 2 : options.mergeSegmentCount) ? limited(small) : []
    }

    /// Compacted segments below this are merged. One that was begun for another day of expiry follows none that is so small:
    /// else merging would part what it had put together, again and again.
    static func smallSizeBytes(_ segmentSizeBytes: UInt64) -> UInt64 { segmentSizeBytes / 4 }

    private func isDue(_ segment: SegmentFacts, _ uptime: Int64, _ isForced: Bool) -> Bool {
        if segment.holdsErased { return true }
        if !segment.isCompacted {
            return isForced || uptime - segment.sealedMicroseconds >= options.delayMicroseconds
        }
        // Rewriting a compacted segment pays when a good part of it would get smaller.
        return isForced
            ? segment.wastefulFrameCount > 0 : segment.wastefulFrameCount * 4 >= max(segment.frameCount, 1)
    }

    /// The oldest of them, as many as make two full segments.
    private func limited(_ segments: [SegmentFacts]) -> [UInt64] {
        var chosen: [UInt64] = []
        var size: UInt64 = 0
        for segment in segments.sorted(by: { $0.number < $1.number }) {
            if !chosen.isEmpty, size + segment.lengthBytes > 2 * segmentSizeBytes { break }
            chosen.append(segment.number)
            size += segment.lengthBytes
        }
        return chosen
    }
}
