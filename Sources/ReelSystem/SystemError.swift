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
    package var isMissing: Bool { code == ENOENT }

    /// What the kernel says: "No such file or directory".
    package var reason: String { String(cString: strerror(code)) }

    package var description: String {
        path.isEmpty ? "\(call): \(reason)" : "\(call) \(path): \(reason)"
    }
}
