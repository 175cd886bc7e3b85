import ReelCodec
import ReelFormat
import ReelSystem

/// Opens a store as a crash or a clean stop left it. FORMAT.md §14 is its table, row by row.
struct Recovery {
    let paths: StorePaths
    let identity: StoreIdentity
    let sealer: Sealer
    let archive: Archive
    let fileSystem: any FileSystem
    let clock: any Clock
    let options: StoreOptions
    let digests: StoreDigests
    private let note: @Sendable (StoreEvent) -> Void
    var report = OpenReport()

    init(
        paths: StorePaths, store: UnlockedStore, sealer: Sealer, archive: Archive, fileSystem: any FileSystem,
        clock: any Clock, options: StoreOptions, note: @escaping @Sendable (StoreEvent) -> Void
    ) {
        self.paths = paths
        identity = store.identity
        self.sealer = sealer
        self.archive = archive
        self.fileSystem = fileSystem
        self.clock = clock
        self.options = options
        self.note = note
        digests = store.digests
    }

    /// What recovery hands to the store.
    struct Result {
        var index: RecordingIndex
        var view: LogView
        var position: LogPosition
        var nextSegment: UInt64
        /// Nil where the index was rebuilt and has no checkpoint yet.
        var checkpoint: CheckpointHeader?
        var report: OpenReport
    }

    mutating func run() throws(OpenError) -> Result {
        try OpenError.from { try recover() }
    }

    private mutating func recover() throws -> Result {
        try fileSystem.createDirectory(paths.log)
        try emptyTemporary()
        if options.rebuildsIndex { try removeIndex() }
        let (index, checkpoint) = try RecordingIndex.open(
            paths, store: identity.store, sealer: sealer, fileSystem: fileSystem)
        var log = try LogInventory(self, checkpoint: checkpoint)
        report.damage += log.damage
        let active = try log.makeActive(self)
        report.cutBytes = log.cutBytes
        if !options.acceptsLostKeys { try requireKeys(of: log) }
        destroyKeys(of: log)

        let view = LogView(
            LogView.State(
                sealed: log.sealed, active: log.activeTable, activeSegment: active.segment,
                activeLengthBytes: active.lengthBytes, appliedLSN: log.nextLSN - 1, nextRecording: log.nextRecording,
                tombstones: log.tombstones, expired: log.expired,
                lastReceivedMicroseconds: log.lastReceivedMicroseconds))
        if let checkpoint {
            try takeBackRows(aheadOf: log, index: index, view: view)
            let tail = try log.tail(after: checkpoint)
            // Before the frames behind it: those go into rows that have all the frames a compaction took.
            try move(tail.moved, after: checkpoint, log, index: index, view: view)
            try replay(tail, index: index, view: view)
            try healRows(below: checkpoint.nextRecording, log, index: index, view: view)
            try insertIDs(from: checkpoint.nextRecording, log, index: index)
        } else {
            try rebuild(index: index, view: view, log)
        }
        try clearExpired(log, index: index)
        try removeReplaced(log)
        report.segmentCount = log.sealed.count + 1
        let gone = index.goneCounts(below: log.nextRecording)
        view.state.withLock { $0.gone = gone }
        report.recordingCount = log.nextRecording - 1 - gone.erased - gone.expired
        if report.rebuiltIndex { report.unaccountedCount = unaccountedCount(log, gone) }
        let position = LogPosition(
            active: active, nextLSN: log.nextLSN, nextRecording: log.nextRecording,
            lastReceivedMicroseconds: log.lastReceivedMicroseconds, cuts: log.cuts,
            replaced: [])
        return Result(
            index: index, view: view, position: position, nextSegment: log.nextSegment, checkpoint: checkpoint,
            report: report)
    }

    /// Of an index made anew: numbers without a row that retention, as far as the log knows, did not remove.
    private func unaccountedCount(_ log: LogInventory, _ gone: GoneCounts) -> UInt64 {
        let known = log.expired.ranges.reduce(0) { $0 + UInt64($1.recordings.count) }
        return gone.expired > known ? gone.expired - known : 0
    }

    /// Rows that a crash brought back after retention had cleared them.
    private func clearExpired(_ log: LogInventory, index: RecordingIndex) throws(SystemError) {
        for range in log.expired.ranges { try index.clear(range.recordings) }
    }

