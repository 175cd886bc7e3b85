import ReelCodec
import ReelFormat
import ReelSystem

/// A store of recordings, open. Any thread may call; nothing here waits for the disk but where it says so.
///
/// Writes answer through a completion, called once on the writer's thread when the change is durable. A completion must
/// not block. A call that throws was not taken and its completion is never called.
package final class Store: Sendable {
    let context: StoreContext
    private let maintenance: Maintenance
    let compaction: CompactionThread
    let growthMeter: GrowthMeter
    private let writer: Thread
    /// Held while the store is open.
    private let lock: Monitor<(any File)?>
    /// What opening found.
    package let report: OpenReport

    /// Opens a store, making it where the directory is empty, and recovers what a crash left.
    ///
    /// - Parameters:
    ///   - directory: absolute; made with mode 0700 where it does not exist.
    ///   - heartbeat: lets somebody know that the writer's thread still goes round.
    ///   - note: told what the journal should say; called on any of the store's threads.
    package static func open(
        _ directory: String, _ encryption: StoreEncryption = .off, options: StoreOptions = StoreOptions(),
        fileSystem: any FileSystem = HostFileSystem(),
        clock: any Clock = SystemClock(), heartbeat: Heartbeat? = nil,
        note: @escaping @Sendable (StoreEvent) -> Void = { _ in }
    ) throws(OpenError) -> Store {
        let paths = StorePaths(root: directory)
        let (lock, unlocked) = try StoreDirectory.open(
            paths, encryption, fileSystem: fileSystem, clock: clock, note: note)
        let sealer = try makeSealer(of: unlocked, paths, fileSystem, clock, note)
        let archive = Archive(
            options.archive.directory, of: unlocked.identity, paths, fileSystem, note: note)
        var recovery = Recovery(
            paths: paths, store: unlocked, sealer: sealer, archive: archive, fileSystem: fileSystem, clock: clock,
            options: options,
            note: note)
        let recovered = try recovery.run()
        let ledger: ErasureLedger.Opening
        do {
            ledger = try ErasureLedger.open(
                paths, unlocked.identity.store, recovered.view.state.withLock { $0.tombstones }, fileSystem)
        } catch {
            throw .system(error)
        }
        let context = StoreContext(
            options: options, store: unlocked, sealer: sealer, paths: paths, fileSystem: fileSystem,
            clock: clock, index: recovered.index, view: recovered.view, nextSegment: recovered.nextSegment,
            ledger: ledger.ledger, archive: archive, heartbeat: heartbeat, note: note)
        for damage in recovered.report.damage { note(.damage(damage)) }
        if !ledger.damagedLines.isEmpty { note(.ledgerMadeAnew(path: paths.ledger, damagedLines: ledger.damagedLines)) }
        note(.opened(recovered.report))
        let restored = try takeOver(snapshotIn: paths, fileSystem)
        if let restored { note(.snapshotOpened(restored)) }
        let store = Store(context, recovered, lock: lock)
        store.applyOwn(ledger.untold)
        return store
    }

    /// A snapshot that is opened is a store from then on: what its manifest says holds no longer.
    private static func takeOver(
        snapshotIn paths: StorePaths, _ fileSystem: any FileSystem
    ) throws(OpenError) -> SnapshotManifest? {
        do {
            guard let found = try SnapshotVerifier.manifest(paths, fileSystem) else { return nil }
            try fileSystem.unlink(paths.manifest)
            try fileSystem.syncDirectory(paths.root)
            return found.manifest
        } catch {
            throw .system(error)
        }
    }

    /// Who the store in a directory is; nil where there is none yet. Nothing is opened or locked.
    package static func identity(
        of directory: String, fileSystem: any FileSystem = HostFileSystem()
    ) throws(OpenError) -> StoreIdentity? {
        do {
            return try IdentityFile(StorePaths(root: directory), fileSystem).readOrCopy()
        } catch let error as OpenError {
            throw error
        } catch let error as SystemError {
            if error.isMissing { return nil }
            throw .system(error)
        } catch {
            preconditionFailure("no other error is thrown: \(error)")
        }
    }

    private static func makeSealer(
        of store: UnlockedStore, _ paths: StorePaths, _ fileSystem: any FileSystem, _ clock: any Clock,
        _ note: @escaping @Sendable (StoreEvent) -> Void
    ) throws(OpenError) -> Sealer {
        guard let rings = store.rings, let sealed = store.sealed else { return .none }
        do {
            return Sealer(try KeyringOpening(paths, fileSystem, rings, note: note).run(sealed.key, clock: clock))
        } catch {
            throw .system(error)
        }
    }

    private init(_ context: StoreContext, _ recovered: Recovery.Result, lock: any File) {
        self.context = context
        self.lock = Monitor(lock)
        report = recovered.report
        maintenance = Maintenance(context, checkpoint: recovered.checkpoint)
        compaction = CompactionThread(context)
        growthMeter = GrowthMeter(context)
        context.reserve.make()
        Store.beginLeases(context)
        let position = Handover(recovered.position)
        writer = Thread("reel-writer") { Store.writer(context, resuming: position).run() }
        context.eraser.start()
        maintenance.start()
        compaction.start()
    }

    /// A function of its own: nothing outlives it that has the position, and with it the segment that writing began in.
    /// Held for as long as the thread runs, that file would take its room after compaction had removed it.
    private static func writer(_ context: StoreContext, resuming position: Handover<LogPosition>) -> LogWriter {
        LogWriter(context, resuming: position.take())
    }

    /// Every open recording gets a new lease: a restart must not end what an outage interrupted.
    private static func beginLeases(_ context: StoreContext) {
        let now = context.clock.uptimeMicroseconds
        let next = context.view.nextRecording
        guard next > 1, context.index.hasRoom(for: next - 1) else { return }
        var query = RecordingQuery()
        query.statuses = [.recording]
        let filter = RowFilter(query, digests: context.digests)
        context.index.withRows(1..<next) { span in
            for number in 1..<next where filter.passes(span, at: Int(number - 1) * RecordingRow.sizeBytes) {
                context.leases.touch(number, now)
            }
        }
    }

    /// Writes what is waiting, makes all of it durable, checkpoints, and closes. Waits for the disk. Later calls are
    /// refused with `.closing`.
    package func close() {
        compaction.stop()
        context.queue.close()
        writer.join()
        context.eraser.stop()
        maintenance.stop()
        do { try maintenance.checkpoint() } catch { context.note(.checkpointFailed(error)) }
        lock.withLock { $0 = nil }
    }

    // MARK: Writing

    /// Begins a recording. The same client-made id gives the same recording again.
    package func start(
        _ request: StartRequest, _ completion: @escaping @Sendable (Result<StartReceipt, StoreError>) -> Void
    ) throws(StoreError) {
        try context.queue.submit(.start(request, completion))
    }

    /// Makes a scanned run of events ready for the log: compresses and hashes it. For a worker's thread.
    ///
    /// - Parameters:
    ///   - writer: who numbered the batch, with its number; nil takes part in no deduplication.
    package func prepare(_ run: EventRun, writer: String?, batch: UInt64?) -> PreparedBatch {
        var key: BatchKey?
        if let writer, let batch { key = BatchKey(writer: context.digests.writer(writer), batch: batch) }
        return PreparedBatch(
            member: Codecs.fast.borrow { $0.member(of: run.text) }, rawSizeBytes: UInt32(run.text.count),
            summary: run.summary, key: key, bodyHash: context.digests.body(run.text))
    }

    /// Appends a batch that holds at least one event.
    package func append(
        _ batch: PreparedBatch, to recording: UInt64,
        _ completion: @escaping @Sendable (Result<AppendReceipt, StoreError>) -> Void
    ) throws(StoreError) {
        precondition(batch.summary.eventCount > 0, "an empty batch has nothing to append")
        try context.queue.submit(.append(AppendRequest(recording: recording, batch: batch), completion))
    }

    /// Changes metadata; the answer is the row as changed.
    package func change(
        _ recording: UInt64, _ change: MetadataChange,
        _ completion: @escaping @Sendable (Result<RecordingRow, StoreError>) -> Void
    ) throws(StoreError) {
        try context.queue.submit(.change(recording, change, completion))
    }

    /// Ends a recording for good; ending it again gives the first end.
    package func end(
        _ recording: UInt64, _ completion: @escaping @Sendable (Result<RecordingRow, StoreError>) -> Void
    ) throws(StoreError) {
        try context.queue.submit(.end(recording, .request, completion))
    }

    /// Erases a recording; erasing it again gives the first tombstone. `Store+Erasing` has the call for many.
    ///
    /// - Parameter overridingHold: erases it though it is pinned.
    package func erase(
        _ recording: UInt64, overridingHold: Bool = false,
        _ completion: @escaping @Sendable (Result<Tombstone, StoreError>) -> Void
    ) throws(StoreError) {
        try context.queue.submit(.erase(EraseRequest(recording, overridingHold: overridingHold), completion))
    }

    // MARK: Reading

    /// The number of the recording with that id; nil where there is none.
    package func number(of id: UUIDv7) -> UInt64? { (try? context.number(of: id)) ?? nil }

    /// A recording's row and summary.
    ///
    /// - Throws: `.unknownRecording`, `.erased`, or what reading met.
    package func recording(_ number: UInt64) throws(StoreError) -> ListedRecording {
        let state = try liveState(number)
        return ListedRecording(row: state.row, summary: state.summary, metadata: try context.metadata(of: state.row))
    }

    /// The recording as it is now, for reading events.
    ///
    /// - Throws: `.unknownRecording`, `.erased`, or what reading met.
    package func snapshot(_ number: UInt64) throws(StoreError) -> RecordingSnapshot {
        let state = try liveState(number)
        // Rows are written before the view shows their frames: a row ahead of this LSN says nothing of what is missing.
        let appliedLSN = context.view.appliedLSN
        let frames = try context.view.frames(of: number)
        return RecordingSnapshot(
            row: state.row, frames: frames, isComplete: state.row.lsn <= appliedLSN, log: context.paths.log)
    }

    private func liveState(_ number: UInt64) throws(StoreError) -> RecordingState {
        let state = try context.committedState(number)
        if state.row.status == .erased {
            let age = context.clock.wallMicroseconds - state.row.endedMicroseconds
            throw age > context.options.tombstoneMicroseconds
                ? .unknownRecording : .erased(at: state.row.endedMicroseconds)
        }
        return state
    }

    /// A page of recordings, newest first.
    ///
    /// - Parameter below: only numbers below it; nil begins with the newest.
    package func list(_ query: RecordingQuery, below: UInt64? = nil, limit: Int) -> RecordingPage {
        RecordingList(context).page(query, below: below, limit: limit)
    }

    /// Those of some recordings that a list would show, in the order given.
    package func list(_ query: RecordingQuery, among numbers: [UInt64]) -> RecordingPage {
        RecordingList(context).page(query, among: numbers)
    }

    /// Has somebody told of each commit once readers can see it, on the writer's thread, which must not be kept waiting;
    /// nil tells nobody.
    package func observeChanges(_ observe: (@Sendable (CommittedChanges) -> Void)?) { context.changes.set(observe) }

    // MARK: Tokens

    /// The token that lets a client write to the recording: derived, so that a repeated start gives it again.
    package func writeToken(for id: UUIDv7) -> String { context.digests.writeToken(for: id) }

    /// Compares in a time that does not depend on the token.
    package func isWriteToken(_ token: String, for id: UUIDv7) -> Bool {
        context.digests.isWriteToken(token, for: id)
    }

    /// Signs in the store's name.
    package var signer: StoreSigner { context.signer }

    // MARK: Care

    /// Compacts now whatever gets smaller by it.
    package func vacuum(_ completion: @escaping @Sendable (Result<CompactionReport, StoreError>) -> Void) {
        vacuum(VacuumRequest(), completion)
    }

    /// Removes what is asked for, then compacts whatever gets smaller by it; a dry run does neither.
    package func vacuum(
        _ request: VacuumRequest,
        _ completion: @escaping @Sendable (Result<CompactionReport, StoreError>) -> Void
    ) {
        compaction.vacuum(request, completion)
    }

    /// Does now what the maintenance thread does now and then: leases and, when one is due, a checkpoint.
    package func tick() { maintenance.tick() }

    /// Does now what retention does by itself now and then.
    package func keepLimits(_ completion: @escaping @Sendable (Result<Void, StoreError>) -> Void) {
        compaction.keepLimits(completion)
    }

    /// Takes over what may change while the store is open: the lives of recordings, compaction, retention. The rest of
    /// the options stays as it was.
    package func apply(_ options: StoreOptions) {
        context.apply(options)
        compaction.retention.reconsider()
        compaction.archive.reconsider()
    }

    /// Makes the index durable now.
    package func checkpoint() throws(SystemError) { try maintenance.checkpoint() }

    /// What retention has done, and what it waits for.
    package var retention: RetentionStatus { context.retention.withLock { $0 } }

    package var health: StoreHealth { context.health.withLock { $0 } }

    package var statistics: StoreStatistics {
        context.view.state.withLock { view in
            StoreStatistics(
                id: context.identity.store, keyFingerprint: context.identity.keyRecord?.fingerprint,
                recordingCount: view.nextRecording - 1 - view.gone.erased - view.gone.expired,
                erasedRecordingCount: view.gone.erased, expiredRecordingCount: view.gone.expired,
                openRecordingCount: context.leases.openCount, segmentCount: view.sealed.count + 1,
                logSizeBytes: view.sealed.reduce(view.activeLengthBytes) { $0 + $1.localBytes },
                lastLSN: view.appliedLSN, queueDepth: context.queue.depth,
                commits: context.commits.withLock { $0 })
        }
    }

    /// Bytes held for erasing, removing and compacting on a full disk.
    package var reserveBytes: UInt64 { context.reserve.heldBytes }

    /// Bytes that writers may still write on the store's file system: none while the reserve's room is in use.
    package func freeBytes() throws(SystemError) -> UInt64 {
        context.reserve.isSpent ? 0 : try context.fileSystem.freeBytes(context.paths.root)
    }
}

/// Figures of an open store.
package struct StoreStatistics: Sendable, Equatable {
    package var id: StoreID
    /// Of the store's key; nil where nothing is encrypted.
    package var keyFingerprint: KeyFingerprint?
    /// Those that are there.
    package var recordingCount: UInt64
    package var erasedRecordingCount: UInt64
    package var expiredRecordingCount: UInt64
    /// Every one that was ever started: the last number that was given out.
    package var startedRecordingCount: UInt64 { recordingCount + erasedRecordingCount + expiredRecordingCount }
    package var openRecordingCount: Int
    package var segmentCount: Int
    package var logSizeBytes: UInt64
    package var lastLSN: UInt64
    package var queueDepth: Int
    package var commits: CommitStatistics
}

/// Hands a value to another thread, which takes it out and is its only user from then on.
private final class Handover<Value>: @unchecked Sendable {
    // Set before the thread begins and taken by it once: never touched by two threads at a time.
    private var value: Value?

    init(_ value: Value) { self.value = value }

    func take() -> Value {
        guard let taken = value else { preconditionFailure("taken twice") }
        value = nil
        return taken
    }
}
