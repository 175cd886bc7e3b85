import Glibc
import ReelHTTP
import ReelSystem

/// What the daemon's process takes, read from /proc. The process is the one that listens on the Unix socket, as the
/// kernel says; over TCP nobody says.
struct DaemonUsage: Sendable {
    struct Reading: Sendable {
        var cpuSeconds: Double
        var residentSizeBytes: UInt64
    }

    struct Spent: Sendable {
        /// User and system time between the two readings.
        var cpuSeconds: Double
        /// At the end.
        var residentSizeBytes: UInt64

        init(from before: Reading, to after: Reading) {
            cpuSeconds = after.cpuSeconds - before.cpuSeconds
            residentSizeBytes = after.residentSizeBytes
        }
    }

    let processID: Int32

    /// Nil where the process cannot be told.
    init?(_ endpoint: HTTPEndpoint) {
        guard case .unix(let path) = endpoint,
            let connection = try? Socket.connect(unix: path, timeoutSeconds: 5)
        else { return nil }
        // struct ucred: pid, uid, gid (unix(7)).
        var credentials: [Int32] = [0, 0, 0]
        var size = socklen_t(credentials.count * MemoryLayout<Int32>.size)
        guard getsockopt(connection.raw, SOL_SOCKET, SO_PEERCRED, &credentials, &size) == 0, credentials[0] > 0 else {
            return nil
        }
        processID = credentials[0]
    }

    /// Nil once the process is gone.
    func reading() -> Reading? {
        // The name in parentheses may hold blanks; fields are counted behind it, from the third (proc(5)).
        guard let stat = text("stat"), let close = stat.lastIndex(of: ")") else { return nil }
        let fields = stat[stat.index(after: close)...].split(separator: " ")
        guard fields.count > 21, let user = UInt64(fields[11]), let system = UInt64(fields[12]),
            let pages = UInt64(fields[21])
        else { return nil }
        return Reading(
            cpuSeconds: Double(user + system) / Double(sysconf(Int32(_SC_CLK_TCK))),
            residentSizeBytes: pages * UInt64(sysconf(Int32(_SC_PAGESIZE))))
    }

    private func text(_ file: String) -> String? {
        (try? SmallFile.read("/proc/\(processID)/\(file)", sizeMaxBytes: 1 << 16)).map {
            String(decoding: $0, as: UTF8.self)
        }
    }
}
