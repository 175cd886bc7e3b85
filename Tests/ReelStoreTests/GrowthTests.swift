import ReelFormat
import ReelSystem
import StoreFixtures
import Testing

@testable import ReelStore

/// The rate is what comes in a day, whatever retention and compaction took.
struct GrowthTests {
    private static let day: Int64 = 86_400

    /// Records the same every day.
    private func record(_ days: Int, _ store: Store, _ clock: FakeClock) throws {
        for _ in 0..<days {
            clock.advance(seconds: Self.day / 2)
            let number = try store.start().recording.number
            _ = try store.append(makeEvents(200), to: number)
            _ = try store.end(number)
            clock.advance(seconds: Self.day / 2)
        }
    }

    private func sizeBytes(_ store: Store, _ number: UInt64) throws -> UInt64 {
        ExpiryCandidate(try store.recording(number).row).sizeBytes
    }

    @Test func nothingIsSaidBeforeTheLogGoesBackADay() throws {
        let clock = FakeClock()
        let directory = TemporaryDirectory()
        let store = try Store.forTest(directory, clock: clock)
        defer { store.close() }
        #expect(store.growth == nil)
        _ = try store.append(makeEvents(200), to: try store.start().recording.number)
        clock.advance(seconds: Self.day - 1)
        #expect(store.growth == nil)
        // It is kept for ten minutes: for many who ask the rows are read once.
        clock.advance(seconds: 1)
        #expect(store.growth == nil)
        clock.advance(seconds: 600)
        #expect(store.growth?.windowMicroseconds == (Self.day + 600) * 1_000_000)
    }

    @Test func theRateIsThatOfTheLastTwoWeeks() throws {
        let clock = FakeClock()
        let directory = TemporaryDirectory()
        let store = try Store.forTest(directory, clock: clock)
        defer { store.close() }
        try record(30, store, clock)
        let rate = try #require(store.growth)
        let size = try sizeBytes(store, 30)
        #expect(rate.windowMicroseconds == GrowthRate.windowMaxMicroseconds)
        #expect(rate.sizeBytes == 14 * size && rate.bytesPerDay == size)
        // Two weeks without a visitor.
        clock.advance(seconds: 15 * Self.day)
        #expect(store.growth?.bytesPerDay == 0)
    }

    @Test func whatRetentionRemovesAndCompactionSavesDoesNotMislead() throws {
        let clock = FakeClock()
        let directory = TemporaryDirectory()
        let store = try Store.forTest(directory, clock: clock) {
            $0.retention.ageMaxMicroseconds = 5 * Self.day * 1_000_000
        }
        defer { store.close() }
        try record(20, store, clock)
        try store.keepLimits()
        _ = try store.vacuum()
        clock.advance(seconds: 600)
        // The log does not grow any more, and still so much comes in a day.
        let rate = try #require(store.growth)
        let size = try sizeBytes(store, 20)
        #expect(store.statistics.expiredRecordingCount >= 14)
        #expect(rate.windowMicroseconds < 6 * Self.day * 1_000_000)
        #expect(rate.bytesPerDay > size / 10 * 9 && rate.bytesPerDay < size / 10 * 13, "\(rate) of \(size)")
    }

    @Test func aClockThatWasWrongOnceDecidesNothing() throws {
        var tally = GrowthTally(now: 100 * Self.day * 1_000_000)
        var row = RecordingRow(number: 1, id: .unknown)
        row.createdMicroseconds = 200 * Self.day * 1_000_000
        row.lastReceivedMicroseconds = row.createdMicroseconds
        row.storedSizeBytes = 1 << 30
        tally.add(row)
        #expect(tally.rate == nil)
    }

    @Test func fromOutsideTheSameIsSeenAsFromInside() throws {
        let clock = FakeClock()
        let directory = TemporaryDirectory()
        let store = try Store.forTest(directory, clock: clock)
        try record(3, store, clock)
        let rate = try #require(store.growth)
        let log = store.statistics.logSizeBytes
        store.close()
        let identity = try #require(try Store.identity(of: directory.path))
        let glance = try StoreGlance(directory.path, identity, now: clock.wallMicroseconds)
        #expect(glance.growth == rate)
        #expect(glance.logBytes >= log && glance.newestMicroseconds > 0 && glance.verification == nil)
    }
}
