import Glibc
import ReelSystem

@testable import ReelStore

/// A thing a client or an admin asks for.
enum FaultStep: String, Sendable {
    case open, start, append, change, end, erase, checkpoint, vacuum, list, read, verify, close

    /// Goes through the queue to the writer.
    var isWrite: Bool { [.start, .append, .change, .end, .erase].contains(self) }
}

/// What was answered.
enum Told: Equatable, Sendable {
    case success
    case diskFull, outcomeUnknown, readOnly
    /// Erased, and not in the ledger.
    case ledgerFailed
    /// Erased, and the key still there.
    case eraseIncomplete
    /// The failed call's own error, with its file.
    case system(Int32, String)
    /// Nothing that a failing disk can make true.
    case nonsense(String)

    init(_ error: any Error) {
        switch error {
        case StoreError.diskFull: self = .diskFull
        case StoreError.outcomeUnknown: self = .outcomeUnknown
        case StoreError.readOnly: self = .readOnly
        case StoreError.ledgerFailed: self = .ledgerFailed
        case StoreError.eraseIncomplete: self = .eraseIncomplete
        case StoreError.system(let error): self = .system(error.code, error.path)
        case OpenError.system(let error): self = .system(error.code, error.path)
        case let error as SystemError: self = .system(error.code, error.path)
        default: self = .nonsense("\(error)")
        }
    }

    /// Whether what was asked for is known not to have been done.
    var isRefusal: Bool { self != .success && self != .outcomeUnknown }
}

/// The table of the right errors: what a step answers when one call of it fails once.
enum FaultExpectation {
    /// - Parameters:
    ///   - call: the one that failed.
    ///   - calls: the step's calls before it.
    ///   - durability: with `interval` nobody waits for a sync of the log, so nobody but the journal is told.
    static func told(
        _ step: FaultStep, _ call: DiskCall, after calls: [DiskCall], durability: Durability
    ) -> Told {
        let isLogSync = call.kind == .sync && call.isInLog && !call.isBeginning
        if isLogSync, step != .open {
            // An erasing waits for the sync of its own frame always.
            let isErasing = step == .erase && calls.contains { $0.kind == .write && $0.isInLog && !$0.isBeginning }
            return durability == .sync || isErasing ? .outcomeUnknown : .success
        }
        let code = call.failure ?? 0
        let system = Told.system(code, pathToTell(call))
        let unwritten = code == ENOSPC ? Told.diskFull : system
        switch step {
        case .close: return .success
        case .open: return isDerivedAndRead(call) ? .success : system
        case .read, .list, .verify: return system
        case .checkpoint:
            // A table that cannot be mapped stays in memory.
            return isDerivedAndRead(call) ? .success : system
        case .vacuum: return vacuum(call, after: calls)
        case .start, .append, .change, .end, .erase:
            switch call.kind {
            case _ where call.isOfLedger: return .ledgerFailed
            case _ where step == .erase && call.path.contains("/keys/"): return .eraseIncomplete
            // A row or slot; but not `ids` where a start makes it larger.
            case .write where call.isInIndex && !(call.isBeginning && call.path.hasSuffix(".new")): return .success
            case .read: return system
            case .write where call.isInLog && !call.isBeginning: return code == ENOSPC ? .diskFull : .outcomeUnknown
            default: return unwritten
            }
        }
    }

    private static func vacuum(_ call: DiskCall, after calls: [DiskCall]) -> Told {
        let code = call.failure ?? 0
        let isRenamed = calls.contains { $0.kind == .rename && $0.isInTemporary && $0.failure == nil }
        if isRenamed {
            // The new segment counts. Whether a crash would find it is open until the directory is synced.
            let isInstalled = calls.last?.kind != .rename
            let isInNext =
                call.kind == .open || (isRead(call) ? !hasRowsToMove(calls) : call.isInTemporary)
            if isInstalled, !isInNext { return .success }
            if !isInstalled { return .readOnly }
        }
        return code == ENOSPC ? .diskFull : .system(code, pathToTell(call))
    }

    /// A segment that was made in `tmp/` is told by where it is now.
    private static func pathToTell(_ call: DiskCall) -> String {
        isRead(call) ? call.path.replacing("/tmp/", with: "/log/") : call.path
    }

    /// Of a segment: what a walk over its frames asks for.
    private static func isRead(_ call: DiskCall) -> Bool { call.kind == .read || call.kind == .size }

    /// Whether the last install is still bringing rows up to the new segment.
    private static func hasRowsToMove(_ calls: [DiskCall]) -> Bool {
        guard let renamed = calls.lastIndex(where: { $0.kind == .rename && $0.isInTemporary }) else { return false }
        return !calls[renamed...].contains { $0.kind == .unlink && $0.isInLog }
    }

    /// What can be made anew from the log is made anew.
    private static func isDerivedAndRead(_ call: DiskCall) -> Bool {
        let isDerived =
            call.path.hasSuffix("/ids") || call.path.hasSuffix(".frames") || call.path.hasSuffix("/keys/store")
        return switch call.kind {
        case .open: isDerived && (call.mode == .existing || call.mode == .readOnly)
        case .read, .map, .size: isDerived
        default: false
        }
    }

    /// What must hold of every trace, whatever failed.
    static func violations(_ trace: [DiskCall], readOnlyAfter: Int?) -> [String] {
        var found: [String] = []
        var unsynced: Set<Int> = []
        var poisoned: Set<Int> = []
        for (index, call) in trace.enumerated() {
            let isUse = [.write, .sync, .truncate, .allocate].contains(call.kind)
            if call.kind == .sync, unsynced.contains(call.file) {
                found.append("call \(index), \(call): a file was synced again after its sync had failed")
            }
            if isUse, poisoned.contains(call.file) {
                found.append("call \(index), \(call): a poisoned segment was touched")
            }
            if let readOnlyAfter, index > readOnlyAfter, call.isInLog, isUse || call.mode == .new {
                found.append("call \(index), \(call): the log was written to after the store went read-only")
            }
            guard let code = call.failure else { continue }
            if call.kind == .sync { unsynced.insert(call.file) }
            // A full disk is no poison: what was written is cut off again, if that goes.
            let isPoison = call.kind == .sync || call.kind == .truncate || (call.kind == .write && code != ENOSPC)
            if isPoison, call.path.hasSuffix(".seg") { poisoned.insert(call.file) }
        }
        return found
    }
}
