import ReelCodec
import ReelFormat
import ReelSystem

/// The tables of recordings: a row and a summary a recording, and the way from ids to numbers. Derived from the log.
final class RecordingIndex: Sendable {
    /// Two checkpoint headers, then the rows from the fourth KiB on.
    static let firstRowBytes = 4096
    private static let pairAttemptMax = 100

    private let rows: SlotFile
    private let summaries: SlotFile
    private let sealer: Sealer
    let ids: IDTable
    /// The sync that failed.
    private let failure = Monitor<SystemError?>(nil)

    private init(rows: SlotFile, summaries: SlotFile, ids: IDTable, sealer: Sealer) {
        self.sealer = sealer
        self.rows = rows
        self.summaries = summaries
        self.ids = ids
    }

    /// Opens the tables as a checkpoint left them, or empty ones.
    ///
    /// - Returns: the newest checkpoint, nil where there is none that counts: everything is to be rebuilt.
    static func open(
        _ paths: StorePaths, store: StoreID, sealer: Sealer, fileSystem: any FileSystem
    ) throws(SystemError) -> (RecordingIndex, CheckpointHeader?) {
        try fileSystem.createDirectory(paths.index)
        let rowFile = try fileSystem.openDerived(paths.rows)
        let summaryFile = try fileSystem.openDerived(paths.summaries)
        var checkpoint = try checkpoint(in: rowFile, store: store)
        if let header = checkpoint {
            // Rows that a checkpoint speaks of cannot be missing, unless somebody cut the files.
            let rowBytes = UInt64(firstRowBytes) + (header.nextRecording - 1) * UInt64(RecordingRow.sizeBytes)
            let summaryBytes = (header.nextRecording - 1) * UInt64(SummarySlot.sizeBytes)
            let rowFileBytes = try rowFile.sizeBytes()
            let summaryFileBytes = try summaryFile.sizeBytes()
            if rowFileBytes < rowBytes || summaryFileBytes < summaryBytes { checkpoint = nil }
        }
        if checkpoint == nil {
            try rowFile.truncate(to: 0)
            try summaryFile.truncate(to: 0)
        }
        let rows = try SlotFile(rowFile, slotBytes: RecordingRow.sizeBytes, firstSlotBytes: firstRowBytes)
        let summaries = try SlotFile(summaryFile, slotBytes: SummarySlot.sizeBytes, firstSlotBytes: 0)
        // Slots have no checksums of their own; one that was lost would make a known id a new one.
        if let checkpoint, let ids = IDTable(path: paths.ids, fileSystem: fileSystem),
            ids.checksum(below: checkpoint.nextRecording) == checkpoint.idsChecksum
        {
            return (RecordingIndex(rows: rows, summaries: summaries, ids: ids, sealer: sealer), checkpoint)
        }
        var known: [(UUIDv7, UInt64)] = []
        if let header = checkpoint {
            for number in 1..<header.nextRecording {
                if let row = rows.read(Int(number) - 1, RecordingRow.init(decoding:)) { known.append((row.id, number)) }
            }
        }
        let ids = try IDTable(path: paths.ids, fileSystem: fileSystem, ids: known)
        return (RecordingIndex(rows: rows, summaries: summaries, ids: ids, sealer: sealer), checkpoint)
    }

    /// The newest sound checkpoint header of this store.
    static func checkpoint(in file: any File, store: StoreID) throws(SystemError) -> CheckpointHeader? {
        var checkpoint: CheckpointHeader?
        for slot in 0..<2 {
            let bytes = try file.read(CheckpointHeader.sizeBytes, at: UInt64(slot * CheckpointHeader.sizeBytes))
            guard let header = CheckpointHeader(decoding: bytes), header.store == store else { continue }
            if header.sequence > checkpoint?.sequence ?? 0 { checkpoint = header }
        }
        return checkpoint
    }

    func row(_ number: UInt64) -> RecordingRow? {
        guard number >= 1, let index = Int(exactly: number) else { return nil }
        guard let row = rows.read(index - 1, RecordingRow.init(decoding:)), row.number == number else { return nil }
        return row
    }

    func summary(_ number: UInt64) -> SummarySlot? {
        guard number >= 1, let index = Int(exactly: number) else { return nil }
        guard let slot = summaries.read(index - 1, SummarySlot.init(decoding:)), slot.number == number else {
            return nil
        }
        return sealer.open(slot)
    }

    /// A recording's row and the summary that belongs to it; nil where either is not there or not sound.
    func state(_ number: UInt64) -> RecordingState? {
        // The writer changes the summary first: between the two it looks for a moment as if a crash had parted them.
        for _ in 0..<RecordingIndex.pairAttemptMax {
            guard let row = row(number), let summary = summary(number) else { return nil }
            if summary.lsn == row.summaryLSN { return RecordingState(row: row, summary: summary) }
        }
        return nil
    }

    /// The numbers below `end` whose rows are not sound or not there. A list would pass them over: it looks at a row's
    /// fields without its checksum.
    func unsoundNumbers(below end: UInt64) -> [UInt64] {
        let numbers = 1..<min(end, UInt64(rows.slotCount) + 1)
        guard !numbers.isEmpty else { return [] }
        return withRows(numbers) { span in
            numbers.filter { !RecordingRow.isSound(in: span, at: Int($0 - 1) * RecordingRow.sizeBytes) }
        }
    }

