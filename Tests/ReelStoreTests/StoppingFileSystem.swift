import Glibc
import ReelSystem

/// The kernel's file system until so many changes were made; every later one fails, as after a kill nothing happens.
final class StoppingFileSystem: FileSystem, Sendable {
    private let host = HostFileSystem()
    private let left: Monitor<Int>

    init(after changeCount: Int) { left = Monitor(changeCount) }

    /// Whether a change was refused.
    var hasStopped: Bool { left.withLock { $0 < 0 } }

    fileprivate func change(_ call: String, _ path: String) throws(SystemError) {
        let isAllowed = left.withLock { left in
            if left >= 0 { left -= 1 }
            return left >= 0
        }
        if !isAllowed { throw SystemError(EIO, call, path) }
    }

    func open(_ path: String, _ mode: OpenMode) throws(SystemError) -> any File {
        if mode == .new { try change("open", path) }
        return StoppingFile(try host.open(path, mode), self)
    }

    func createDirectory(_ path: String) throws(SystemError) { try host.createDirectory(path) }
    func list(_ directory: String) throws(SystemError) -> [String] { try host.list(directory) }
    func rename(_ from: String, to: String) throws(SystemError) {
        try change("rename", from)
        try host.rename(from, to: to)
    }
    func unlink(_ path: String) throws(SystemError) {
        try change("unlink", path)
        try host.unlink(path)
    }
    func syncDirectory(_ path: String) throws(SystemError) {
        try change("fsync", path)
        try host.syncDirectory(path)
    }
    func freeBytes(_ path: String) throws(SystemError) -> UInt64 { try host.freeBytes(path) }

    func totalBytes(_ path: String) throws(SystemError) -> UInt64 { try host.totalBytes(path) }
}

private final class StoppingFile: File {
    private let file: any File
    private let system: StoppingFileSystem

    init(_ file: any File, _ system: StoppingFileSystem) {
        self.file = file
        self.system = system
    }

    var path: String { file.path }

    func write(_ bytes: [UInt8], at offsetBytes: UInt64) throws(SystemError) {
        try system.change("pwrite", path)
        try file.write(bytes, at: offsetBytes)
    }
    func read(_ count: Int, at offsetBytes: UInt64, into buffer: inout [UInt8]) throws(SystemError) {
        try file.read(count, at: offsetBytes, into: &buffer)
    }
    func send(_ count: Int, at offsetBytes: UInt64, to socket: borrowing FileDescriptor) -> Transfer {
        file.send(count, at: offsetBytes, to: socket)
    }
    func sync() throws(SystemError) {
        try system.change("fdatasync", path)
        try file.sync()
    }
    func sizeBytes() throws(SystemError) -> UInt64 { try file.sizeBytes() }
    func truncate(to sizeBytes: UInt64) throws(SystemError) {
        try system.change("ftruncate", path)
        try file.truncate(to: sizeBytes)
    }
    func allocate(_ sizeBytes: UInt64) throws(SystemError) {
        try system.change("fallocate", path)
        try file.allocate(sizeBytes)
    }
    func lock() throws(SystemError) { try file.lock() }
    func map(windowBytes: Int) throws(SystemError) -> any Mapping { try file.map(windowBytes: windowBytes) }
}
