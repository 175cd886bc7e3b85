import Glibc
import ReelSystem

/// The kernel's file system with faults that a test asks for. It keeps a trace of every call, can fail one of them by its
/// number, and knows how many of its files and mappings are still held.
final class FaultyFileSystem: FileSystem, Sendable {
    /// What fails, and with which errno, as long as it is set.
    struct Faults: Sendable {
        var write: Int32?
        /// A failing write has written so much of its bytes.
        var writtenBytes = 0
        var sync: Int32?
        var open: Int32?
        var read: Int32?
        var rename: Int32?
        var unlink: Int32?
        var lock: Int32?
        var syncDirectory: Int32?
        /// Faults hit only files whose path contains this.
        var path = ""

        fileprivate func code(for call: DiskCall) -> Int32? {
            guard path.isEmpty || call.path.contains(path) else { return nil }
            return switch call.kind {
            case .write, .allocate: write
            case .sync: sync
            case .open: call.mode == .new ? open : nil
            case .read: read
            case .rename: rename
            case .unlink: unlink
            case .lock: lock
            case .syncDirectory: syncDirectory
            default: nil
            }
        }
    }

    struct Record: Sendable {
        var trace: [DiskCall] = []
        /// The call that the point hit first.
        var firedCall: DiskCall?
        var fileCount = 0
        /// Files and mappings that somebody still holds.
        var heldCount = 0
    }

    private struct State {
        var record = Record()
        var point: FaultPoint?
        var callCounts: [FileCall: Int] = [:]
    }

    private struct FileCall: Hashable {
        var file: Int
        var kind: DiskCall.Kind
    }

    let faults = Monitor(Faults())
    private let state: Monitor<State>
    /// Bytes that were read from segments, and not through a mapping.
    let segmentReadBytes = Monitor(0)
    private let host = HostFileSystem()

    init(_ point: FaultPoint? = nil) { state = Monitor(State(point: point)) }

    var record: Record { state.withLock { $0.record } }

    /// Whether the point has hit.
    var hasFired: Bool { state.withLock { $0.record.firedCall != nil } }

    /// Lets a call fail that is yet to come.
    func set(_ point: FaultPoint) { state.withLock { $0.point = point } }

    /// From now on everything goes through.
    func heal() {
        state.withLock { $0.point = nil }
        faults.withLock { $0 = Faults() }
    }

    // MARK: Calls

    func open(_ path: String, _ mode: OpenMode) throws(SystemError) -> any File {
        try pass(DiskCall(.open, path, mode: mode))
        return FaultyFile(try host.open(path, mode), self, number: state.withLock { $0.record.nextFile() })
    }

    func createDirectory(_ path: String) throws(SystemError) {
        try pass(DiskCall(.createDirectory, path))
        try host.createDirectory(path)
    }

    func list(_ directory: String) throws(SystemError) -> [String] {
        try pass(DiskCall(.list, directory))
        return try host.list(directory)
    }

    func rename(_ from: String, to: String) throws(SystemError) {
        try pass(DiskCall(.rename, from))
        try host.rename(from, to: to)
    }

    func unlink(_ path: String) throws(SystemError) {
        try pass(DiskCall(.unlink, path))
        try host.unlink(path)
    }

    func removeDirectory(_ path: String) throws(SystemError) { try host.removeDirectory(path) }

    func syncDirectory(_ path: String) throws(SystemError) {
        try pass(DiskCall(.syncDirectory, path))
        try host.syncDirectory(path)
    }

    func freeBytes(_ path: String) throws(SystemError) -> UInt64 {
        try pass(DiskCall(.freeBytes, path))
        return try host.freeBytes(path)
    }

    func totalBytes(_ path: String) throws(SystemError) -> UInt64 { try host.totalBytes(path) }

    func deviceNumber(_ path: String) throws(SystemError) -> UInt64 { try host.deviceNumber(path) }

