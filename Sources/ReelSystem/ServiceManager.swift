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

        var assignments: String {
            switch self {
            case .ready: "READY=1"
            // Type=notify-reload wants the monotonic time of the reload, to tell a late message from a new one.
            case .reloading(let uptime): "RELOADING=1\nMONOTONIC_USEC=\(uptime)"
            case .stopping: "STOPPING=1"
            case .status(let text): "STATUS=\(text.printable)"
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

    /// A listening socket opened by the service manager.
    package struct AdoptedSocket: Sendable, Equatable {
        /// The caller owns it; close-on-exec is set, non-blocking is the caller's to set.
        package var raw: Int32
        package var isUnix: Bool
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
                sockets.append(AdoptedSocket(raw: raw, isUnix: sd_is_socket(raw, AF_UNIX, 0, -1) > 0))
            } else {
                FileDescriptor(owning: raw).close()
            }
        }
        return sockets
    }

    /// SD_LISTEN_FDS_START: the number of the first descriptor passed.
    private static let listenFirst: Int32 = 3
}
