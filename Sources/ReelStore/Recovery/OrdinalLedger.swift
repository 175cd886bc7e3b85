/// Which events of every recording are there, which were given up, and which nothing explains.
struct OrdinalLedger {
    private typealias Run = (recording: UInt64, first: UInt64, end: UInt64)

    private var events: [Run] = []
    private var losses: [Run] = []
    /// Events there must be at least.
    private var counts: [UInt64: UInt64] = [:]

    mutating func add(_ first: UInt64, _ count: UInt32, of recording: UInt64) {
        events.append((recording, first, first + UInt64(count)))
        counts[recording] = max(counts[recording] ?? 0, first + UInt64(count))
    }

    mutating func addLoss(_ first: UInt64, _ count: UInt32, of recording: UInt64) {
        guard count > 0 else { return }
        losses.append((recording, first, first + UInt64(count)))
        counts[recording] = max(counts[recording] ?? 0, first + UInt64(count))
    }

    mutating func expect(_ count: UInt64, of recording: UInt64) {
        if count > 0 { counts[recording] = max(counts[recording] ?? 0, count) }
    }

    /// Takes out what belongs to erased recordings.
    mutating func forget(_ recordings: Set<UInt64>) {
        for recording in recordings { counts[recording] = nil }
    }

    /// Ordinals that no event has, parted by whether their loss was given up, in order.
    mutating func gaps() -> (unexplained: [VerifyReport.Gap], givenUp: [VerifyReport.Gap]) {
        events.sort { ($0.recording, $0.first) < ($1.recording, $1.first) }
        losses.sort { ($0.recording, $0.first) < ($1.recording, $1.first) }
        var unexplained: [VerifyReport.Gap] = []
        var givenUp: [VerifyReport.Gap] = []
        var (event, loss) = (0, 0)
        for (recording, end) in counts.sorted(by: { $0.key < $1.key }) {
            while event < events.count, events[event].recording < recording { event += 1 }
            while loss < losses.count, losses[loss].recording < recording { loss += 1 }
            var missing: [Range<UInt64>] = []
            var next: UInt64 = 0
            while event < events.count, events[event].recording == recording {
                if events[event].first > next { missing.append(next..<events[event].first) }
                next = max(next, events[event].end)
                event += 1
            }
            if end > next { missing.append(next..<end) }
            for range in missing {
                var next = range.lowerBound
                var index = loss
                while index < losses.count, losses[index].recording == recording, losses[index].first < range.upperBound
                {
                    let known = max(losses[index].first, next)..<max(min(losses[index].end, range.upperBound), next)
                    index += 1
                    guard known.lowerBound < known.upperBound else { continue }
                    if next < known.lowerBound { unexplained.append(.init(recording, next..<known.lowerBound)) }
                    givenUp.append(.init(recording, known))
                    next = known.upperBound
                }
                if next < range.upperBound { unexplained.append(.init(recording, next..<range.upperBound)) }
            }
        }
        return (unexplained, givenUp)
    }
}