    /// Without a page of its keyring a store is not opened: its recordings would look lost to all who ask, new keys would be
    /// made for the next numbers of that page, and the page, once put back, would take those away.
    private func requireKeys(of log: LogInventory) throws {
        guard let keyring = sealer.keyring, log.nextRecording > 1 else { return }
        let last = log.nextRecording - 1
        func isKept(_ number: UInt64) -> Bool {
            log.tombstones[number] == nil && log.expired.range(of: number) == nil
        }
        for page in 0...Ring.page(of: last) {
            let numbers = Ring.recordings(of: page).clamped(to: 1...last)
            // The last of a page: a ring that is older than the log lacks the keys at its end.
            guard let number = numbers.reversed().first(where: isKept) else { continue }
            if try !keyring.knows(number) { throw OpenError.keyringIncomplete(path: paths.keys, recording: number) }
        }
    }

    /// What a crash between a tombstone and the keyring left, or a keyring from a backup brought back.
    private func destroyKeys(of log: LogInventory) {
        guard let keyring = sealer.keyring else { return }
        do { try keyring.destroy(Array(log.tombstones.values)) } catch { note(.keyringFailed(error)) }
    }

    /// The compactor's work that never became a segment.
    private func emptyTemporary() throws(SystemError) {
        try fileSystem.createDirectory(paths.temporary)
        for name in try fileSystem.list(paths.temporary) { try fileSystem.unlink("\(paths.temporary)/\(name)") }
    }

    private func removeIndex() throws(SystemError) {
        try fileSystem.createDirectory(paths.index)
        for name in try fileSystem.list(paths.index) { try fileSystem.unlink("\(paths.index)/\(name)") }
    }

    /// Replaced segments go for good before anything else is written, so that a later state frame need not name them.
    private func removeReplaced(_ log: LogInventory) throws(SystemError) {
        for number in log.replacedTables { try fileSystem.unlink(paths.table(number)) }
        guard !log.replacedFiles.isEmpty else { return }
        // The tables first: a table without its segment tells of a loss.
        try fileSystem.syncDirectory(paths.index)
        let marked = log.replacedFiles.filter(archive.isMarked)
        if !marked.isEmpty {
            try Archive.discard(marked, paths, fileSystem)
            archive.noteDiscarded(marked)
        }
        for number in log.replacedFiles { try fileSystem.unlink(paths.segment(number)) }
        try fileSystem.syncDirectory(paths.log)
    }

    /// With `durability = interval` rows are written before the log is synced, so a power cut may leave them ahead of
    /// it: they are folded from what the log still has.
    private mutating func takeBackRows(aheadOf log: LogInventory, index: RecordingIndex, view: LogView) throws {
        let fold = RecordingFold(view: view, digests: digests)
        for number in index.numbers(below: .max, ahead: log.nextLSN - 1) {
            if number < log.nextRecording, try fold.state(number) != nil {
                try refold(number, fold, index: index)
            } else {
                try index.clear(number)
            }
        }
    }

    /// Brings rows up to a compaction: where their recordings lie, and in how many frames, is told by the tables. Events
    /// are read again only of recordings whose rows lack some.
    private mutating func move(
        _ moved: [MovedRecording], after checkpoint: CheckpointHeader, _ log: LogInventory, index: RecordingIndex,
        view: LogView
    ) throws {
        let fold = RecordingFold(view: view, digests: digests)
        for one in moved {
            guard let row = index.row(one.number), row.lsn >= one.lsn,
                row.lsn <= checkpoint.lsn || index.summary(one.number)?.lsn == row.summaryLSN
            else {
                try remake(one.number, fold, log, index: index)
                continue
            }
            // The installation writes a row's new places in one piece: this one was written then, or later.
            if row.status == .erased || UInt64(row.metadataSegment) == one.segment { continue }
            let frames = try view.frames(of: one.number).filter { $0.entry.lsn <= row.lsn }
            if let settled = row.settled(in: frames) {
                if settled != row { try index.write(settled, isNew: false) }
            } else {
                try remake(one.number, fold, log, index: index)
            }
        }
    }

