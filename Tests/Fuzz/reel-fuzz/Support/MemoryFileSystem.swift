import Glibc
import ReelSystem

/// Files in memory behind the store's seam, so that a store can be opened thousands of times in a second. Everything
/// written is durable at once: what a crash takes is not this one's business.
final class MemoryFileSystem: FileSystem {
    private let files: Monitor<[String: MemoryFile]>

    /// - Parameter contents: by path.
    init(_ contents: [String: [UInt8]] = [:]) {
        files = Monitor(contents.mapValues { MemoryFile($0) })
    }

    /// All files, by path.
    var contents: [String: [UInt8]] { files.withLock { $0.mapValues(\.bytes) } }

    func open(_ path: String, _ mode: OpenMode) throws(SystemError) -> any File {
        try files.withLock { (files) throws(SystemError) in
            switch (files[path], mode) {
            case (_?, .new): throw SystemError(EEXIST, "open", path)
            case (nil, .existing), (nil, .readOnly): throw SystemError(ENOENT, "open", path)
            case (let file?, _): return MemoryHandle(file, path: path)
            case (nil, _):
                let file = MemoryFile([])
                files[path] = file
                return MemoryHandle(file, path: path)
            }
        }
    }

    func createDirectory(_ path: String) {}

    func list(_ directory: String) -> [String] {
        let names = files.withLock { files in
            files.keys.compactMap { path -> Substring? in
                guard path.hasPrefix(directory + "/") else { return nil }
                return path.dropFirst(directory.count + 1).prefix { $0 != "/" }
            }
        }
        return Set(names).map(String.init)
    }

    func rename(_ from: String, to: String) throws(SystemError) {
        try files.withLock { (files) throws(SystemError) in
            guard let file = files.removeValue(forKey: from) else { throw SystemError(ENOENT, "rename", from) }
            files[to] = file
        }
    }

    func unlink(_ path: String) throws(SystemError) {
        guard files.withLock({ $0.removeValue(forKey: path) }) != nil else { throw SystemError(ENOENT, "unlink", path) }
    }

    func syncDirectory(_ path: String) {}

    func freeBytes(_ path: String) -> UInt64 { 1 << 40 }

    func totalBytes(_ path: String) -> UInt64 { 1 << 40 }
}

/// The bytes of a file, whatever it is called.
private final class MemoryFile: Sendable {
    private let storage: Monitor<[UInt8]>

    init(_ bytes: [UInt8]) { storage = Monitor(bytes) }

    var bytes: [UInt8] { storage.withLock { $0 } }

    func change(_ body: (inout [UInt8]) -> Void) { storage.withLock { body(&$0) } }
}

/// An open file; as on Linux it outlives its name.
private final class MemoryHandle: File, Mapping {
    let path: String
    private let file: MemoryFile

    init(_ file: MemoryFile, path: String) {
        self.file = file
        self.path = path
    }

    func write(_ bytes: [UInt8], at offsetBytes: UInt64) {
        let start = Int(offsetBytes)
        file.change { content in
            MemoryHandle.extend(&content, to: start + bytes.count)
            content.replaceSubrange(start..<start + bytes.count, with: bytes)
        }
    }

    func read(_ count: Int, at offsetBytes: UInt64, into buffer: inout [UInt8]) throws(SystemError) {
        // As pread(2) says of an offset that is no off_t.
        guard offsetBytes <= UInt64(Int64.max) else { throw SystemError(EINVAL, "pread", path) }
        let content = file.bytes
        let start = min(Int(offsetBytes), content.count)
        buffer += content[start..<start + min(count, content.count - start)]
    }

    func send(_ count: Int, at offsetBytes: UInt64, to socket: borrowing FileDescriptor) -> Transfer {
        .failed(EINVAL)
    }

    func sync() {}

    func sizeBytes() -> UInt64 { UInt64(file.bytes.count) }

    func truncate(to sizeBytes: UInt64) {
        file.change { content in
            MemoryHandle.extend(&content, to: Int(sizeBytes))
            content.removeLast(content.count - Int(sizeBytes))
        }
    }

    func allocate(_ sizeBytes: UInt64) { file.change { MemoryHandle.extend(&$0, to: Int(sizeBytes)) } }

    func lock() {}

    func map(windowBytes: Int) -> any Mapping { self }

    var hasFaulted: Bool { false }

    func withBytes<Result, Failure: Error>(
        _ range: Range<Int>, _ body: (RawSpan) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        let content = file.bytes
        claim(range.upperBound <= content.count, "\(path): \(range) is read of \(content.count) mapped bytes")
        let span = content.span
        return try body(span.bytes.extracting(range))
    }

    private static func extend(_ content: inout [UInt8], to size: Int) {
        if content.count < size { content += [UInt8](repeating: 0, count: size - content.count) }
    }
}
