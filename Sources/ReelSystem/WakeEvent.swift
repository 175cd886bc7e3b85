import CReelSystem

/// An eventfd(2) by which any thread wakes the one that polls it.
package final class WakeEvent: Sendable {
    private let fd: FileDescriptor

    package init() throws(SystemError) {
        let result = creel_event_create()
        guard result >= 0 else { throw SystemError(-result, "eventfd") }
        fd = FileDescriptor(owning: result)
    }

    /// For `Poller.addInput`; it stays readable until `clear`.
    package var raw: Int32 { fd.raw }

    package func signal() { creel_event_signal(fd.raw) }
    package func clear() { creel_event_clear(fd.raw) }
}
