import ReelSystem

/// Whether wall time may decide what is deleted. A clock that is wrong by years would else delete everything at once, and
/// nothing would bring it back.
struct ClockJudge: Sendable {
    /// Without synchronisation a machine that ran so long is taken for one that somebody looks at.
    static let uptimeMinMicroseconds: Int64 = 24 * 3_600_000_000
    /// A clock that moved further against the time since boot is suspect.
    static let jumpMaxMicroseconds: Int64 = 24 * 3_600_000_000

    enum Verdict: Sendable, Equatable {
        case trusted
        /// Nothing keeps it right, and the machine has not run for a day.
        case unsynchronised
        /// It is before the newest frame, by so many microseconds.
        case behind(Int64)
        /// It jumped since it was last trusted, or was far from the newest frame when the store was opened. A power-off
        /// of days looks the same.
        case moved(Int64)
    }

    /// Wall time less time since boot, when it was last trusted.
    private var offsetMicroseconds: Int64
    /// From the newest frame to the opening of the store.
    private var gapMicroseconds: Int64

    /// - Parameter newestMicroseconds: the receive time of the newest frame, 0 where there is none.
    init(_ clock: any Clock, newestMicroseconds: Int64) {
        offsetMicroseconds = clock.wallMicroseconds - clock.uptimeMicroseconds
        gapMicroseconds = newestMicroseconds > 0 ? clock.wallMicroseconds - newestMicroseconds : 0
    }

    /// Somebody looked at the clock and found it right.
    mutating func confirm(_ clock: any Clock) {
        offsetMicroseconds = clock.wallMicroseconds - clock.uptimeMicroseconds
        gapMicroseconds = 0
    }

    /// - Parameters:
    ///   - newestMicroseconds: the receive time of the newest frame.
    ///   - isAsked: by an admin, who can look at the clock himself: it need not be synchronised.
    func verdict(_ clock: any Clock, newestMicroseconds: Int64, isAsked: Bool) -> Verdict {
        let wall = clock.wallMicroseconds
        let uptime = clock.uptimeMicroseconds
        guard wall >= newestMicroseconds else { return .behind(newestMicroseconds - wall) }
        if !isAsked, !clock.isSynchronised, uptime < ClockJudge.uptimeMinMicroseconds { return .unsynchronised }
        let jump = wall - uptime - offsetMicroseconds
        let farthest = abs(jump) >= abs(gapMicroseconds) ? jump : gapMicroseconds
        return abs(farthest) > ClockJudge.jumpMaxMicroseconds ? .moved(farthest) : .trusted
    }
}
