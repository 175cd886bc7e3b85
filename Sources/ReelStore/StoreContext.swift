import ReelCodec
import ReelFormat
import ReelSystem

/// What the store's threads share. Everything in it is immutable or guards itself.
final class StoreContext: Sendable {
    private let currentOptions: Monitor<StoreOptions>
    let identity: StoreIdentity
    let sealer: Sealer
    let eraser: EraserThread
    let paths: StorePaths
    let fileSystem: any FileSystem
    let clock: any Clock
    let index: RecordingIndex
    let view: LogView
    let ledger: ErasureLedger
    let archive: Archive
    /// What compaction has yet to take out of the log.
    let erasedRecordings: ErasedRecordings
    let queue: WriteQueue
    let digests: StoreDigests
    let signer: StoreSigner
    let leases = LeaseTable()
    let changes = ChangeObserver()
    /// Rows that could not be written, with their ids: these recordings are folded from the log when they are read.
    let damagedRows = Monitor<[UInt64: UUIDv7]>([:])
    /// Rows found unsound that the writer was asked to make anew.
    private let healing = Monitor<Set<UInt64>>([])
    /// Long work looks at it and ends early.
    let isClosing = Monitor(false)
    let health = Monitor(StoreHealth())
    let commits = Monitor(CommitStatistics())
    let retention = Monitor(RetentionStatus())
    let reserve: SpaceReserve
    let heartbeat: Heartbeat?
    let note: @Sendable (StoreEvent) -> Void
    private let nextSegment: Monitor<UInt64>

    init(
        options: StoreOptions, store: UnlockedStore, sealer: Sealer, paths: StorePaths, fileSystem: any FileSystem,
        clock: any Clock, index: RecordingIndex, view: LogView, nextSegment: UInt64, ledger: ErasureLedger,
        archive: Archive, heartbeat: Heartbeat?, note: @escaping @Sendable (StoreEvent) -> Void
    ) {
        currentOptions = Monitor(options)
        identity = store.identity
        self.sealer = sealer
        eraser = EraserThread(sealer, note: note)
        self.paths = paths
        self.fileSystem = fileSystem
        self.clock = clock
        self.index = index
        self.view = view
        self.ledger = ledger
        self.archive = archive
        erasedRecordings = ErasedRecordings(
            view.state.withLock { Array($0.tombstones.keys) }, uptime: clock.uptimeMicroseconds)
        self.heartbeat = heartbeat
        self.note = note
        self.nextSegment = Monitor(nextSegment)
        queue = WriteQueue(countMax: options.queueCountMax, sizeMaxBytes: options.queueSizeBytes)
        digests = store.digests
        signer = store.signer
        reserve = SpaceReserve(paths, fileSystem, wantedBytes: options.reserveSizeBytes)
    }

    var options: StoreOptions { currentOptions.withLock { $0 } }

    /// Takes over what may change while the store is open: the lives of recordings, compaction, retention.
    func apply(_ new: StoreOptions) {
        currentOptions.withLock { options in
            options.leaseMicroseconds = new.leaseMicroseconds
            options.resumeMicroseconds = new.resumeMicroseconds
            options.graceMicroseconds = new.graceMicroseconds
            options.recordingLengthMaxMicroseconds = new.recordingLengthMaxMicroseconds
            options.recordingSizeMaxBytes = new.recordingSizeMaxBytes
            options.compaction = new.compaction
            options.retention = new.retention
            options.archive = new.archive
        }
    }

    /// The receive time of the newest frame, microseconds since 1970; 0 where there is none.
    var newestMicroseconds: Int64 { view.state.withLock { $0.lastReceivedMicroseconds } }

    /// Bytes that all segments that count take here, without what is in the archive.
    var logSizeBytes: UInt64 {
        view.state.withLock { view in view.sealed.reduce(view.activeLengthBytes) { $0 + $1.localBytes } }
    }

    /// A number for a new segment file; never given twice while the store is open.
    func takeSegmentNumber() -> UInt64 {
        nextSegment.withLock { next in
            defer { next += 1 }
            return next
        }
    }

    /// Hands an operation to the writer's thread and waits for its answer.
    func wait<Answer: Sendable>(
        _ operation: (@escaping @Sendable (Result<Answer, StoreError>) -> Void) -> Operation
    ) throws(StoreError) -> Answer {
        let answer = Monitor<Result<Answer, StoreError>?>(nil)
        try queue.submit(operation { result in answer.broadcast { $0 = result } })
        guard let result = answer.wait(until: { $0 }) else { throw .closing }
        return try result.get()
    }

    /// A recording's row and summary as committed: from the index, or from the log where the index is damaged.
    ///
    /// - Throws: `.unknownRecording`, or what reading the frames met.
    func committedState(_ number: UInt64) throws(StoreError) -> RecordingState {
        guard number >= 1, number < view.nextRecording else { throw .unknownRecording }
        try refuseExpired(number)
        let isSuspect = damagedRows.withLock { $0[number] != nil } || index.hasFaulted
        if !isSuspect, let state = index.state(number) { return state }
        guard let state = try RecordingFold(self).state(number) else { throw .unknownRecording }
        if !isSuspect { heal(number) }
        return state
    }

