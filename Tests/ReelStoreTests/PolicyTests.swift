import ReelFormat
import Testing

@testable import ReelStore

@Suite struct PolicyTests {
    private static let day: Int64 = 86_400_000_000

    private func hot(_ number: UInt64, _ size: UInt64 = 1000, sealed: Int64 = 0) -> SegmentFacts {
        SegmentFacts(
            number: number, lengthBytes: size, isCompacted: false, sealedMicroseconds: sealed, wastefulFrameCount: 0,
            frameCount: 10)
    }

    private func dense(_ number: UInt64, _ size: UInt64 = 10_000, waste: Int = 0) -> SegmentFacts {
        SegmentFacts(
            number: number, lengthBytes: size, isCompacted: true, sealedMicroseconds: 0, wastefulFrameCount: waste,
            frameCount: 10)
    }

    @Test func whatIsCompactedNext() {
        let policy = CompactionPolicy(options: CompactionOptions(), segmentSizeBytes: 10_000)
        let cases: [(String, [SegmentFacts], Bool, [UInt64])] = [
            ("nothing there", [], false, []),
            ("a hot segment after its delay", [hot(1)], false, [1]),
            ("not before it", [hot(1, sealed: Self.day - 1)], false, []),
            ("but when forced", [hot(1, sealed: Self.day - 1)], true, [1]),
            ("oldest first, at most two full segments", [hot(3, 9000), hot(1, 9000), hot(2, 9000)], false, [1, 2]),
            ("one that is larger still goes alone", [hot(1, 99_000), hot(2)], false, [1]),
            ("a compacted one stays", [dense(1), dense(2)], true, []),
            ("unless a quarter is waste", [dense(1, waste: 2), dense(2, waste: 3)], false, [2]),
            ("or any, when forced", [dense(1, waste: 1), dense(2)], true, [1]),
            ("small ones gather", (1...7).map { dense($0, 100) }, false, []),
            ("and are merged", (1...8).map { dense($0, 100) }, false, Array(1...8)),
            ("two when forced", [dense(1, 100), dense(2, 100), dense(3)], true, [1, 2]),
        ]
        for (name, segments, isForced, chosen) in cases {
            #expect(policy.choose(segments, uptime: Self.day, isForced: isForced) == chosen, "\(name)")
        }
    }

    @Test func theWindowRemembersTheLast1024NumbersOfEachWriter() {
        var window = BatchWindow()
        func record(_ writer: UInt64, _ batch: UInt64) -> BatchRecord {
            BatchRecord(writer: writer, batch: batch, bodyHash: batch &* 31, firstOrdinal: batch, eventCount: 1)
        }
        // Every number once, in an order that jumps about: 1009 and 3000 have no common factor.
        for step in 0..<3000 as Range<UInt64> where step * 1009 % 3000 != 2500 {
            window.insert(record(1, step * 1009 % 3000))
        }
        #expect(window.lookup(writer: 1, batch: 2999) == .known(record(1, 2999)))
        #expect(window.lookup(writer: 1, batch: 1976) == .known(record(1, 1976)))
        #expect(window.lookup(writer: 1, batch: 1975) == .tooOld(oldestRemembered: 1976))
        #expect(window.lookup(writer: 1, batch: 2500) == .new)
        #expect(window.lookup(writer: 1, batch: .max) == .new)
        #expect(window.lookup(writer: 2, batch: 0) == .new)
        window.insert(record(2, .max))
        #expect(window.lookup(writer: 2, batch: .max - 1023) == .new)
        #expect(window.lookup(writer: 2, batch: .max - 1024) == .tooOld(oldestRemembered: .max - 1023))
        #expect(window.count == 1024 - 1 + 1)
    }
}
