import CReelSystem
import Glibc

/// The clocks the store and the server look at; a test brings its own.
package protocol Clock: Sendable {
    /// Wall time, microseconds since 1970-01-01T00:00:00Z.
    var wallMicroseconds: Int64 { get }
    /// Time since boot, sleep included; it never jumps. Microseconds.
    var uptimeMicroseconds: Int64 { get }
    /// Whether something keeps wall time right: what it says now can be trusted.
    var isSynchronised: Bool { get }
}

/// The kernel's clocks.
package struct SystemClock: Clock {
    package init() {}

    package var wallMicroseconds: Int64 { read(CLOCK_REALTIME) }
    package var uptimeMicroseconds: Int64 { read(CLOCK_BOOTTIME) }

    /// What the kernel was told by whoever synchronises it (adjtimex(2)). A service may be kept from asking the kernel
    /// (`ProtectClock=`): then systemd-timesyncd's mark counts.
    package var isSynchronised: Bool {
        switch creel_clock_state() {
        case 1: true
        case 0: false
        default: Glibc.access("/run/systemd/timesync/synchronized", F_OK) == 0
        }
    }

    private func read(_ clock: clockid_t) -> Int64 {
        var time = timespec()
        clock_gettime(clock, &time)
        return Int64(time.tv_sec) * 1_000_000 + Int64(time.tv_nsec) / 1000
    }
}
