import CReelSystem

/// What a watched descriptor is ready for.
package struct Readiness: OptionSet, Sendable {
    package let rawValue: UInt32
    package init(rawValue: UInt32) { self.rawValue = rawValue }

    package static let readable = Readiness(rawValue: UInt32(CREEL_READABLE))
    package static let writable = Readiness(rawValue: UInt32(CREEL_WRITABLE))
    /// The peer has shut down its writing side; it may still read.
    package static let peerClosed = Readiness(rawValue: UInt32(CREEL_PEER_CLOSED))
    /// Both directions are gone, or the socket is in error.
    package static let hungUp = Readiness(rawValue: UInt32(CREEL_HUNG_UP))
}

/// One epoll(7) instance, owned by one thread.
///
/// A closed descriptor leaves by itself; an event already fetched for it may still come out, so tags should carry
/// a generation.
package struct Poller: ~Copyable {
    private static let eventCountMax = 256

    private let fd: FileDescriptor
    private var tags = [UInt64](repeating: 0, count: eventCountMax)
    private var bits = [UInt32](repeating: 0, count: eventCountMax)

    package init() throws(SystemError) {
        let result = creel_poller_create()
        guard result >= 0 else { throw SystemError(-result, "epoll_create1") }
        fd = FileDescriptor(owning: result)
    }

    /// Watches for input while there is some (level-triggered): for listeners and wake-ups.
    package func addInput(_ raw: Int32, tag: UInt64) throws(SystemError) { try add(raw, tag, edge: false) }

    /// Watches for every change of both directions (edge-triggered): for connections.
    package func addEdges(_ raw: Int32, tag: UInt64) throws(SystemError) { try add(raw, tag, edge: true) }

    private func add(_ raw: Int32, _ tag: UInt64, edge: Bool) throws(SystemError) {
        let result = creel_poller_add(fd.raw, raw, tag, edge)
        guard result == 0 else { throw SystemError(-result, "epoll_ctl") }
    }

    package func remove(_ raw: Int32) { _ = creel_poller_remove(fd.raw, raw) }

    /// Waits for events; they are read by `event(at:)` until the next wait.
    ///
    /// - Parameter timeoutMilliseconds: -1 waits for ever.
    /// - Returns: how many there are, at most 256; 0 after the timeout or a signal.
    package mutating func wait(timeoutMilliseconds: Int32) -> Int {
        let count = creel_poller_wait(fd.raw, &tags, &bits, Int32(Self.eventCountMax), timeoutMilliseconds)
        precondition(count >= 0, "epoll_wait: errno \(-count)")
        return Int(count)
    }

    package func event(at index: Int) -> (tag: UInt64, readiness: Readiness) {
        (tags[index], Readiness(rawValue: bits[index]))
    }
}
