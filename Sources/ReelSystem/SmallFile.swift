import Glibc

/// Whole files that are read or made in one go: configuration, tokens, imports. The store's own files go through the
/// file-system seam instead.
package enum SmallFile {
    /// Reads a file from its beginning to its end.
    ///
    /// - Parameter sizeMaxBytes: a longer file fails with EFBIG before memory is spent on it.
    /// - Throws: the errno of open(2) or read(2); EISDIR for a directory.
    package static func read(_ path: String, sizeMaxBytes: Int) throws(SystemError) -> [UInt8] {
        let raw = open(path, O_RDONLY | O_CLOEXEC)
        guard raw >= 0 else { throw .last("open", path) }
        let file = FileDescriptor(owning: raw)
        var bytes: [UInt8] = []
        var isAtEnd = false
        while !isAtEnd {
            let step = max(64 << 10, min(bytes.count, 4 << 20))
            let start = bytes.count
            bytes.append(contentsOf: repeatElement(0, count: step))
            let count = bytes[start...].withUnsafeMutableBytes { Glibc.read(file.raw, $0.baseAddress, $0.count) }
            if count < 0, errno != EINTR { throw .last("read", path) }
            bytes.removeLast(step - max(count, 0))
            isAtEnd = count == 0
            if bytes.count > sizeMaxBytes { throw SystemError(EFBIG, "read", path) }
        }
        return bytes
    }

    /// Makes a file that did not exist, readable by its owner only, and waits until it is on disk.
    ///
    /// - Throws: EEXIST when somebody else made it first; a half-written file is removed again.
    package static func createPrivate(_ path: String, holding bytes: [UInt8]) throws(SystemError) {
        let raw = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard raw >= 0 else { throw .last("open", path) }
        let file = FileDescriptor(owning: raw)
        do throws(SystemError) {
            try writeAll(bytes, to: file.raw)
            guard fsync(file.raw) == 0 else { throw SystemError.last("fsync", path) }
            try syncDirectory(of: path)
        } catch {
            unlink(path)
            throw error
        }
    }

    /// Makes the file's name as durable as its bytes.
    private static func syncDirectory(of path: String) throws(SystemError) {
        let slash = path.utf8.lastIndex(of: UInt8(ascii: "/"))
        let name = slash.map { $0 == path.startIndex ? "/" : String(path[..<$0]) } ?? "."
        let raw = open(name, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard raw >= 0 else { throw .last("open", name) }
        let directory = FileDescriptor(owning: raw)
        guard fsync(directory.raw) == 0 else { throw .last("fsync", name) }
    }

    /// The permission bits and owner of what is at `path`, symbolic links followed.
    package static func access(of path: String) throws(SystemError) -> (mode: UInt32, owner: UInt32) {
        var status = stat()
        guard stat(path, &status) == 0 else { throw .last("stat", path) }
        return (status.st_mode & 0o7777, status.st_uid)
    }

    /// The size of the file at `path`, symbolic links followed.
    package static func sizeBytes(of path: String) throws(SystemError) -> UInt64 {
        var status = stat()
        guard stat(path, &status) == 0 else { throw .last("stat", path) }
        return UInt64(max(0, status.st_size))
    }

    package static func isDirectory(_ path: String) -> Bool {
        var status = stat()
        return stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
    }

    /// The names in a directory, without `.` and `..`, in the order of their bytes.
    ///
    /// - Throws: the errno of opendir(3) or readdir(3); ENOENT when there is no such directory.
    package static func names(in path: String) throws(SystemError) -> [String] {
        guard let directory = opendir(path) else { throw .last("opendir", path) }
        defer { closedir(directory) }
        var names: [String] = []
        errno = 0
        while let entry = readdir(directory) {
            let name = withUnsafeBytes(of: &entry.pointee.d_name) {
                String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self)
            }
            if name != "." && name != ".." { names.append(name) }
            errno = 0
        }
        guard errno == 0 else { throw .last("readdir", path) }
        return names.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
    }
}
