/// Counts of times, in buckets whose width grows with the time: within 3 % of the truth however long a run was, in a
/// few KB.
struct LatencyHistogram: Sendable, Equatable {
    /// A power of two is parted into so many buckets.
    private static let bucketsAnOctave = 32
    private static let octaveShift = 5

    private var counts: [UInt64] = []
    private(set) var count: UInt64 = 0
    private(set) var greatestMicroseconds: Int64 = 0

    mutating func add(microseconds: Int64) {
        let bucket = Self.bucket(of: UInt64(max(0, microseconds)))
        if bucket >= counts.count { counts += repeatElement(0, count: bucket + 1 - counts.count) }
        counts[bucket] += 1
        count += 1
        greatestMicroseconds = max(greatestMicroseconds, microseconds)
    }

    mutating func merge(_ other: LatencyHistogram) {
        if other.counts.count > counts.count { counts += repeatElement(0, count: other.counts.count - counts.count) }
        for (bucket, count) in other.counts.enumerated() { counts[bucket] += count }
        count += other.count
        greatestMicroseconds = max(greatestMicroseconds, other.greatestMicroseconds)
    }

    /// A time that `share` of all times do not exceed; 0 when there are none.
    func microseconds(atShare share: Double) -> Int64 {
        let wanted = max(1, UInt64((Double(count) * share).rounded(.up)))
        var seen: UInt64 = 0
        for (bucket, count) in counts.enumerated() {
            seen += count
            if seen >= wanted { return min(Self.greatest(in: bucket), greatestMicroseconds) }
        }
        return greatestMicroseconds
    }

    /// Times below 32 have a bucket each; above, the five bits behind the leading one choose it.
    private static func bucket(of value: UInt64) -> Int {
        guard value >= UInt64(bucketsAnOctave) else { return Int(value) }
        let shift = 63 - value.leadingZeroBitCount - octaveShift
        return (shift + 1) * bucketsAnOctave + Int(value >> UInt64(shift)) - bucketsAnOctave
    }

    private static func greatest(in bucket: Int) -> Int64 {
        guard bucket >= bucketsAnOctave else { return Int64(bucket) }
        let shift = bucket / bucketsAnOctave - 1
        let least = Int64(bucket % bucketsAnOctave + bucketsAnOctave) << Int64(shift)
        return least + ((1 << Int64(shift)) - 1)
    }
}
