import Glibc
import ReelCodec
import ReelFormat
import ReelSystem

/// Makes a copy of an open store that is consistent as of one moment, while the store goes on. FORMAT.md §24.
struct SnapshotWriter {
    private let context: StoreContext
    private let order: SnapshotOrder
    private var snapshot: SnapshotDraft
    /// Of the wrapped keys; nil where they are not asked for.
    private var keys: SnapshotDraft?
    private var report: SnapshotReport

    private var fileSystem: any FileSystem { context.fileSystem }

    init(_ context: StoreContext, _ order: SnapshotOrder, isCancelled: @escaping @Sendable () -> Bool) {
        self.context = context
        self.order = order
        var manifest = SnapshotManifest(
            store: context.identity.store, lsn: 0, recordingCount: 0,
            madeMicroseconds: context.clock.wallMicroseconds)
        manifest.expiresMicroseconds = order.expiresMicroseconds
        report = SnapshotReport(directory: order.directory)
        manifest.keysDirectory = order.keysDirectory
        snapshot = SnapshotDraft(
            order.directory, manifest, directories: ["log"], context.fileSystem, isCancelled: isCancelled)
        manifest.keysDirectory = nil
        manifest.isOfKeys = true
        keys = order.keysDirectory.map {
            SnapshotDraft($0, manifest, context.fileSystem, isCancelled: isCancelled)
        }
    }

    mutating func run() throws(SnapshotError) -> SnapshotReport {
        try SnapshotPlaces(context).check(order)
        try snapshot.requireRoom()
        try keys?.requireRoom()
        // What was acked without a sync must be on the disk before a copy of it is called durable.
        do { try context.wait { .sync($0) } } catch { throw .store(error) }
        do throws(SystemError) {
            try make()
        } catch {
            snapshot.discard()
            keys?.discard()
            throw .system(error)
        }
        return report
    }

    private mutating func make() throws(SystemError) {
        if order.directory.hasPrefix(context.paths.snapshots + "/") {
            try fileSystem.createDirectory(context.paths.snapshots)
        }
        try snapshot.begin()
        try copyLog()
        try copyRest()
        // Behind the log: every recording in it had its key by then, and what was erased meanwhile has none any more. Before
        // the snapshot has its name: a whole one has its keys.
        try copyKeys()
        try snapshot.publish()
        let manifest = snapshot.manifest
        report.fileCount = manifest.files.count
        report.sizeBytes = manifest.sizeBytes
        report.lsn = manifest.lsn
        report.madeMicroseconds = manifest.madeMicroseconds
        report.expiresMicroseconds = manifest.expiresMicroseconds
    }

    /// The segments as readers see them at this moment. Each is held open, so that it can be copied also where a compaction
    /// removes it meanwhile.
    private mutating func copyLog() throws(SystemError) {
        let (sealed, active, activeLength, lsn, next) = context.view.state.withLock {
            ($0.sealed, $0.activeSegment, $0.activeLengthBytes, $0.appliedLSN, $0.nextRecording)
        }
        snapshot.describe {
            $0.lsn = lsn
            $0.recordingCount = next - 1
        }
        for segment in sealed {
            // A sealed segment is never written to again. The active one is, so it is always a copy.
            let name = SnapshotWriter.name(of: segment.segment)
            let isLinked = try snapshot.link(
                segment.segment.file, at: segment.segment.path, segment.lengthBytes, as: name,
                keepsHoles: segment.isArchived
            ) { [context] in SnapshotWriter.hasStillItsName(segment, context) }
            if isLinked { report.linkedCount += 1 }
            try addMarker(of: segment)
        }
        report.archivedCount = snapshot.manifest.archivedSegments.count
        try snapshot.copy(active.file, activeLength, as: SnapshotWriter.name(of: active))
    }

    /// Archived at this moment, its name may lead to a file without the events that this snapshot is to have.
    private static func hasStillItsName(_ segment: SealedSegment, _ context: StoreContext) -> Bool {
        let current = context.view.state.withLock { view in
            view.sealed.first { $0.segment.number == segment.segment.number }
        }
        return segment.isArchived || current === segment
    }

    /// Says where the events are that are not in the snapshot.
    private mutating func addMarker(of segment: SealedSegment) throws(SystemError) {
        guard segment.isArchived, let marker = segment.segment.archivedCopy?.marker else { return }
        let path = StorePaths(root: "").marker(marker.segment)
        try snapshot.write(marker.encoded(), as: String(path.dropFirst()))
        snapshot.describe { $0.archivedSegments.append(marker.segment) }
    }

    private static func name(of segment: Segment) -> String {
        let path = StorePaths(root: "").segment(segment.number)
        return String(path.dropFirst())
    }

    private mutating func copyRest() throws(SystemError) {
        let identity = try fileSystem.open(context.paths.identity, .readOnly)
        try snapshot.copy(identity, try identity.sizeBytes(), as: "store")
        let ledger = try context.ledger.text()
        if !ledger.isEmpty { try snapshot.write(ledger, as: "erased.ledger") }
    }

    /// The wrapped keys, into a directory of their own, which expires with the snapshot.
    private mutating func copyKeys() throws(SystemError) {
        guard var draft = keys else { return }
        defer { keys = draft }
        // Nothing of what the snapshot says was erased may go on living here.
        context.eraser.settle()
        let (lsn, count) = (snapshot.manifest.lsn, snapshot.manifest.recordingCount)
        draft.describe {
            $0.lsn = lsn
            $0.recordingCount = count
        }
        try draft.begin()
        // The first copy of a page before the second, as they are written.
        for name in try fileSystem.list(context.paths.keys).sorted() where !name.hasSuffix(".new") {
            let file = try fileSystem.open("\(context.paths.keys)/\(name)", .readOnly)
            try draft.copy(file, try file.sizeBytes(), as: name)
            report.keyFileCount += 1
        }
        try draft.publish()
    }
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