    /// Brings rows up to the log: each frame of the tail goes into its row, unless the row has it already.
    private mutating func replay(
        _ tail: LogTail, index: RecordingIndex, view: LogView
    ) throws {
        let fold = RecordingFold(view: view, digests: digests)
        let erased = Set(tail.tombstones.map(\.recording))
        let frames = tail.frames.filter { $0.entry.kind != .expire && !erased.contains($0.entry.recording) }
        for located in frames {
            let number = located.entry.recording
            if let row = index.row(number), let summary = index.summary(number), summary.lsn == row.summaryLSN {
                if row.lsn >= located.entry.lsn { continue }
                var state: RecordingState? = RecordingState(row: row, summary: summary)
                try add(located, fold, to: &state)
                if let state { try write(state, to: index) }
            } else {
                try refold(number, fold, index: index)
            }
            report.replayedFrameCount += 1
        }
        for tombstone in tail.tombstones { try write(.erased(tombstone), to: index) }
    }

    private mutating func add(
        _ located: LocatedFrame, _ fold: RecordingFold, to state: inout RecordingState?
    ) throws(StoreError) {
        do throws(StoreError) {
            try fold.add(located, to: &state)
        } catch {
            switch error {
            case .damaged(let damage):
                report.damage.append(damage)
                RecordingState.fold(damaged: located, into: &state)
            // Its key was destroyed, and its tombstone is not here: the log is older than the keyring.
            case .erased(let microseconds): state = .erasedByKey(located.entry, microseconds)
            default: throw error
            }
        }
    }

    /// Ids of rows that the checkpoint does not speak of: a row's page was written back before a power cut, its slot of `ids`
    /// maybe not. By the rows, as a recording's start may be in no segment that is looked at again.
    private func insertIDs(from first: UInt64, _ log: LogInventory, index: RecordingIndex) throws(SystemError) {
        var number = first
        while number < log.nextRecording {
            if let row = index.row(number) { try index.insertID(of: row) }
            number += 1
        }
    }

    /// Rows that the checkpoint speaks of and that are not sound.
    private mutating func healRows(
        below end: UInt64, _ log: LogInventory, index: RecordingIndex, view: LogView
    ) throws {
        let fold = RecordingFold(view: view, digests: digests)
        // What is gone has no frames, and looking for them in every segment would take long.
        for number in index.unsoundNumbers(below: end) where log.expired.range(of: number) == nil {
            try remake(number, fold, log, index: index)
        }
    }

    private mutating func remake(
        _ number: UInt64, _ fold: RecordingFold, _ log: LogInventory, index: RecordingIndex
    ) throws {
        if let tombstone = log.tombstones[number] {
            try write(.erased(tombstone), to: index)
        } else {
            try refold(number, fold, index: index)
        }
    }

    private mutating func refold(_ number: UInt64, _ fold: RecordingFold, index: RecordingIndex) throws {
        var damage: [Corruption] = []
        let state = try fold.state(number) { damage.append($0) }
        report.damage += damage
        if let state { try write(state, to: index) }
    }

    /// Makes every row anew.
    private mutating func rebuild(index: RecordingIndex, view: LogView, _ log: LogInventory) throws {
        report.rebuiltIndex = true
        let fold = RecordingFold(view: view, digests: digests)
        var number: UInt64 = 1
        while number < log.nextRecording {
            try remake(number, fold, log, index: index)
            number += 1
        }
    }

    private func write(_ state: RecordingState, to index: RecordingIndex) throws(SystemError) {
        try index.reserve(state.row.number)
        try index.write(state.summary)
        try index.write(state.row, isNew: true)
    }
}

/// What the index must still take in after a checkpoint.
struct LogTail {
    /// In order of LSN.
    var frames: [LocatedFrame]
    var moved: [MovedRecording]
    var tombstones: [Tombstone]
}

/// A recording that a compaction wrote anew.
struct MovedRecording {
    var number: UInt64
    /// The compacted segment.
    var segment: UInt64
    /// The greatest of its frames there.
    var lsn: UInt64
}

extension RecordingRow {
    /// The row with what depends on where its frames lie.
    ///
    /// - Parameter frames: all that the row reflects.
    /// - Returns: nil where none of them is metadata.
    fileprivate func settled(in frames: [LocatedFrame]) -> RecordingRow? {
        guard let metadata = frames.last(where: { $0.entry.kind.isMetadata }) else { return nil }
        var row = self
        row.metadataSegment = UInt32(truncatingIfNeeded: metadata.segment.number)
        row.metadataOffsetBytes = UInt32(truncatingIfNeeded: metadata.entry.offsetBytes)
        row.describeStorage(frames.map(\.entry))
        return row
    }
}