    /// Notes a call and lets it through.
    ///
    /// - Parameter writePart: given the bytes that a failing write is to have written.
    fileprivate func pass(_ call: DiskCall, writePart: (Int) throws(SystemError) -> Void = { _ in })
        throws(SystemError)
    {
        let faults = faults.withLock { $0 }
        var call = call
        let index = state.withLock { state in
            call.ordinal = state.callCounts[FileCall(file: call.file, kind: call.kind), default: 0]
            state.callCounts[FileCall(file: call.file, kind: call.kind)] = call.ordinal + 1
            let index = state.record.trace.count
            if let fault = state.point?.fault(at: index, call) {
                call.failure = fault.code
                call.writtenBytes = fault.writtenBytes(of: call.sizeBytes)
                if state.record.firedCall == nil { state.record.firedCall = call }
            } else if let code = faults.code(for: call) {
                call.failure = code
                call.writtenBytes = min(faults.writtenBytes, call.sizeBytes)
            }
            state.record.trace.append(call)
            return index
        }
        guard let code = call.failure else { return }
        if call.kind == .write { try writePart(call.writtenBytes) }
        throw SystemError(code, "\(call.kind) (call \(index))", call.path)
    }

    fileprivate func hold(_ count: Int) { state.withLock { $0.record.heldCount += count } }
}

extension FaultyFileSystem.Record {
    fileprivate mutating func nextFile() -> Int {
        fileCount += 1
        return fileCount
    }
}

private final class FaultyFile: File {
    private let file: any File
    private let system: FaultyFileSystem
    private let number: Int

    init(_ file: any File, _ system: FaultyFileSystem, number: Int) {
        self.file = file
        self.system = system
        self.number = number
        system.hold(1)
    }

    deinit { system.hold(-1) }

    var path: String { file.path }

    private func call(_ kind: DiskCall.Kind, at offsetBytes: UInt64 = 0, count: Int = 0) -> DiskCall {
        DiskCall(kind, path, file: number, offsetBytes: offsetBytes, sizeBytes: count)
    }

    func write(_ bytes: [UInt8], at offsetBytes: UInt64) throws(SystemError) {
        try system.pass(call(.write, at: offsetBytes, count: bytes.count)) { (part) throws(SystemError) in
            try file.write(Array(bytes.prefix(part)), at: offsetBytes)
        }
        try file.write(bytes, at: offsetBytes)
    }

    func read(_ count: Int, at offsetBytes: UInt64, into buffer: inout [UInt8]) throws(SystemError) {
        try system.pass(call(.read, at: offsetBytes, count: count))
        let before = buffer.count
        try file.read(count, at: offsetBytes, into: &buffer)
        let got = buffer.count - before
        if path.hasSuffix(".seg") { system.segmentReadBytes.withLock { $0 += got } }
    }

    func sync() throws(SystemError) {
        try system.pass(call(.sync))
        try file.sync()
    }

    func send(_ count: Int, at offsetBytes: UInt64, to socket: borrowing FileDescriptor) -> Transfer {
        file.send(count, at: offsetBytes, to: socket)
    }

    func sizeBytes() throws(SystemError) -> UInt64 {
        try system.pass(call(.size))
        return try file.sizeBytes()
    }

    func allocatedBytes() throws(SystemError) -> UInt64 { try file.allocatedBytes() }

    func truncate(to sizeBytes: UInt64) throws(SystemError) {
        try system.pass(call(.truncate, at: sizeBytes))
        try file.truncate(to: sizeBytes)
    }

    func allocate(_ sizeBytes: UInt64) throws(SystemError) {
        try system.pass(call(.allocate, at: sizeBytes))
        try file.allocate(sizeBytes)
    }

    func lock() throws(SystemError) {
        try system.pass(call(.lock))
        try file.lock()
    }

    func map(windowBytes: Int) throws(SystemError) -> any Mapping {
        try system.pass(call(.map))
        return FaultyMapping(try file.map(windowBytes: windowBytes), system)
    }
}

/// Counted, and otherwise the kernel's.
private final class FaultyMapping: Mapping {
    private let mapping: any Mapping
    private let system: FaultyFileSystem

    init(_ mapping: any Mapping, _ system: FaultyFileSystem) {
        self.mapping = mapping
        self.system = system
        system.hold(1)
    }

    deinit { system.hold(-1) }

    func withBytes<Result, Failure: Error>(
        _ range: Range<Int>, _ body: (RawSpan) throws(Failure) -> Result
    ) throws(Failure) -> Result { try mapping.withBytes(range, body) }

    var hasFaulted: Bool { mapping.hasFaulted }
}
