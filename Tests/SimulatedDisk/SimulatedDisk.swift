import Glibc
import ReelSystem

/// A file system in memory that writes down every call, so that a crash can be made out of any moment of it.
///
/// What is read is what the page cache would show: all that was written, durable or not. A crash is computed from the
/// trace afterwards (`CrashPoint`).
package final class SimulatedDisk: FileSystem, Sendable {
    /// Answers where a call on a path is to fail. Called with the disk's lock held.
    package typealias Fault = @Sendable (DiskCall.Kind, _ path: String) -> Failure?

    /// How a call fails.
    package struct Failure: Sendable {
        var code: Int32
        var writtenBytes: Int
        var isKill: Bool

        /// - Parameters:
        ///   - code: an errno.
        ///   - writtenBytes: a failing write has written so much of its bytes.
        ///   - isKill: the process dies in this call: it reaches the disk as little as any call behind it, until `powerOn`.
        package init(_ code: Int32 = EIO, writtenBytes: Int = 0, isKill: Bool = false) {
            self.code = code
            self.writtenBytes = writtenBytes
            self.isKill = isKill
        }
    }

    private enum Node {
        case directory
        case file(SimulatedInode)
    }

    private struct State {
        var nodes: [String: Node] = [:]
        var nextFile = 0
        var trace: [DiskCall] = []
        var fault: Fault?
        var isOff = false
    }

    private let state: Monitor<State>
    private let isRecording: Bool
    /// What was on it at first, durably.
    package let start: DiskImage

    /// - Parameter isRecording: whether there will be a trace.
    package init(_ image: DiskImage = DiskImage(), isRecording: Bool = false) {
        start = image
        self.isRecording = isRecording
        var first = State()
        for path in image.directories { first.nodes[path] = .directory }
        // In order of their paths, so that a trace names files by the same numbers each time.
        for path in image.files.keys.sorted() {
            first.nodes[path] = .file(SimulatedInode(first.nextFile, bytes: image.files[path] ?? []))
            first.nextFile += 1
        }
        state = Monitor(first)
    }

    /// Every call so far.
    package var trace: [DiskCall] { state.withLock { $0.trace } }

    /// Notes something of the world outside between the calls.
    package func mark(_ number: Int) { state.withLock { if isRecording { $0.trace.append(.mark(number)) } } }

    /// Lets calls fail; nil lets them succeed again.
    package func setFault(_ fault: Fault?) { state.withLock { $0.fault = fault } }

    /// From here on every call that changes something fails: its process is gone, its threads may end in peace.
    package func powerOff() { state.withLock { $0.isOff = true } }

    /// Calls reach the disk again, as those of the next process do. What was written before is there, synced or not.
    package func powerOn() { state.withLock { $0.isOff = false } }

    /// What a killed process leaves: everything written, whether synced or not.
    package func image() -> DiskImage {
        state.withLock { state in
            var image = DiskImage()
            for (path, node) in state.nodes {
                switch node {
                case .directory: image.directories.insert(path)
                case .file(let inode): image.files[path] = inode.bytes
                }
            }
            return image
        }
    }

    // MARK: FileSystem

    package func open(_ path: String, _ mode: OpenMode) throws(SystemError) -> any File {
        try call(.open, path) { (state) throws(SystemError) in
            switch (state.nodes[path], mode) {
            case (.file, .new), (.directory, .new): throw SystemError(EEXIST, "open", path)
            case (.file(let inode), _): return SimulatedFile(path, inode, self, isReadOnly: mode == .readOnly)
            case (.directory, _): throw SystemError(EISDIR, "open", path)
            case (nil, .existing), (nil, .readOnly): throw SystemError(ENOENT, "open", path)
            case (nil, .new), (nil, .createIfMissing):
                try SimulatedDisk.requireDirectory(parent(of: path), state, "open")
                let inode = SimulatedInode(state.nextFile, bytes: [])
                state.nextFile += 1
                state.nodes[path] = .file(inode)
                note(.create(path: path, file: inode.number), &state)
                return SimulatedFile(path, inode, self, isReadOnly: false)
            }
        }
    }

    package func createDirectory(_ path: String) throws(SystemError) {
        try call(.createDirectory, path) { (state) throws(SystemError) in
            switch state.nodes[path] {
            case .directory: return
            case .file: throw SystemError(EEXIST, "mkdir", path)
            case nil:
                try SimulatedDisk.requireDirectory(parent(of: path), state, "mkdir")
                state.nodes[path] = .directory
                note(.createDirectory(path: path), &state)
            }
        }
    }

    package func list(_ directory: String) throws(SystemError) -> [String] {
        try state.withLock { (state) throws(SystemError) in
            try SimulatedDisk.requireDirectory(directory, state, "opendir")
            return state.nodes.keys.filter { $0 != "/" && parent(of: $0) == directory }
                .map { String($0.dropFirst(directory == "/" ? 1 : directory.count + 1)) }
        }
    }

    package func rename(_ from: String, to: String) throws(SystemError) {
        try call(.rename, from) { (state) throws(SystemError) in
            guard case .file(let inode) = state.nodes[from] else { throw SystemError(ENOENT, "rename", from) }
            try SimulatedDisk.requireDirectory(parent(of: to), state, "rename")
            state.nodes[from] = nil
            state.nodes[to] = .file(inode)
            note(.rename(from: from, to: to, file: inode.number), &state)
        }
    }

    package func unlink(_ path: String) throws(SystemError) {
        try call(.unlink, path) { (state) throws(SystemError) in
            switch state.nodes[path] {
            case nil: throw SystemError(ENOENT, "unlink", path)
            case .directory: throw SystemError(EISDIR, "unlink", path)
            case .file(let inode):
                state.nodes[path] = nil
                note(.unlink(path: path, file: inode.number), &state)
            }
        }
    }

    package func syncDirectory(_ name: String) throws(SystemError) {
        let path = name.hasSuffix("/..") ? parent(of: String(name.dropLast(3))) : name
        try call(.syncDirectory, path) { (state) throws(SystemError) in
            try SimulatedDisk.requireDirectory(path, state, "open")
            note(.syncDirectory(path: path), &state)
        }
    }

    package func freeBytes(_ path: String) throws(SystemError) -> UInt64 { 1 << 40 }

    /// What lies below `/archive` is on another file system than the rest.
    package func deviceNumber(_ path: String) throws(SystemError) -> UInt64 {
        try state.withLock { (state) throws(SystemError) in try SimulatedDisk.requireDirectory(path, state, "stat") }
        return path == "/archive" || path.hasPrefix("/archive/") ? 2 : 1
    }

    package func totalBytes(_ path: String) throws(SystemError) -> UInt64 { 1 << 40 }

    // MARK: Calls

    /// Runs one call alone; it fails where a fault was asked for, and for good once the power is off.
    private func call<Result>(
        _ kind: DiskCall.Kind, _ path: String, _ body: (inout State) throws(SystemError) -> Result
    ) throws(SystemError) -> Result {
        try state.withLock { (state) throws(SystemError) in
            if let failure = failure(kind, path, &state) { throw SystemError(failure.code, "\(kind)", path) }
            return try body(&state)
        }
    }

    private func failure(_ kind: DiskCall.Kind, _ path: String, _ state: inout State) -> Failure? {
        if state.isOff { return Failure() }
        let failure = state.fault?(kind, path)
        if failure?.isKill == true { state.isOff = true }
        return failure
    }

    private func note(_ call: DiskCall, _ state: inout State) {
        if isRecording { state.trace.append(call) }
    }

    private static func requireDirectory(
        _ path: String, _ state: State, _ name: String
    ) throws(SystemError) {
        if path == "/" { return }
        guard case .directory = state.nodes[path] else { throw SystemError(ENOENT, name, path) }
    }

    // MARK: Files

    func read<Result>(_ inode: SimulatedInode, _ body: ([UInt8]) -> Result) -> Result {
        // The bytes are taken out under the lock and read outside of it: what is written meanwhile goes to a copy.
        body(state.withLock { _ in inode.bytes })
    }

    func change(
        _ inode: SimulatedInode, _ path: String, _ kind: DiskCall.Kind, _ made: DiskCall,
        _ body: (inout [UInt8]) -> Void
    ) throws(SystemError) {
        try call(kind, path) { (state) throws(SystemError) in
            body(&inode.bytes)
            note(made, &state)
        }
    }

    func write(_ bytes: [UInt8], at offset: Int, to inode: SimulatedInode, _ path: String) throws(SystemError) {
        try state.withLock { (state) throws(SystemError) in
            let failure = failure(.write, path, &state)
            let written = failure.map { Array(bytes.prefix($0.writtenBytes)) } ?? bytes
            if failure == nil || !written.isEmpty {
                inode.bytes.put(written[...], at: offset)
                note(.write(file: inode.number, offset: offset, bytes: written), &state)
            }
            if let failure { throw SystemError(failure.code, "pwrite", path) }
        }
    }

    func sync(_ inode: SimulatedInode, _ path: String) throws(SystemError) {
        try state.withLock { (state) throws(SystemError) in
            let failure = failure(.sync, path, &state)
            // A dead process calls nothing.
            if !state.isOff { note(.sync(file: inode.number, isGood: failure == nil), &state) }
            if let failure { throw SystemError(failure.code, "fdatasync", path) }
        }
    }

    func takeLock(_ inode: SimulatedInode, for owner: ObjectIdentifier) -> Bool {
        state.withLock { _ in
            guard inode.lockOwner == nil || inode.lockOwner == owner else { return false }
            inode.lockOwner = owner
            return true
        }
    }

    func releaseLock(_ inode: SimulatedInode, of owner: ObjectIdentifier) {
        state.withLock { _ in if inode.lockOwner == owner { inode.lockOwner = nil } }
    }
}

/// The directory a path lies in.
func parent(of path: String) -> String {
    guard let slash = path.lastIndex(of: "/"), slash != path.startIndex else { return "/" }
    return String(path[..<slash])
}
