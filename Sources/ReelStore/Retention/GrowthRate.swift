import ReelFormat
import ReelSystem

/// How fast the log grows, told by the recordings that are in it, by what they take now and when the last of them came. So it is
/// fair to what is gone: compaction saves what is to come as well, and what retention removed is from before the days looked at.
/// What was erased, or went early with its project, does not fill a disk and is not counted.
package struct GrowthRate: Sendable, Equatable {
    /// Days that are looked at, at most: two weeks have each day of the week alike.
    package static let windowMaxMicroseconds: Int64 = 14 * dayMicroseconds
    /// With less than a day nothing is said: nights are not days.
    package static let windowMinMicroseconds = dayMicroseconds
    private static let dayMicroseconds: Int64 = 86_400_000_000

    /// What came in that time and is there, about.
    package var sizeBytes: UInt64
    package var windowMicroseconds: Int64

    package init(sizeBytes: UInt64, windowMicroseconds: Int64) {
        precondition(windowMicroseconds > 0)
        self.sizeBytes = sizeBytes
        self.windowMicroseconds = windowMicroseconds
    }

    package var bytesPerDay: UInt64 {
        UInt64(Double(sizeBytes) / (Double(windowMicroseconds) / Double(GrowthRate.dayMicroseconds)))
    }
}

/// Adds recordings up to a rate.
struct GrowthTally {
    private let now: Int64
    private let windowStart: Int64
    private var oldestMicroseconds = Int64.max
    private var sizeBytes: UInt64 = 0

    /// - Parameter now: microseconds since 1970.
    init(now: Int64) {
        self.now = now
        windowStart = now - GrowthRate.windowMaxMicroseconds
    }

    mutating func add(_ row: RecordingRow) {
        // A clock that was wrong once must not decide.
        guard row.status != .erased, row.createdMicroseconds <= now, row.lastReceivedMicroseconds <= now else { return }
        oldestMicroseconds = min(oldestMicroseconds, row.createdMicroseconds)
        if row.lastReceivedMicroseconds >= windowStart { sizeBytes += ExpiryCandidate(row).sizeBytes }
    }

    /// Nil where the log does not go back a day.
    var rate: GrowthRate? {
        let window = now - max(windowStart, oldestMicroseconds)
        guard oldestMicroseconds != .max, window >= GrowthRate.windowMinMicroseconds else { return nil }
        return GrowthRate(sizeBytes: sizeBytes, windowMicroseconds: window)
    }
}

/// The rate of an open store: a walk over every row, so not made anew for everybody who asks.
final class GrowthMeter: Sendable {
    private static let validMicroseconds: Int64 = 10 * 60_000_000

    private let context: StoreContext
    private let last = Monitor<(uptime: Int64, rate: GrowthRate?)?>(nil)

    init(_ context: StoreContext) { self.context = context }

    var rate: GrowthRate? {
        last.withLock { last in
            let uptime = context.clock.uptimeMicroseconds
            if let last, uptime - last.uptime < GrowthMeter.validMicroseconds { return last.rate }
            var tally = GrowthTally(now: context.clock.wallMicroseconds)
            context.eachRow { tally.add($0) }
            last = (uptime, tally.rate)
            return tally.rate
        }
    }
}

extension Store {
    /// How fast the log grows; at most ten minutes old. Nil where the log does not go back a day.
    package var growth: GrowthRate? { growthMeter.rate }
}
