import Glibc
import ReelSystem

/// The kernel's file system with faults that a test asks for.
final class FaultyFileSystem: FileSystem, Sendable {
    /// What fails, and with which errno, as long as it is set.
    struct Faults: Sendable {
        var write: Int32?
        /// A failing write has written so much of its bytes.
        var writtenBytes = 0
        var sync: Int32?
        var open: Int32?
        var syncDirectory: Int32?
        /// Faults hit only files whose path contains this.
        var path = ""
    }

    let faults = Monitor(Faults())
    private let host = HostFileSystem()

    func open(_ path: String, _ mode: OpenMode) throws(SystemError) -> any File {
        if mode == .new, let code = fault(path, \.open) { throw SystemError(code, "open", path) }
        return FaultyFile(try host.open(path, mode), self)
    }

    func createDirectory(_ path: String) throws(SystemError) { try host.createDirectory(path) }
    func list(_ directory: String) throws(SystemError) -> [String] { try host.list(directory) }
    func rename(_ from: String, to: String) throws(SystemError) { try host.rename(from, to: to) }
    func unlink(_ path: String) throws(SystemError) { try host.unlink(path) }
    func syncDirectory(_ path: String) throws(SystemError) {
        if let code = fault(path, \.syncDirectory) { throw SystemError(code, "fsync", path) }
        try host.syncDirectory(path)
    }
    func freeBytes(_ path: String) throws(SystemError) -> UInt64 { try host.freeBytes(path) }

    func fault(_ path: String, _ kind: KeyPath<Faults, Int32?>) -> Int32? {
        faults.withLock { path.contains($0.path) ? $0[keyPath: kind] : nil }
    }
}

final class FaultyFile: File {
    private let file: any File
    private let system: FaultyFileSystem

    init(_ file: any File, _ system: FaultyFileSystem) {
        self.file = file
        self.system = system
    }

    var path: String { file.path }

    func write(_ bytes: [UInt8], at offsetBytes: UInt64) throws(SystemError) {
        if let code = system.fault(path, \.write) {
            let part = system.faults.withLock { $0.writtenBytes }
            try file.write(Array(bytes.prefix(part)), at: offsetBytes)
            throw SystemError(code, "pwrite", path)
        }
        try file.write(bytes, at: offsetBytes)
    }

    func read(_ count: Int, at offsetBytes: UInt64, into buffer: inout [UInt8]) throws(SystemError) {
        try file.read(count, at: offsetBytes, into: &buffer)
    }

    func sync() throws(SystemError) {
        if let code = system.fault(path, \.sync) { throw SystemError(code, "fdatasync", path) }
        try file.sync()
    }

    func send(_ count: Int, at offsetBytes: UInt64, to socket: borrowing FileDescriptor) -> Transfer {
        file.send(count, at: offsetBytes, to: socket)
    }

    func sizeBytes() throws(SystemError) -> UInt64 { try file.sizeBytes() }
    func truncate(to sizeBytes: UInt64) throws(SystemError) { try file.truncate(to: sizeBytes) }
    func allocate(_ sizeBytes: UInt64) throws(SystemError) {
        if let code = system.fault(path, \.write) { throw SystemError(code, "fallocate", path) }
        try file.allocate(sizeBytes)
    }
    func lock() throws(SystemError) { try file.lock() }
    func map(windowBytes: Int) throws(SystemError) -> any Mapping { try file.map(windowBytes: windowBytes) }
}
