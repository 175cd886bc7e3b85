import Glibc

/// The seam between the store and the disk: everything the store does to files goes through here, so that a simulated
/// disk can stop the world at any call.
///
/// Paths are absolute. A call that throws has changed nothing unless it says otherwise.
package protocol FileSystem: Sendable {
    /// Opens a file for reading and writing. Never waits, and follows no symbolic link in the file's own place.
    ///
    /// - Throws: `isIrregularFile` where something else than a regular file is there; it is left alone.
    func open(_ path: String, _ mode: OpenMode) throws(SystemError) -> any File
    /// Makes a directory with mode 0700; an existing one is fine.
    func createDirectory(_ path: String) throws(SystemError)
    /// The names in a directory, unsorted, without `.` and `..`.
    func list(_ directory: String) throws(SystemError) -> [String]
    /// Replaces `to` by `from` in one step; durable once the directory has been synced.
    ///
    /// - Throws: `isIrregularFile`, with the path `to`, where that is a directory.
    func rename(_ from: String, to: String) throws(SystemError)
    func unlink(_ path: String) throws(SystemError)
    /// Gives a file a second name (link(2)).
    ///
    /// - Throws: EXDEV where the two names lie on different file systems, or there are no second names.
    func link(_ path: String, to other: String) throws(SystemError)
    /// Removes an empty directory.
    func removeDirectory(_ path: String) throws(SystemError)
    /// Makes creations, renames and removals in the directory durable.
    func syncDirectory(_ path: String) throws(SystemError)
    /// Bytes an unprivileged process may still write on that file system.
    func freeBytes(_ path: String) throws(SystemError) -> UInt64
    /// Bytes that file system has in all.
    func totalBytes(_ path: String) throws(SystemError) -> UInt64
    /// Which file system a path lies on: a number that two paths share where it is the same (st_dev of stat(2)).
    func deviceNumber(_ path: String) throws(SystemError) -> UInt64
}

package enum OpenMode: Sendable {
    /// Must exist.
    case existing
    /// Must exist; opened for reading only.
    case readOnly
    /// Made with mode 0600; must not exist.
    case new
    /// Made with mode 0600 where it does not exist.
    case createIfMissing
}

extension FileSystem {
    /// Opens or makes a file that holds nothing which could not be made again. What is in its place and no file is removed;
    /// of a symbolic link only the link.
    ///
    /// - Throws: `isIrregularFile` where it is a directory: what is in there may be somebody's.
    package func openDerived(_ path: String) throws(SystemError) -> any File {
        do {
            return try open(path, .createIfMissing)
        } catch {
            guard error.isIrregularFile else { throw error }
            do { try unlink(path) } catch let refusal { throw refusal.isDirectory ? error : refusal }
            return try open(path, .createIfMissing)
        }
    }

    /// A file system whose directories stay.
    package func removeDirectory(_ path: String) throws(SystemError) { throw SystemError(EPERM, "rmdir", path) }

    /// The only file system there is.
    package func deviceNumber(_ path: String) throws(SystemError) -> UInt64 { 0 }

    /// A file system without second names.
    package func link(_ path: String, to other: String) throws(SystemError) {
        throw SystemError(EXDEV, "link", path)
    }

    /// Removes a file that may be gone already.
    package func unlinkIfThere(_ path: String) throws(SystemError) {
        do {
            try unlink(path)
        } catch {
            guard error.isMissing else { throw error }
        }
    }
}

/// An open file. Reads and writes name their offset, so that any thread may use it at any time.
package protocol File: AnyObject, Sendable {
    var path: String { get }

    /// Writes all bytes. After a throw any part of them may be there.
    func write(_ bytes: [UInt8], at offsetBytes: UInt64) throws(SystemError)

    /// Appends up to `count` bytes from `offsetBytes` to `buffer`; fewer only where the file ends.
    func read(_ count: Int, at offsetBytes: UInt64, into buffer: inout [UInt8]) throws(SystemError)

    /// Hands bytes to a socket without their passing through the process (sendfile(2)). Never blocks on the socket.
    ///
    /// - Returns: `.moved` with what the kernel took; `.failed(EIO)` where the file ends before.
    func send(_ count: Int, at offsetBytes: UInt64, to socket: borrowing FileDescriptor) -> Transfer

    /// Makes all completed writes durable, the file's length included (fdatasync(2)). After a throw nothing is known
    /// of any write since the last good sync; it must not be called again.
    func sync() throws(SystemError)

    func sizeBytes() throws(SystemError) -> UInt64
    /// What the file takes on the disk: less than its size where it has holes (st_blocks of stat(2)).
    func allocatedBytes() throws(SystemError) -> UInt64
    func truncate(to sizeBytes: UInt64) throws(SystemError)
    /// Makes the file at least so long and gives it its blocks, so that writes within it do not meet a full disk.
    func allocate(_ sizeBytes: UInt64) throws(SystemError)

    /// Takes the file's lock for this process, without waiting.
    /// - Throws: EAGAIN where another process has it.
    func lock() throws(SystemError)

    /// Maps the file for reading.
    ///
    /// - Parameter windowBytes: address space to reserve; the file may grow into it later.
    func map(windowBytes: Int) throws(SystemError) -> any Mapping
}

extension File {
    /// A file without holes.
    package func allocatedBytes() throws(SystemError) -> UInt64 { try sizeBytes() }

    /// The bytes from `offsetBytes`, fewer than `count` only where the file ends.
    package func read(_ count: Int, at offsetBytes: UInt64) throws(SystemError) -> [UInt8] {
        var buffer: [UInt8] = []
        buffer.reserveCapacity(count)
        try read(count, at: offsetBytes, into: &buffer)
        return buffer
    }
}

/// A file mapped for reading; what is written to the file shows at once.
package protocol Mapping: AnyObject, Sendable {
    /// Calls `body` with a range of the file, which must lie within the file as it is now.
    func withBytes<Result, Failure: Error>(
        _ range: Range<Int>, _ body: (RawSpan) throws(Failure) -> Result
    ) throws(Failure) -> Result

    /// Whether the file was found shorter than it was said to be: pages of zeros were read in its place.
    var hasFaulted: Bool { get }
}