    /// - Throws: `.expired`, or `.unknownRecording` once that is forgotten, where retention has removed the recording.
    private func refuseExpired(_ number: UInt64) throws(StoreError) {
        guard let range = view.expiry(of: number) else { return }
        let age = clock.wallMicroseconds - range.expiredMicroseconds
        throw age > options.tombstoneMicroseconds ? .unknownRecording : .expired(range.cause)
    }

    /// Has the writer make a row anew that was found unsound, once.
    private func heal(_ number: UInt64) {
        guard healing.withLock({ $0.insert(number).inserted }) else { return }
        // A store that is closing reads it from the log again next time.
        try? queue.submit(.repair(number) { _ in })
    }

    /// The number of the recording with that id; nil where there is none.
    ///
    /// - Throws: what reading the frames of a recording met whose row cannot be read: it may be the one.
    func number(of id: UUIDv7) throws(StoreError) -> UInt64? {
        // The ids or the rows they lead to may be among what is missing.
        let candidates = index.hasFaulted ? Array(1..<view.nextRecording) : index.candidates(for: id)
        for number in candidates where try hasID(id, number) { return number }
        // A row that could not be written may be missing in `ids` too.
        return damagedRows.withLock { rows in rows.first { $0.value == id }?.key }
    }

    private func hasID(_ id: UUIDv7, _ number: UInt64) throws(StoreError) -> Bool {
        do {
            return try committedRow(number).id == id
        } catch {
            switch error {
            case .unknownRecording, .expired: return false
            default: throw error
            }
        }
    }

    /// Takes note that a row does not say what the log says. The log has it: from here on the recording is folded from its
    /// frames, until the row can be written. Told once.
    func noteDamaged(_ row: RecordingRow, _ error: SystemError) {
        let isNew = damagedRows.withLock { $0.updateValue(row.id, forKey: row.number) == nil }
        if isNew { note(.indexWriteFailed(recording: row.number, error)) }
    }

    func committedRow(_ number: UInt64) throws(StoreError) -> RecordingRow {
        guard number >= 1, number < view.nextRecording else { throw .unknownRecording }
        try refuseExpired(number)
        let isSuspect = damagedRows.withLock { $0[number] != nil } || index.hasFaulted
        if !isSuspect, let row = index.row(number) { return row }
        return try committedState(number).row
    }

    /// A recording's row and summary; nil where erasing or retention left nothing of it to keep.
    ///
    /// - Throws: what reading the frames met.
    func survivingState(_ number: UInt64) throws(StoreError) -> RecordingState? {
        guard view.expiry(of: number) == nil else { return nil }
        let state = try committedState(number)
        return state.row.status == .erased ? nil : state
    }

    /// As `survivingState`, the row alone.
    func survivingRow(_ number: UInt64) throws(StoreError) -> RecordingRow? {
        guard view.expiry(of: number) == nil else { return nil }
        let row = try committedRow(number)
        return row.status == .erased ? nil : row
    }

    /// The recording's current metadata, from its frame.
    func metadata(of row: RecordingRow) throws(StoreError) -> RecordingMetadata {
        guard let segment = view.segment(UInt64(row.metadataSegment)) else {
            // Compaction moved the frame after the row was read.
            let now = try committedRow(row.number)
            guard now.metadataSegment != row.metadataSegment, let moved = view.segment(UInt64(now.metadataSegment))
            else { throw .unknownRecording }
            return try metadata(in: moved, at: UInt64(now.metadataOffsetBytes), of: row.number)
        }
        return try metadata(in: segment, at: UInt64(row.metadataOffsetBytes), of: row.number)
    }

    private func metadata(in segment: Segment, at offsetBytes: UInt64, of number: UInt64) throws(StoreError)
        -> RecordingMetadata
    {
        let frame = try segment.frame(at: offsetBytes, expectedPayloadBytes: 1024)
        guard frame.header.recording == number, frame.header.kind.isMetadata else {
            throw .damaged(segment.corruption(offsetBytes, .foreignFrame))
        }
        return try LocatedFrame(segment: segment, entry: FrameEntry(frame.header, at: offsetBytes)).metadata(in: frame)
    }

    /// Removes the tables of segments that are about to go. Durable before the segments are removed: a table without its
    /// segment tells of a loss.
    func removeTables(of segments: [UInt64]) throws(SystemError) {
        for number in segments { try fileSystem.unlinkIfThere(paths.table(number)) }
        try fileSystem.syncDirectory(paths.index)
    }

    /// The gzip member of a metadata frame.
    func metadataMember(_ text: [UInt8]) -> [UInt8] {
        Codecs.fast.borrow { $0.member(of: text) }
    }
}

/// What `/readyz` asks.
package struct StoreHealth: Sendable, Equatable {
    /// What the disk said when the store stopped writing for good; nil while it writes.
    package var readOnlyCause: SystemError?
    package var isReadOnly: Bool { readOnlyCause != nil }
    package var lastCheckpointMicroseconds: Int64 = 0
}

/// What the writer counted since start.
package struct CommitStatistics: Sendable, Equatable {
    package private(set) var commitCount: UInt64 = 0
    package private(set) var frameCount: UInt64 = 0
    package private(set) var sizeBytes: UInt64 = 0

    mutating func note(frames: Int, bytes: Int) {
        commitCount += 1
        frameCount += UInt64(frames)
        sizeBytes += UInt64(bytes)
    }
}
