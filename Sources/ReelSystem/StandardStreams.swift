import Glibc

/// Writes all the bytes, as many calls as it takes; interrupted calls go on.
///
/// - Throws: the errno of write(2); what was written before it stays written.
package func writeAll(_ bytes: [UInt8], to descriptor: Int32) throws(SystemError) {
    var start = 0
    while start < bytes.count {
        let count = bytes[start...].withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
        if count >= 0 {
            start += count
        } else if errno == EAGAIN {
            // Somebody made the terminal non-blocking; wait for room instead of spinning.
            var ready = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
            poll(&ready, 1, -1)
        } else if errno != EINTR {
            throw .last("write")
        }
    }
}

/// What is known of a terminal behind a descriptor.
package enum Terminal {
    package static func isConnected(to descriptor: Int32) -> Bool { isatty(descriptor) == 1 }

    /// Columns of the terminal, or nil when there is none or it does not say.
    package static func columnCount(of descriptor: Int32) -> Int? {
        var size = winsize()
        guard ioctl(descriptor, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else { return nil }
        return Int(size.ws_col)
    }
}
