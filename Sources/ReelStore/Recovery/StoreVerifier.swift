import ReelCodec
import ReelFormat
import ReelSystem

/// Reads every byte of a store and tells what is not as it should be. Changes nothing and takes no lock, so it also
/// runs beside a daemon: what that is writing at this moment is not judged.
package struct StoreVerifier {
    private let paths: StorePaths
    private let encryption: StoreEncryption?
    private let archive: String?
    private let fileSystem: any FileSystem
    private let clock: any Clock

    /// - Parameters:
    ///   - encryption: nil reads a sealed store in a reduced way: its checksums and structure, and not what is sealed.
    ///   - keys: the keyring's directory, where it is not the store's own, as of a snapshot.
    ///   - archive: the directory events may be in; where it is away, the report counts what could not be read.
    package init(
        _ directory: String, _ encryption: StoreEncryption? = nil, keys: String? = nil, archive: String? = nil,
        fileSystem: any FileSystem = HostFileSystem(), clock: any Clock = SystemClock()
    ) {
        paths = StorePaths(root: directory, keys: keys)
        self.encryption = encryption
        self.archive = archive
        self.clock = clock
        self.fileSystem = fileSystem
    }

    /// - Parameter progress: told the bytes read and the bytes there are, now and then.
    package func run(progress: (UInt64, UInt64) -> Void = { _, _ in }) throws(OpenError) -> VerifyReport {
        try survey(progress: progress).report
    }

    /// As `run`, with what a repair wants to know.
    func survey(progress: (UInt64, UInt64) -> Void = { _, _ in }) throws(OpenError) -> LogSurvey {
        try OpenError.from {
            let file = IdentityFile(paths, fileSystem)
            let identity = try file.read()
            // A snapshot has its keyring elsewhere; without it nothing opens.
            let hasKeyring = try fileSystem.hasKeyring(paths)
            let unlocked = try file.unlockedReadOnly(by: hasKeyring || identity.keyRecord == nil ? encryption : nil)
            var log = LogSurvey(
                identity, sealer: try sealer(unlocked), archive: Archive(archive, of: identity, paths, fileSystem),
                digests: unlocked?.digests, paths, fileSystem)
            let checkpoint = try readCheckpoint(identity)
            try log.run(checkpoint, progress: progress)
            try verifyTables(&log)
            try verifyMarkers(&log)
            try verifyRows(&log)
            try verifyLedger(&log)
            if let record = identity.keyRecord {
                let rings = RingSet(store: identity.store, keyID: record.keyID, generation: record.generation)
                let survey = KeyringSurvey(paths, fileSystem, rings, key: unlocked?.sealed?.key)
                log.note(
                    try survey.run(
                        KeyringSurvey.Log(recordings: Set(log.recordings.keys), erased: log.erased, identity: identity))
                )
            }
            log.findGaps()
            return log
        }
    }

    /// Reads the keyring alone, and tries every key in it.
    ///
    /// - Returns: nil for a store without encryption.
    /// - Throws: `.wrongKey`, `.keyNeeded`, why the store cannot be read.
    package func keyring() throws(OpenError) -> KeyringReport? {
        try OpenError.from {
            let file = IdentityFile(paths, fileSystem)
            guard let record = try file.read().keyRecord else { return nil }
            guard let store = try file.unlockedReadOnly(by: encryption), let rings = store.rings else {
                throw OpenError.keyNeeded(path: paths.root, written: record.fingerprint)
            }
            return try KeyringSurvey(paths, fileSystem, rings, key: store.sealed?.key).run()
        }
    }

    private func sealer(_ store: UnlockedStore?) throws -> Sealer {
        guard let rings = store?.rings, let sealed = store?.sealed else { return .none }
        return Sealer(
            try KeyringOpening(paths, fileSystem, rings) { _ in }.readOnly(sealed.key, clock: clock))
    }

    /// What was durable when the index was last checkpointed; before the segments are listed, as a daemon may write on.
    private func readCheckpoint(_ identity: StoreIdentity) throws(SystemError) -> CheckpointHeader? {
        guard let file = try openUnlessGone(paths.rows) else { return nil }
        return try RecordingIndex.checkpoint(in: file, store: identity.store)
    }

    /// Nil where it is not there, as when a daemon's compaction has just removed it.
    private func openUnlessGone(_ path: String) throws(SystemError) -> (any File)? {
        do {
            return try fileSystem.open(path, .readOnly)
        } catch {
            if error.isMissing { return nil }
            throw error
        }
    }

    /// Frame tables are derived, so damage in one loses nothing; but one whose segment is gone tells of a loss.
    private func verifyTables(_ log: inout LogSurvey) throws(SystemError) {
        guard try fileSystem.list(paths.root).contains("index") else { return }
        for number in try SegmentTable.numbers(in: paths, fileSystem) {
            if log.known.contains(number) {
                try verifyTable(number, &log)
            } else if try openUnlessGone(paths.segment(number)) == nil, try openUnlessGone(paths.table(number)) != nil {
                // In this order: a daemon's compaction makes the segment before the table and removes the table before the
                // segment, so a table that is there after its segment was not has none.
                log.note(Corruption(file: paths.segment(number), offsetBytes: 0, kind: .missing))
            }
        }
    }

    /// A marker is removed before its segment is: alone it tells of one that is gone.
    private func verifyMarkers(_ log: inout LogSurvey) throws(SystemError) {
        let names = try fileSystem.list(paths.log)
        for number in names.compactMap({ StorePaths.number(of: $0, suffix: StorePaths.markerSuffix) }).sorted()
        where !log.known.contains(number) {
            // In this order, as with tables.
            guard try openUnlessGone(paths.segment(number)) == nil, try openUnlessGone(paths.marker(number)) != nil
            else {
                continue
            }
            let missing = Corruption(file: paths.segment(number), offsetBytes: 0, kind: .missing)
            if !log.report.damage.contains(missing) { log.note(missing) }
        }
    }

    /// The lines of the ledger. Which are missing is not judged: a daemon may be adding one, and an opening completes it.
    private func verifyLedger(_ log: inout LogSurvey) throws(SystemError) {
        guard let file = try openUnlessGone(paths.ledger) else { return }
        let text = LedgerText(decoding: try file.read(Int(clamping: try file.sizeBytes()), at: 0))
        for line in text.damagedLines {
            log.note(Corruption(file: paths.ledger, offsetBytes: 0, kind: .ledgerLine(line)))
        }
        if text.lines.contains(where: { $0.store != log.identity.store }) {
            log.note(Corruption(file: paths.ledger, offsetBytes: 0, kind: .foreignLedger))
        }
    }

    /// Rows and summaries: each slot in use is sound, and each recording they tell of has frames.
    private func verifyRows(_ log: inout LogSurvey) throws(SystemError) {
        if let file = try openUnlessGone(paths.summaries) {
            let slots = try SlotFile(file, slotBytes: SummarySlot.sizeBytes, firstSlotBytes: 0)
            for index in 0..<slots.slotCount where !slots.holdsSound(index, { SummarySlot(decoding: $0) != nil }) {
                let offset = UInt64(index * SummarySlot.sizeBytes)
                log.note(Corruption(file: paths.summaries, offsetBytes: offset, kind: .indexChecksum))
            }
        }
        guard let file = try openUnlessGone(paths.rows) else { return }
        let slots = try SlotFile(
            file, slotBytes: RecordingRow.sizeBytes, firstSlotBytes: RecordingIndex.firstRowBytes)
        for index in 0..<slots.slotCount {
            if let row = slots.read(index, RecordingRow.init(decoding:)) {
                log.expect(row)
            } else if !slots.holdsSound(index, { _ in false }) {
                let offset = UInt64(RecordingIndex.firstRowBytes + index * RecordingRow.sizeBytes)
                log.note(Corruption(file: paths.rows, offsetBytes: offset, kind: .indexChecksum))
            }
        }
    }

    private func verifyTable(
        _ number: UInt64, _ log: inout LogSurvey
    ) throws(SystemError) {
        let store = log.identity.store
        let path = paths.table(number)
        let table: SegmentTable?
        do {
            let header = try SegmentTable.header(
                path: path, segment: number, store: store, fileSystem: fileSystem)
            table = try SegmentTable(
                path: path, segment: number, coveredBytes: header?.coveredBytes ?? 0, store: store,
                fileSystem: fileSystem)
        } catch {
            // It may just have been removed with its segment.
            if error.isMissing { return }
            throw error
        }
        guard let table else {
            log.note(Corruption(file: path, offsetBytes: 0, kind: .indexChecksum))
            return
        }
        for index in 0..<table.count where table.entry(index) == nil {
            let offset = SegmentTableHeader.sizeBytes + index * FrameEntry.sizeBytes
            log.note(Corruption(file: path, offsetBytes: UInt64(offset), kind: .indexChecksum))
        }
    }
}

