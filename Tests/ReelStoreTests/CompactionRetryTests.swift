import Testing

@testable import ReelStore

/// When compaction that failed is tried again.
struct CompactionRetryTests {
    private static let second: Int64 = 1_000_000

    @Test func theFirstTryWaitsForNothing() {
        #expect(CompactionRetry().isDue(uptime: 0, freeBytes: 0))
    }

    @Test func itIsTriedLaterAndLaterAndNeverGivenUp() {
        var retry = CompactionRetry()
        var now: Int64 = 0
        var pauses: [Int64] = []
        for _ in 0..<12 {
            retry.note(.readOnly, uptime: now, freeBytes: 0)
            var pause: Int64 = 1
            while !retry.isDue(uptime: now + pause * Self.second, freeBytes: .max) { pause += 1 }
            pauses.append(pause)
            now += pause * Self.second
        }
        #expect(pauses == [5, 10, 20, 40, 80, 160, 320, 600, 600, 600, 600, 600])
    }

    @Test func roomThatCameBackIsUsedAtOnce() {
        var retry = CompactionRetry()
        for _ in 0..<5 { retry.note(.diskFull, uptime: 0, freeBytes: 10 << 20) }
        #expect(!retry.isDue(uptime: Self.second, freeBytes: 10 << 20))
        #expect(!retry.isDue(uptime: Self.second, freeBytes: (11 << 20) - 1))
        #expect(retry.isDue(uptime: Self.second, freeBytes: 11 << 20) && retry.hasRoomAgain(freeBytes: 11 << 20))
        // Room is no cure of anything else.
        retry.note(.readOnly, uptime: 0, freeBytes: 10 << 20)
        #expect(!retry.isDue(uptime: Self.second, freeBytes: .max))
    }
}
