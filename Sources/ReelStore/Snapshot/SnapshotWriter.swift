import Glibc
import ReelCodec
import ReelFormat
import ReelSystem

/// Makes a copy of an open store that is consistent as of one moment, while the store goes on. FORMAT.md §24.
struct SnapshotWriter {
    private static let pieceSizeBytes = 1 << 20

    private let context: StoreContext
    private let order: SnapshotOrder
    private let isCancelled: @Sendable () -> Bool
    /// Where the snapshot is made before it gets its name.
    private let draft: StorePaths
    private var manifest: SnapshotManifest
    private var report: SnapshotReport

    private var fileSystem: any FileSystem { context.fileSystem }

    init(_ context: StoreContext, _ order: SnapshotOrder, isCancelled: @escaping @Sendable () -> Bool) {
        self.isCancelled = isCancelled
        self.context = context
        self.order = order
        draft = StorePaths(root: order.directory + ".new")
        manifest = SnapshotManifest(
            store: context.identity.store, lsn: 0, recordingCount: 0,
            madeMicroseconds: context.clock.wallMicroseconds)
        report = SnapshotReport(directory: order.directory)
    }

    mutating func run() throws(SnapshotError) -> SnapshotReport {
        try checkPlaces()
        // What was acked without a sync must be on the disk before a copy of it is called durable.
        do { try context.wait { .sync($0) } } catch { throw .store(error) }
        let leftovers = try leftovers()
        do throws(SystemError) {
            try prepare(leftovers)
            try copyLog()
            try copyRest()
            try finish()
            // Last: every recording in the snapshot had its key by then, and what was erased meanwhile has none any more.
            try copyKeys()
        } catch {
            throw .system(error)
        }
        return report
    }

    // MARK: Places

    private func checkPlaces() throws(SnapshotError) {
        try check(order.directory)
        guard let keys = order.keysDirectory else { return }
        guard context.identity.keyRecord != nil else { throw .noKeys }
        try check(keys)
        let isBeside = "\(keys)/".hasPrefix("\(order.directory)/") || "\(order.directory)/".hasPrefix("\(keys)/")
        if isBeside { throw .keysBesideSnapshot(keys) }
    }

    private func check(_ path: String) throws(SnapshotError) {
        let parts = path.split(separator: "/", omittingEmptySubsequences: false).dropFirst()
        guard path.hasPrefix("/"), !parts.isEmpty, parts.allSatisfy({ !["", ".", ".."].contains($0) }) else {
            throw .badPath(path)
        }
        let root = context.paths.root
        let isWithin = path == root || path.hasPrefix(root + "/")
        guard !isWithin || path.hasPrefix(context.paths.snapshots + "/") else { throw .withinStore(path) }
        do {
            guard try names(in: path).isEmpty else { throw SnapshotError.notEmpty(path) }
        } catch let error as SnapshotError {
            throw error
        } catch let error as SystemError {
            throw .system(error)
        } catch {
            preconditionFailure("no other error is thrown: \(error)")
        }
    }

    /// What an earlier try left; nothing of anybody else's is touched.
    private func leftovers() throws(SnapshotError) -> [String] {
        do {
            let segments = try names(in: draft.log)
            let known = ["log", "store", "erased.ledger", SnapshotManifest.fileName]
            guard try names(in: draft.root).allSatisfy(known.contains),
                segments.allSatisfy({ StorePaths.number(of: $0, suffix: ".seg") != nil })
            else { throw SnapshotError.notEmpty(draft.root) }
            return segments
        } catch let error as SnapshotError {
            throw error
        } catch let error as SystemError {
            throw .system(error)
        } catch {
            preconditionFailure("no other error is thrown: \(error)")
        }
    }

    private func names(in directory: String) throws(SystemError) -> [String] {
        do { return try fileSystem.list(directory) } catch {
            guard error.isMissing else { throw error }
            return []
        }
    }

    /// Makes the draft, and empties it of what an earlier try left.
    private func prepare(_ leftovers: [String]) throws(SystemError) {
        if order.directory.hasPrefix(context.paths.snapshots + "/") {
            try fileSystem.createDirectory(context.paths.snapshots)
        }
        try fileSystem.createDirectory(draft.root)
        try fileSystem.createDirectory(draft.log)
        for name in leftovers { try fileSystem.unlink("\(draft.log)/\(name)") }
        for path in [draft.identity, draft.ledger, draft.manifest] { try fileSystem.unlinkIfThere(path) }
    }

    // MARK: Files

    /// The segments as readers see them at this moment. Each is held open, so that it can be copied also where a compaction
    /// removes it meanwhile.
    private mutating func copyLog() throws(SystemError) {
        let (sealed, active, activeLength, lsn, next) = context.view.state.withLock {
            ($0.sealed, $0.activeSegment, $0.activeLengthBytes, $0.appliedLSN, $0.nextRecording)
        }
        manifest.lsn = lsn
        manifest.recordingCount = next - 1
        for segment in sealed {
            let path = draft.segment(segment.segment.number)
            // A sealed segment is never written to again. The active one is, so it is always a copy.
            if isLinked(segment.segment.path, to: path) {
                report.linkedCount += 1
            } else {
                try copy(segment.segment.file, segment.lengthBytes, to: path)
            }
            try add("log/\(name(of: path))", path)
        }
        let path = draft.segment(active.number)
        try copy(active.file, activeLength, to: path)
        try add("log/\(name(of: path))", path)
        try fileSystem.syncDirectory(draft.log)
    }

