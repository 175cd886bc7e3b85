import Glibc

/// What stat(2) says of a file or directory.
package struct FileStatus: Sendable, Equatable {
    package enum Kind: Sendable { case regular, directory, socket, other }

    package var kind: Kind
    /// Permission bits, 07777.
    package var mode: UInt32
    package var ownerID: UInt32
    package var groupID: UInt32
    /// Names it has.
    package var linkCount: UInt64
    /// What it takes on the disk: less than its size where it has holes.
    package var allocatedBytes: UInt64

    package init(kind: Kind, mode: UInt32, ownerID: UInt32, groupID: UInt32 = 0) {
        self.kind = kind
        self.mode = mode
        self.ownerID = ownerID
        self.groupID = groupID
        linkCount = 1
        allocatedBytes = 0
    }

    /// - Parameter followsLinks: of a symbolic link, what it leads to.
    /// - Throws: the errno of stat(2).
    package init(of path: String, followsLinks: Bool = true) throws(SystemError) {
        var status = stat()
        guard fstatat(AT_FDCWD, path, &status, followsLinks ? 0 : AT_SYMLINK_NOFOLLOW) == 0 else {
            throw .last("stat", path)
        }
        kind =
            switch status.st_mode & S_IFMT {
            case S_IFREG: .regular
            case S_IFDIR: .directory
            case S_IFSOCK: .socket
            default: .other
            }
        mode = status.st_mode & 0o7777
        ownerID = status.st_uid
        groupID = status.st_gid
        linkCount = UInt64(status.st_nlink)
        allocatedBytes = UInt64(max(0, status.st_blocks)) * 512
    }

    /// `755`, as chmod(1) takes it.
    package var modeText: String { String(mode, radix: 8) }
}
