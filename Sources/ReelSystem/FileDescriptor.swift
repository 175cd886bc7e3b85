import Glibc

/// The owner of one open file descriptor; closes it when it goes.
package struct FileDescriptor: ~Copyable, Sendable {
    package let raw: Int32

    package init(owning raw: Int32) { self.raw = raw }

    /// Closes now. The kernel frees the number whatever close(2) returns, so nothing is reported.
    package consuming func close() {
        Glibc.close(raw)
        discard self
    }

    /// Gives the number to another owner.
    package consuming func release() -> Int32 {
        let number = raw
        discard self
        return number
    }

    deinit { Glibc.close(raw) }
}
