import Glibc
import ReelSystem

/// A file's bytes, which outlive its name as long as somebody has it open.
final class SimulatedInode: @unchecked Sendable {
    // Everything but the number is touched only with the disk's lock held.
    let number: Int
    var bytes: [UInt8]
    var lockOwner: ObjectIdentifier?

    init(_ number: Int, bytes: [UInt8]) {
        self.number = number
        self.bytes = bytes
    }
}

/// An open file of a simulated disk.
final class SimulatedFile: File {
    let path: String
    private let inode: SimulatedInode
    private let disk: SimulatedDisk
    private let isReadOnly: Bool

    init(_ path: String, _ inode: SimulatedInode, _ disk: SimulatedDisk, isReadOnly: Bool) {
        self.path = path
        self.inode = inode
        self.disk = disk
        self.isReadOnly = isReadOnly
    }

    deinit { disk.releaseLock(inode, of: ObjectIdentifier(self)) }

    func write(_ bytes: [UInt8], at offsetBytes: UInt64) throws(SystemError) {
        try requireWritable("pwrite")
        try disk.write(bytes, at: Int(offsetBytes), to: inode, path)
    }

    func read(_ count: Int, at offsetBytes: UInt64, into buffer: inout [UInt8]) throws(SystemError) {
        disk.read(inode) { bytes in
            let start = min(Int(offsetBytes), bytes.count)
            buffer.append(contentsOf: bytes[start..<min(start + count, bytes.count)])
        }
    }

    func send(_ count: Int, at offsetBytes: UInt64, to socket: borrowing FileDescriptor) -> Transfer {
        let bytes: [UInt8] = disk.read(inode) { bytes in
            let start = min(Int(offsetBytes), bytes.count)
            return Array(bytes[start..<min(start + count, bytes.count)])
        }
        return bytes.count < count ? .failed(EIO) : socket.send(bytes)
    }

    func sync() throws(SystemError) { try disk.sync(inode, path) }

    func sizeBytes() throws(SystemError) -> UInt64 { disk.read(inode) { UInt64($0.count) } }

    func truncate(to sizeBytes: UInt64) throws(SystemError) {
        try requireWritable("ftruncate")
        let size = Int(sizeBytes)
        try disk.change(inode, path, .truncate, .truncate(file: inode.number, size: size)) { $0.resize(to: size) }
    }

    func allocate(_ sizeBytes: UInt64) throws(SystemError) {
        try requireWritable("fallocate")
        let size = Int(sizeBytes)
        try disk.change(inode, path, .allocate, .allocate(file: inode.number, size: size)) {
            if $0.count < size { $0.resize(to: size) }
        }
    }

    func lock() throws(SystemError) {
        guard disk.takeLock(inode, for: ObjectIdentifier(self)) else { throw SystemError(EAGAIN, "lock", path) }
    }

    func map(windowBytes: Int) throws(SystemError) -> any Mapping {
        SimulatedMapping(inode, disk, windowBytes: windowBytes)
    }

    private func requireWritable(_ call: String) throws(SystemError) {
        if isReadOnly { throw SystemError(EBADF, call, path) }
    }
}

/// A file as a mapping shows it: each look sees what is written by then.
final class SimulatedMapping: Mapping {
    private let inode: SimulatedInode
    private let disk: SimulatedDisk
    private let windowBytes: Int
    private let fault = Monitor(false)

    init(_ inode: SimulatedInode, _ disk: SimulatedDisk, windowBytes: Int) {
        self.inode = inode
        self.disk = disk
        self.windowBytes = windowBytes
    }

    func withBytes<Result, Failure: Error>(
        _ range: Range<Int>, _ body: (RawSpan) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        precondition(range.lowerBound >= 0 && range.upperBound <= windowBytes, "outside the mapping's window")
        var bytes = disk.read(inode) { $0 }
        if bytes.count < range.upperBound {
            // As the kernel's mapping does it: pages of zeros, and a flag.
            fault.withLock { $0 = true }
            bytes.resize(to: range.upperBound)
        }
        return try body(bytes.span.bytes.extracting(range))
    }

    var hasFaulted: Bool { fault.withLock { $0 } }
}
