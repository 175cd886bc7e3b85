import Glibc

/// The kernel's file system.
package struct HostFileSystem: FileSystem {
    package init() {}

    package func open(_ path: String, _ mode: OpenMode) throws(SystemError) -> any File {
        let flags: Int32 =
            switch mode {
            case .existing: O_RDWR
            case .readOnly: O_RDONLY
            case .new: O_RDWR | O_CREAT | O_EXCL
            case .createIfMissing: O_RDWR | O_CREAT
            }
        // O_NONBLOCK means nothing to a regular file; of a FIFO the open would wait for its other end.
        let raw = retrying { Glibc.open(path, flags | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0o600) }
        guard raw >= 0 else {
            // A symbolic link, a directory, a socket.
            let isIrregular = [ELOOP, EISDIR, ENXIO].contains(errno)
            throw isIrregular ? SystemError(SystemError.irregularFile, "open", path) : .last("open", path)
        }
        let descriptor = FileDescriptor(owning: raw)
        var status = stat()
        guard fstat(descriptor.raw, &status) == 0 else { throw SystemError.last("fstat", path) }
        guard status.st_mode & S_IFMT == S_IFREG else { throw SystemError(SystemError.irregularFile, "open", path) }
        return HostFile(descriptor, path: path)
    }

    package func createDirectory(_ path: String) throws(SystemError) {
        guard Glibc.mkdir(path, 0o700) == 0 || errno == EEXIST else { throw SystemError.last("mkdir", path) }
    }

    package func list(_ directory: String) throws(SystemError) -> [String] {
        guard let stream = retrying({ opendir(directory) }) else { throw SystemError.last("opendir", directory) }
        defer { closedir(stream) }
        var names: [String] = []
        while true {
            errno = 0
            guard let entry = readdir(stream) else {
                if errno != 0 { throw SystemError.last("readdir", directory) }
                return names
            }
            let name = withUnsafePointer(to: &entry.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if name != "." && name != ".." { names.append(name) }
        }
    }

    package func rename(_ from: String, to: String) throws(SystemError) {
        guard Glibc.rename(from, to) == 0 else {
            throw errno == EISDIR ? SystemError(SystemError.irregularFile, "rename", to) : .last("rename", from)
        }
    }

    package func unlink(_ path: String) throws(SystemError) {
        guard Glibc.unlink(path) == 0 else { throw SystemError.last("unlink", path) }
    }

    package func removeDirectory(_ path: String) throws(SystemError) {
        guard Glibc.rmdir(path) == 0 else { throw SystemError.last("rmdir", path) }
    }

    package func link(_ path: String, to other: String) throws(SystemError) {
        guard Glibc.link(path, other) == 0 else { throw SystemError.last("link", path) }
    }

    package func syncDirectory(_ path: String) throws(SystemError) {
        let raw = retrying { Glibc.open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC) }
        guard raw >= 0 else { throw SystemError.last("open", path) }
        let directory = FileDescriptor(owning: raw)
        guard Glibc.fsync(directory.raw) == 0 else { throw SystemError.last("fsync", path) }
    }

    package func freeBytes(_ path: String) throws(SystemError) -> UInt64 {
        var status = Glibc.statvfs()
        guard retrying({ statvfs(path, &status) }) == 0 else { throw SystemError.last("statvfs", path) }
        return UInt64(status.f_bavail) * UInt64(status.f_frsize)
    }

    package func deviceNumber(_ path: String) throws(SystemError) -> UInt64 {
        var status = stat()
        guard fstatat(AT_FDCWD, path, &status, 0) == 0 else { throw SystemError.last("stat", path) }
        return UInt64(status.st_dev)
    }

    package func totalBytes(_ path: String) throws(SystemError) -> UInt64 {
        var status = Glibc.statvfs()
        guard retrying({ statvfs(path, &status) }) == 0 else { throw SystemError.last("statvfs", path) }
        return UInt64(status.f_blocks) * UInt64(status.f_frsize)
    }
}

/// Calls again while a signal interrupted the call. Not for syncs, whose error is told once, nor for renames and removals,
/// which may have been done.
func retrying(_ call: () -> OpaquePointer?) -> OpaquePointer? {
    while true {
        let result = call()
        if result != nil || errno != EINTR { return result }
    }
}

func retrying<Result: SignedInteger>(_ call: () -> Result) -> Result {
    while true {
        let result = call()
        if result != -1 || errno != EINTR { return result }
    }
}