    /// How many of the numbers below `end` are of recordings that are not there any more: erased ones keep their row, those
    /// that expired have none.
    func goneCounts(below end: UInt64) -> GoneCounts {
        let numbers = 1..<min(end, UInt64(rows.slotCount) + 1)
        var gone = GoneCounts()
        guard !numbers.isEmpty else { return gone }
        withRows(numbers) { span in
            for slot in 0..<numbers.count {
                switch RecordingRow.status(in: span, at: slot * RecordingRow.sizeBytes) {
                case nil: gone.expired += 1
                case .erased: gone.erased += 1
                case .recording, .idle, .ended: break
                }
            }
        }
        return gone
    }

    /// The raw rows of a range of numbers, for a filter to run over; they may be changing.
    func withRows<Result>(_ numbers: Range<UInt64>, _ body: (RawSpan) -> Result) -> Result {
        rows.withSlots(Int(numbers.lowerBound) - 1..<Int(numbers.upperBound) - 1, body)
    }

    /// Whether the files have room for rows up to this number.
    func hasRoom(for number: UInt64) -> Bool { rows.slotCount >= Int(number) }

    /// The numbers below `end` whose rows reflect frames behind an LSN, damaged rows perhaps among them.
    func numbers(below end: UInt64, ahead lsn: UInt64) -> [UInt64] {
        let numbers = 1..<min(end, UInt64(rows.slotCount) + 1)
        guard !numbers.isEmpty else { return [] }
        return withRows(numbers) { span in
            numbers.filter { RecordingRow.lsn(in: span, at: Int($0 - 1) * RecordingRow.sizeBytes) > lsn }
        }
    }

    /// Takes back the row of a recording whose beginning the log lost.
    func clear(_ number: UInt64) throws(SystemError) {
        try rows.write([UInt8](repeating: 0, count: RecordingRow.sizeBytes), slot: Int(number) - 1)
    }

    /// Takes back rows and summaries of recordings that are gone, where there are any.
    func clear(_ numbers: ClosedRange<UInt64>) throws(SystemError) {
        let slots = Int(clamping: numbers.lowerBound) - 1..<Int(clamping: numbers.upperBound)
        try summaries.clear(slots)
        try rows.clear(slots)
    }

    /// The numbers that may have the id; whoever asks compares their rows.
    func candidates(for id: UUIDv7) -> [UInt64] { ids.candidates(id) }

    /// Makes sure that a new recording's row will find its place on the disk, so that a full disk is met before the
    /// log is written and not after.
    ///
    /// - Parameter pendingCount: recordings before it that are reserved and not written yet.
    func reserve(_ number: UInt64, pendingCount: Int = 0) throws(SystemError) {
        try rows.reserve(slot: Int(number) - 1)
        try summaries.reserve(slot: Int(number) - 1)
        try ids.reserve(pendingCount: pendingCount) { self.row($0)?.id }
    }

    /// Writes a row, and its id where it is new. Only the writer's thread and recovery call it.
    func write(_ row: RecordingRow, isNew: Bool) throws(SystemError) {
        try rows.write(row.encoded(), slot: Int(row.number) - 1)
        if isNew { try ids.insert(row.id, number: row.number) }
    }

    /// Makes sure that a row that is there is found by its id.
    func insertID(of row: RecordingRow) throws(SystemError) {
        try ids.reserve(pendingCount: 0) { self.row($0)?.id }
        try ids.insert(row.id, number: row.number)
    }

    func write(_ summary: SummarySlot) throws(SystemError) {
        var slot = summary
        do throws(KeyFault) { slot = try sealer.seal(summary) } catch {
            // What has no key any more, or none that could be read, says nothing of its pages.
            slot.firstURL = ""
            slot.lastURL = ""
        }
        try summaries.write(slot.encoded(), slot: Int(summary.number) - 1)
    }

    /// A page of the mapping turned out to be missing: the tables are to be rebuilt.
    var hasFaulted: Bool { rows.hasFaulted || summaries.hasFaulted || ids.hasFaulted }

    /// Whether a sync of the tables failed. Nothing tells then which of their pages are on the disk, now or after a second
    /// sync: no further checkpoint speaks of them, and the next opening makes them anew.
    var isPoisoned: Bool { failure.withLock { $0 } != nil }

    /// Takes both checkpoint headers back.
    func invalidate() throws(SystemError) {
        if let failure = failure.withLock({ $0 }) { throw failure }
        try clearHeaders()
        try sync { () throws(SystemError) in try rows.file.sync() }
    }

    /// Makes everything written so far durable, then says so in the older of the two headers.
    ///
    /// - Throws: what failed; after a sync that failed always that.
    func checkpoint(_ header: CheckpointHeader) throws(SystemError) {
        if let failure = failure.withLock({ $0 }) { throw failure }
        try sync { () throws(SystemError) in
            try rows.file.sync()
            try summaries.file.sync()
            try ids.sync()
        }
        var header = header
        header.idsChecksum = ids.checksum(below: header.nextRecording)
        try rows.file.write(header.encoded(), at: header.sequence % 2 * UInt64(CheckpointHeader.sizeBytes))
        try sync { () throws(SystemError) in try rows.file.sync() }
    }

    private func sync(_ files: () throws(SystemError) -> Void) throws(SystemError) {
        do {
            try files()
        } catch {
            failure.withLock { $0 = error }
            // Not synced, as that would be a second sync. On the disk the old checkpoint is as true as it was; who opens the
            // files without a power cut between sees none.
            try? clearHeaders()
            throw error
        }
    }

    private func clearHeaders() throws(SystemError) {
        try rows.file.write([UInt8](repeating: 0, count: 2 * CheckpointHeader.sizeBytes), at: 0)
    }
}
