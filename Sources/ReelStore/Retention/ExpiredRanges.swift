import ReelFormat

/// The recordings that retention removed, as few ranges as say it: sorted, and no two have a number in common.
///
/// Neighbours of one cause are joined where they were removed in the same thirty days; beyond `countMax` ranges whatever
/// lies side by side is joined. Joined ranges have the later time, so that nothing is forgotten too soon.
struct ExpiredRanges: Sendable, Equatable {
    /// All of them are in every state frame, 32 bytes each.
    static let countMax = 4096
    private static let joinMicroseconds: Int64 = 30 * 86_400_000_000

    private(set) var ranges: [ExpiredRange] = []

    init(_ ranges: [ExpiredRange] = []) {
        for range in ranges { insert(range) }
    }

    /// The range a recording is in; nil where it was not removed.
    func range(of recording: UInt64) -> ExpiredRange? {
        let index = firstIndex(endingFrom: recording)
        guard index < ranges.count, ranges[index].recordings.contains(recording) else { return nil }
        return ranges[index]
    }

    /// Takes in a range. What was known of its numbers before stays as it is.
    mutating func insert(_ range: ExpiredRange) {
        var next = range.recordings.lowerBound
        let end = range.recordings.upperBound
        while next <= end {
            let index = firstIndex(endingFrom: next)
            guard index < ranges.count, ranges[index].recordings.lowerBound <= end else {
                add(next...end, of: range, at: index)
                break
            }
            let known = ranges[index].recordings
            if next < known.lowerBound {
                add(next...known.lowerBound - 1, of: range, at: index)
            }
            guard known.upperBound < end else { break }
            next = known.upperBound + 1
        }
        if ranges.count > ExpiredRanges.countMax { joinAll() }
    }

    /// Drops what was removed before a time.
    mutating func forget(before microseconds: Int64) {
        ranges.removeAll { $0.expiredMicroseconds < microseconds }
    }

    /// The first range whose last number is not below `recording`.
    private func firstIndex(endingFrom recording: UInt64) -> Int {
        var low = 0
        var high = ranges.count
        while low < high {
            let middle = (low + high) / 2
            if ranges[middle].recordings.upperBound < recording { low = middle + 1 } else { high = middle }
        }
        return low
    }

    /// Adds numbers that no range has, and joins them with their neighbours.
    private mutating func add(_ recordings: ClosedRange<UInt64>, of range: ExpiredRange, at index: Int) {
        var new = range
        new.recordings = recordings
        var place = index..<index
        if index > 0, ExpiredRanges.canJoin(ranges[index - 1], new) {
            new = ExpiredRanges.joined(ranges[index - 1], new)
            place = index - 1..<index
        }
        if index < ranges.count, ExpiredRanges.canJoin(new, ranges[index]) {
            new = ExpiredRanges.joined(new, ranges[index])
            place = place.lowerBound..<index + 1
        }
        ranges.replaceSubrange(place, with: [new])
    }

    /// Joins whatever lies side by side.
    private mutating func joinAll() {
        var joined: [ExpiredRange] = []
        for range in ranges {
            if let last = joined.last, last.recordings.upperBound + 1 == range.recordings.lowerBound {
                joined[joined.count - 1] = ExpiredRanges.joined(last, range)
            } else {
                joined.append(range)
            }
        }
        ranges = joined
    }

    private static func canJoin(_ left: ExpiredRange, _ right: ExpiredRange) -> Bool {
        left.recordings.upperBound + 1 == right.recordings.lowerBound && left.cause == right.cause
            && left.expiredMicroseconds / joinMicroseconds == right.expiredMicroseconds / joinMicroseconds
    }

    private static func joined(_ left: ExpiredRange, _ right: ExpiredRange) -> ExpiredRange {
        ExpiredRange(
            left.recordings.lowerBound...right.recordings.upperBound,
            expiredMicroseconds: max(left.expiredMicroseconds, right.expiredMicroseconds), cause: right.cause)
    }
}
