import Glibc
import ReelSystem

/// The kernel's file system, with a disk that can be full and syncs that can be held up.
struct GatedFileSystem: FileSystem {
    final class Gate: Sendable {
        struct State: Sendable {
            var isFull = false
            /// What is told of the free space; nil tells the host's.
            var freeBytes: UInt64?
            var holdsSyncs = false
            var heldSyncCount = 0
        }
        let state = Monitor(State())

        func fill(_ isFull: Bool, freeBytes: UInt64? = nil) {
            state.withLock {
                $0.isFull = isFull
                $0.freeBytes = freeBytes
            }
        }

        func hold(_ holdsSyncs: Bool) { state.broadcast { $0.holdsSyncs = holdsSyncs } }

        /// Waits until a sync is held up.
        func waitForSync() { _ = state.wait { $0.heldSyncCount > 0 ? true : nil } }

        fileprivate func pass(_ call: String, _ path: String) throws(SystemError) {
            if state.withLock({ $0.isFull }) { throw SystemError(ENOSPC, call, path) }
        }

        fileprivate func sync() {
            state.broadcast { $0.heldSyncCount += 1 }
            _ = state.wait { $0.holdsSyncs ? nil : true }
            state.broadcast { $0.heldSyncCount -= 1 }
        }
    }

    let gate = Gate()
    private let host = HostFileSystem()

    func open(_ path: String, _ mode: OpenMode) throws(SystemError) -> any File {
        GatedFile(try host.open(path, mode), gate)
    }

    func createDirectory(_ path: String) throws(SystemError) { try host.createDirectory(path) }
    func list(_ directory: String) throws(SystemError) -> [String] { try host.list(directory) }
    func rename(_ from: String, to: String) throws(SystemError) { try host.rename(from, to: to) }
    func unlink(_ path: String) throws(SystemError) { try host.unlink(path) }
    func syncDirectory(_ path: String) throws(SystemError) { try host.syncDirectory(path) }

    func freeBytes(_ path: String) throws(SystemError) -> UInt64 {
        if let free = gate.state.withLock({ $0.freeBytes }) { return free }
        return try host.freeBytes(path)
    }

    func totalBytes(_ path: String) throws(SystemError) -> UInt64 { try host.totalBytes(path) }
}

private final class GatedFile: File {
    private let file: any File
    private let gate: GatedFileSystem.Gate

    init(_ file: any File, _ gate: GatedFileSystem.Gate) {
        self.file = file
        self.gate = gate
    }

    var path: String { file.path }

    func write(_ bytes: [UInt8], at offsetBytes: UInt64) throws(SystemError) {
        try gate.pass("pwrite", path)
        try file.write(bytes, at: offsetBytes)
    }

    func read(_ count: Int, at offsetBytes: UInt64, into buffer: inout [UInt8]) throws(SystemError) {
        try file.read(count, at: offsetBytes, into: &buffer)
    }

    func sync() throws(SystemError) {
        if path.hasSuffix(".seg") { gate.sync() }
        try file.sync()
    }

    func send(_ count: Int, at offsetBytes: UInt64, to socket: borrowing FileDescriptor) -> Transfer {
        file.send(count, at: offsetBytes, to: socket)
    }

    func sizeBytes() throws(SystemError) -> UInt64 { try file.sizeBytes() }
    func truncate(to sizeBytes: UInt64) throws(SystemError) { try file.truncate(to: sizeBytes) }

    func allocate(_ sizeBytes: UInt64) throws(SystemError) {
        try gate.pass("fallocate", path)
        try file.allocate(sizeBytes)
    }

    func lock() throws(SystemError) { try file.lock() }
    func map(windowBytes: Int) throws(SystemError) -> any Mapping { try file.map(windowBytes: windowBytes) }
}
