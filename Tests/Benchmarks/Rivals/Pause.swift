import Glibc

/// Waiting for another process.
enum Pause {
    static func milliseconds(_ count: UInt32) { usleep(count * 1000) }
}
