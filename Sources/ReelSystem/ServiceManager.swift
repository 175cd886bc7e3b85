import CReelSystemd
import Glibc

/// What the daemon tells the service manager, and what it gets from it. Without systemd nothing happens.
package enum ServiceManager {
    /// A state of the service. See sd_notify(3).
    package enum State: Sendable, Equatable {
        case ready
        case reloading(uptimeMicroseconds: Int64)
        case stopping
        /// One line for `systemctl status`.
        case status(String)
        /// Still at work: what the manager waits for when the unit has a WatchdogSec=.
        case alive

        var assignments: String {
            switch self {
            case .ready: "READY=1"
            // Type=notify-reload wants the monotonic time of the reload, to tell a late message from a new one.
            case .reloading(let uptime): "RELOADING=1\nMONOTONIC_USEC=\(uptime)"
            case .stopping: "STOPPING=1"
            case .status(let text): "STATUS=\(text.printable)"
            case .alive: "WATCHDOG=1"
            }
        }
    }

    /// Tells the states in one datagram; false when no manager listens.
    @discardableResult
    package static func notify(_ states: State...) -> Bool {
        sd_notify(0, states.map(\.assignments).joined(separator: "\n")) > 0
    }

    /// Says that a reload began, with the clock the manager compares by.
    @discardableResult
    package static func notifyReloading() -> Bool {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        let microseconds = Int64(time.tv_sec) * 1_000_000 + Int64(time.tv_nsec) / 1000
        return notify(.reloading(uptimeMicroseconds: microseconds))
    }

    /// How long the manager waits for `.alive` before it kills the service, in milliseconds; nil when it does not.
    /// See sd_watchdog_enabled(3).
    package static var watchdogMilliseconds: Int? {
        var microseconds: UInt64 = 0
        guard sd_watchdog_enabled(0, &microseconds) > 0 else { return nil }
        return Int(min(microseconds / 1000, UInt64(Int32.max)))
    }

    /// A listening socket opened by the service manager.
    package struct AdoptedSocket: Sendable, Equatable {
        /// The caller owns it; close-on-exec is set, non-blocking is the caller's to set.
        package var raw: Int32
        package var isUnix: Bool
        /// A path, or an address and port, as the kernel has it.
        package var name: String

        package init(raw: Int32, isUnix: Bool, name: String) {
            self.raw = raw
            self.isUnix = isUnix
            self.name = name
        }
    }

    /// The sockets passed by socket activation; empty when there are none. Descriptors that are no listening stream
    /// sockets are closed and left out.
    ///
    /// To be called once, before any thread starts: it clears LISTEN_FDS from the environment so that children do not
    /// believe the sockets are theirs. See sd_listen_fds(3).
    package static func adoptSockets() -> [AdoptedSocket] {
        let count = sd_listen_fds(1)
        guard count > 0 else { return [] }
        var sockets: [AdoptedSocket] = []
        for raw in listenFirst..<listenFirst + count {
            if sd_is_socket(raw, AF_UNSPEC, Int32(SOCK_STREAM.rawValue), 1) > 0 {
                let isUnix = sd_is_socket(raw, AF_UNIX, 0, -1) > 0
                sockets.append(AdoptedSocket(raw: raw, isUnix: isUnix, name: Socket.name(of: raw)))
            } else {
                FileDescriptor(owning: raw).close()
            }
        }
        return sockets
    }

    /// SD_LISTEN_FDS_START: the number of the first descriptor passed.
    private static let listenFirst: Int32 = 3
}
