import Glibc

/// A system call that failed: which, on what, and the errno.
package struct SystemError: Error, Equatable, Sendable, CustomStringConvertible {
    package var code: Int32
    package var call: String
    package var path: String

    package init(_ code: Int32, _ call: String, _ path: String = "") {
        self.code = code
        self.call = call
        self.path = path
    }

    /// The error of the call that just failed on this thread.
    package static func last(_ call: String, _ path: String = "") -> SystemError {
        SystemError(errno, call, path)
    }

    /// No space left on the medium or in the user's quota.
    package var isDiskFull: Bool { code == ENOSPC || code == EDQUOT }
    /// Of unlink(2): a directory, which it removes none of.
    package var isDirectory: Bool { code == EISDIR || code == EPERM }
    /// Somebody's rights, or a mount's, are against it.
    package var isDenied: Bool { code == EACCES || code == EPERM || code == EROFS }
    package var isMissing: Bool { code == ENOENT }
    /// Of a lock: another process has it. fcntl(2).
    package var isHeldByAnother: Bool { code == EAGAIN || code == EACCES }

    /// In the place of an errno, which Linux has none for: what is there is no regular file.
    package static let irregularFile: Int32 = -1
    package var isIrregularFile: Bool { code == SystemError.irregularFile }

    /// What the kernel says: "No such file or directory".
    package var reason: String {
        guard !isIrregularFile else {
            return "not a regular file, but a directory, symbolic link, FIFO, socket or device; move it away"
        }
        return String(cString: strerror(code))
    }

    package var description: String {
        path.isEmpty ? "\(call): \(reason)" : "\(call) \(path): \(reason)"
    }
}