    private func isLinked(_ path: String, to other: String) -> Bool {
        do {
            try fileSystem.link(path, to: other)
            return true
        } catch {
            // Another file system, too many names, or gone since: copied then.
            return false
        }
    }

    private mutating func copyRest() throws(SystemError) {
        let identity = try fileSystem.open(context.paths.identity, .readOnly)
        try copy(identity, try identity.sizeBytes(), to: draft.identity)
        try add("store", draft.identity)
        let ledger = try context.ledger.text()
        guard !ledger.isEmpty else { return }
        try write(ledger, to: draft.ledger)
        try add("erased.ledger", draft.ledger)
    }

    private mutating func finish() throws(SystemError) {
        manifest.expiresMicroseconds = order.expiresMicroseconds
        try write(manifest.encoded(), to: draft.manifest)
        try fileSystem.syncDirectory(draft.root)
        try fileSystem.rename(draft.root, to: order.directory)
        try fileSystem.syncDirectory("\(order.directory)/..")
        report.fileCount = manifest.files.count
        report.sizeBytes = manifest.sizeBytes
        report.lsn = manifest.lsn
        report.madeMicroseconds = manifest.madeMicroseconds
        report.expiresMicroseconds = manifest.expiresMicroseconds
    }

    /// The wrapped keys, into a directory of their own.
    private mutating func copyKeys() throws(SystemError) {
        guard let directory = order.keysDirectory else { return }
        // Nothing of what the snapshot says was erased may go on living here.
        context.eraser.settle()
        try fileSystem.createDirectory(directory)
        // The first copy of a page before the second, as they are written.
        for name in try fileSystem.list(context.paths.keys).sorted() where !name.hasSuffix(".new") {
            let file = try fileSystem.open("\(context.paths.keys)/\(name)", .readOnly)
            try copy(file, try file.sizeBytes(), to: "\(directory)/\(name)")
            report.keyFileCount += 1
        }
        try fileSystem.syncDirectory(directory)
        try fileSystem.syncDirectory("\(directory)/..")
    }

    private func copy(_ source: any File, _ sizeBytes: UInt64, to path: String) throws(SystemError) {
        let file = try fileSystem.open(path, .new)
        var done: UInt64 = 0
        while done < sizeBytes {
            try checkCancelled()
            let count = Int(min(sizeBytes - done, UInt64(SnapshotWriter.pieceSizeBytes)))
            let piece = try source.read(count, at: done)
            guard !piece.isEmpty else { throw SystemError(EIO, "read", source.path) }
            try file.write(piece, at: done)
            done += UInt64(piece.count)
        }
        try file.sync()
    }

    private func checkCancelled() throws(SystemError) {
        if isCancelled() { throw SystemError(ECANCELED, "snapshot", order.directory) }
    }

    private func write(_ bytes: [UInt8], to path: String) throws(SystemError) {
        let file = try fileSystem.open(path, .new)
        try file.write(bytes, at: 0)
        try file.sync()
    }

    /// Enters a file that is there in the manifest, by what can be read of it.
    private mutating func add(_ name: String, _ path: String) throws(SystemError) {
        try checkCancelled()
        let (size, checksum) = try SnapshotWriter.measure(path, fileSystem)
        manifest.files.append(SnapshotManifest.File(name: name, sizeBytes: size, checksum: checksum))
    }

    /// Size and CRC-32C of a whole file.
    static func measure(_ path: String, _ fileSystem: any FileSystem) throws(SystemError) -> (UInt64, UInt32) {
        let file = try fileSystem.open(path, .readOnly)
        var checksum = CRC32C()
        var done: UInt64 = 0
        var piece: [UInt8] = []
        while true {
            piece.removeAll(keepingCapacity: true)
            try file.read(pieceSizeBytes, at: done, into: &piece)
            if piece.isEmpty { return (done, checksum.value) }
            checksum.update(piece)
            done += UInt64(piece.count)
        }
    }

    private func name(of path: String) -> String { String(path.split(separator: "/").last ?? "") }
}

extension Store {
    /// Makes a consistent copy of the store while it goes on. Waits for the disk: for a thread of its own.
    ///
    /// - Parameter isCancelled: asked now and then; the snapshot ends with ECANCELED where it says so.
    package func snapshot(
        _ order: SnapshotOrder, isCancelled: @escaping @Sendable () -> Bool = { false }
    ) throws(SnapshotError) -> SnapshotReport {
        var writer = SnapshotWriter(context, order, isCancelled: isCancelled)
        return try writer.run()
    }
}
