import Glibc

/// Why a file is not taken for a secret that only its owner could have put there.
package enum PrivateFileFault: Error, Equatable, Sendable {
    /// open(2), fstat(2) or read(2) failed; `isMissing` where there is no such file.
    case system(SystemError)
    /// A directory, a pipe, a device.
    case notRegular
    /// It belongs to a user who is neither the process's own nor root.
    case foreignOwner(userID: UInt32)
    /// A symbolic link on which such a user decides.
    case foreignLink(userID: UInt32)
    /// Others than its owner may read or write it.
    case shared(mode: UInt32)
    case tooLong(sizeMaxBytes: Int)
}

/// Small files with secrets, which must be their owner's alone.
package enum PrivateFile {
    /// Who may have access.
    package enum Access: Sendable {
        /// The owner: 0600, 0400.
        case owner
        /// The owner, and a group that reads: what a systemd credential looks like, whose access control list for the service's user
        /// shows in the group's bits (acl(5)). The directory around it is the service's own.
        case ownerAndReadingGroup

        fileprivate var forbiddenBits: UInt32 { self == .owner ? 0o7177 : 0o7137 }
    }

    /// Reads a whole file. What is checked is the open file itself, so that nobody can exchange it in between; where a symbolic
    /// link leads there, whoever made the link must be trusted, too.
    ///
    /// - Throws: what is wrong with the file, or that it cannot be read.
    package static func read(
        _ path: String, access: Access = .owner, sizeMaxBytes: Int
    ) throws(PrivateFileFault) -> [UInt8] {
        // Without O_NONBLOCK a pipe would make the caller wait for a writer.
        let raw = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY)
        guard raw >= 0 else { throw .system(.last("open", path)) }
        let file = FileDescriptor(owning: raw)
        var link = stat()
        guard lstat(path, &link) == 0 else { throw .system(.last("lstat", path)) }
        guard link.st_mode & S_IFMT != S_IFLNK || isTrusted(link.st_uid) else {
            throw .foreignLink(userID: link.st_uid)
        }
        var status = stat()
        guard fstat(file.raw, &status) == 0 else { throw .system(.last("fstat", path)) }
        guard status.st_mode & S_IFMT == S_IFREG else { throw .notRegular }
        guard isTrusted(status.st_uid) else { throw .foreignOwner(userID: status.st_uid) }
        guard status.st_mode & access.forbiddenBits == 0 else { throw .shared(mode: status.st_mode & 0o7777) }
        // One buffer that never moves, so that whoever wipes it has wiped all.
        var bytes = [UInt8](repeating: 0, count: sizeMaxBytes + 1)
        var size = 0
        while size < bytes.count {
            let count = bytes[size...].withUnsafeMutableBytes { space in
                retrying { Glibc.read(file.raw, space.baseAddress, space.count) }
            }
            guard count >= 0 else { throw .system(.last("read", path)) }
            if count == 0 { break }
            size += count
        }
        guard size <= sizeMaxBytes else { throw .tooLong(sizeMaxBytes: sizeMaxBytes) }
        bytes.removeLast(bytes.count - size)
        return bytes
    }

    private static func isTrusted(_ userID: UInt32) -> Bool { userID == 0 || userID == geteuid() }
}
