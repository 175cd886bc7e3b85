import Glibc
import ReelSystem

/// One call on the file system, as a trace keeps it.
struct DiskCall: Sendable, Equatable, CustomStringConvertible {
    enum Kind: String, Sendable {
        case open, createDirectory, list, rename, unlink, syncDirectory, freeBytes
        case write, read, sync, size, truncate, allocate, lock, map
    }

    var kind: Kind
    var path: String
    /// How it was opened.
    var mode: OpenMode?
    /// The open file it was made on, counted from 1; 0 for calls on paths.
    var file: Int
    /// How many calls of this kind were made on the file before.
    var ordinal = 0
    var offsetBytes: UInt64
    var sizeBytes: Int
    /// The errno it failed with.
    var failure: Int32?
    /// What a failed write has written.
    var writtenBytes = 0

    init(
        _ kind: Kind, _ path: String, mode: OpenMode? = nil, file: Int = 0, offsetBytes: UInt64 = 0, sizeBytes: Int = 0
    ) {
        self.kind = kind
        self.path = path
        self.mode = mode
        self.file = file
        self.offsetBytes = offsetBytes
        self.sizeBytes = sizeBytes
    }

    /// A file of `log/`, or the directory itself.
    var isInLog: Bool { path.hasSuffix("/log") || path.contains("/log/") }
    /// The ledger of erasures; making it syncs the store's own directory.
    var isOfLedger: Bool {
        path.contains("/erased.ledger")
            || (kind == .syncDirectory && !isInLog && !isInIndex && !isInTemporary && !path.hasSuffix("/keys"))
    }
    var isInIndex: Bool { path.hasSuffix("/index") || path.contains("/index/") }
    var isInTemporary: Bool { path.hasSuffix("/tmp") || path.contains("/tmp/") }
    /// The file's first write or first sync, with which a segment begins.
    var isBeginning: Bool { kind == .write ? offsetBytes == 0 : ordinal == 0 }
    /// Whether a disk that takes no changes refuses it.
    var isChange: Bool {
        switch kind {
        case .write, .allocate, .truncate, .rename, .unlink, .createDirectory: true
        case .open: mode != .readOnly
        default: false
        }
    }

    var description: String {
        let name = path.split(separator: "/").suffix(2).joined(separator: "/")
        return "\(kind) \(name)\(file > 0 ? " #\(file).\(ordinal)" : "") at \(offsetBytes)"
    }
}

/// What goes wrong with a call.
enum Fault: Sendable, Equatable, CustomStringConvertible {
    /// Nothing is done.
    case error(Int32)
    /// A write does a part of its work first.
    case shortWrite(Int32)

    var code: Int32 {
        switch self {
        case .error(let code), .shortWrite(let code): code
        }
    }

    func writtenBytes(of sizeBytes: Int) -> Int {
        if case .shortWrite = self { sizeBytes / 2 } else { 0 }
    }

    /// Whether a call of this kind can fail so.
    func canHit(_ call: DiskCall) -> Bool {
        if case .shortWrite = self, call.kind != .write { return false }
        return switch (code, call.kind) {
        case (EIO, _): true
        case (ENOSPC, .write), (ENOSPC, .allocate), (ENOSPC, .sync), (ENOSPC, .createDirectory), (ENOSPC, .rename):
            true
        case (ENOSPC, .open): call.mode == .new || call.mode == .createIfMissing
        case (EMFILE, .open), (EMFILE, .map), (EMFILE, .list), (EMFILE, .syncDirectory): true
        // File systems that are interruptible (NFS, FUSE) give it where nothing may be done again.
        case (EINTR, .sync), (EINTR, .syncDirectory), (EINTR, .rename), (EINTR, .lock): true
        // What ext4 does after an error of its own.
        case (EROFS, _): call.isChange
        default: false
        }
    }

    static let all: [Fault] = [
        .error(EIO), .error(ENOSPC), .error(EMFILE), .error(EINTR), .error(EROFS), .shortWrite(EIO),
        .shortWrite(ENOSPC),
    ]

    var description: String {
        let name = [EIO: "EIO", ENOSPC: "ENOSPC", EMFILE: "EMFILE", EINTR: "EINTR", EROFS: "EROFS"][code] ?? "\(code)"
        if case .shortWrite = self { return "short write, then \(name)" }
        return name
    }
}

/// A call, by its number, and what goes wrong with it: once, or with every call from then on that can go wrong so.
struct FaultPoint: Sendable, CustomStringConvertible {
    var index: Int
    var fault: Fault
    var isSticky: Bool

    func fault(at index: Int, _ call: DiskCall) -> Fault? {
        guard fault.canHit(call), isSticky ? index >= self.index : index == self.index else { return nil }
        return fault
    }

    var description: String { "call \(index): \(fault), \(isSticky ? "from then on" : "once")" }
}