/// What a verification found.
package struct VerifyReport: Sendable, Equatable {
    /// Events of a recording that are in no sound frame.
    package struct Gap: Sendable, Equatable {
        package var recording: UInt64
        package var ordinals: Range<UInt64>

        init(_ recording: UInt64, _ ordinals: Range<UInt64>) {
            self.recording = recording
            self.ordinals = ordinals
        }
    }

    package var segmentCount = 0
    package var frameCount = 0
    package var recordingCount = 0
    package var eventCount: UInt64 = 0
    package var sizeBytes: UInt64 = 0
    package var damage: [Corruption] = []
    /// Events that are missing and nothing says why.
    package var gaps: [Gap] = []
    /// Events whose loss was told before, by a repair.
    package var givenUp: [Gap] = []
    /// Recordings that the index tells of and the log has no sound frame of.
    package var lostRecordings: [UInt64] = []
    /// Numbers that were given out and that nothing tells of: what was erased or expired so long ago that it is forgotten, or lost
    /// together with the index.
    package var unaccountedCount: UInt64 = 0
    /// Sealed frames of which only the checksums were read, for want of the key.
    package var unopenedFrameCount = 0
    /// Whether there is a keyring. A snapshot's may be elsewhere.
    package var hasKeyring = false
    /// Frames whose events are in the archive alone, and those of them that were not read, as the archive is away.
    package var archivedFrameCount = 0
    package var unreadFrameCount = 0
    /// Keys in the keyring, and those destroyed, by slot; 0 in a store without encryption.
    package var keyCount = 0
    package var destroyedKeyCount = 0
    /// Bytes behind the last frame of the segment being written: a write in progress, or cut off by a crash.
    package var unfinishedBytes: UInt64 = 0

    /// Events known to be lost.
    package var givenUpEventCount: UInt64 { givenUp.reduce(0) { $0 + UInt64($1.ordinals.count) } }

    package var isSound: Bool { damage.isEmpty && gaps.isEmpty && lostRecordings.isEmpty }
}
