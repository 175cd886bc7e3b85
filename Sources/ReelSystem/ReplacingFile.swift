import Glibc

/// A file that appears under its name only once it is whole, in the place of what was there; left alone it vanishes.
package struct ReplacingFile: ~Copyable {
    private let path: String
    private let temporaryPath: String
    private let file: FileDescriptor
    private var isCommitted = false

    /// Makes a temporary file beside `path`. What is written so is of persons: the file is its owner's alone (0600), whatever
    /// the umask says and the old file was.
    ///
    /// - Throws: the errno of open(2); EISDIR where `path` is a directory.
    package init(_ path: String) throws(SystemError) {
        guard !SmallFile.isDirectory(path) else { throw SystemError(EISDIR, "open", path) }
        let temporaryPath = "\(path).part-\(getpid())"
        let raw = open(temporaryPath, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard raw >= 0 else { throw .last("open", temporaryPath) }
        self.path = path
        self.temporaryPath = temporaryPath
        file = FileDescriptor(owning: raw)
    }

    package func write(_ bytes: [UInt8]) throws(SystemError) { try writeAll(bytes, to: file.raw) }

    /// Puts the file in its place.
    ///
    /// - Throws: the errno of fsync(2) or rename(2); the old file is still there then.
    package consuming func commit() throws(SystemError) {
        guard fsync(file.raw) == 0 else { throw .last("fsync", temporaryPath) }
        guard rename(temporaryPath, path) == 0 else { throw .last("rename", path) }
        isCommitted = true
    }

    deinit {
        if !isCommitted { unlink(temporaryPath) }
    }
}
