import ReelCodec
import ReelFormat

/// Makes a recording's row from its frames: how a lost or damaged index comes back, equal to the one that grew.
struct RecordingFold {
    private let view: LogView
    private let digests: StoreDigests

    init(_ context: StoreContext) { self.init(view: context.view, digests: context.digests) }

    init(view: LogView, digests: StoreDigests) {
        self.view = view
        self.digests = digests
    }

    /// The recording's state; nil where the log has no frame of it.
    ///
    /// Event frames that are damaged keep their ordinals; the other counters then speak of what can still be read. A
    /// damaged metadata frame is the current one all the same, so that whoever asks for the metadata is told.
    func state(_ number: UInt64, noteDamage: (Corruption) -> Void = { _ in }) throws(StoreError) -> RecordingState? {
        // Its frames may be gone, and some of its events not yet.
        if let tombstone = view.tombstone(of: number) { return .erased(tombstone) }
        if view.expiry(of: number) != nil { return nil }
        var state: RecordingState?
        for frame in try view.frames(of: number) {
            do {
                try add(frame, to: &state)
            } catch StoreError.damaged(let damage) {
                noteDamage(damage)
                RecordingState.fold(damaged: frame, into: &state)
            } catch StoreError.archiveOffline {
                // What stands for the events here is damaged, and they are away.
                noteDamage(frame.segment.corruption(frame.entry.offsetBytes, .digest))
                RecordingState.fold(damaged: frame, into: &state)
            } catch StoreError.erased(let microseconds) {
                return .erasedByKey(frame.entry, microseconds)
            }
        }
        return state
    }

    /// Takes one more frame into a recording's state; frames come in order of LSN.
    func add(_ located: LocatedFrame, to state: inout RecordingState?) throws(StoreError) {
        let entry = located.entry
        if state?.row.status == .erased { return }
        switch entry.kind {
        case .state, .commit, .expire, .digest: return
        case .tombstone:
            let frame = try located.read()
            guard let tombstone = try? Tombstone(decoding: frame.member) else {
                throw .damaged(located.segment.corruption(entry.offsetBytes, .payload))
            }
            state = .erased(tombstone)
        case .loss:
            var folded = state ?? RecordingState.empty(entry.recording, id: .unknown)
            folded.fold(loss: entry)
            state = folded
        case .start, .change, .end:
            let frame = try located.read()
            let metadata = try located.metadata(in: frame)
            var folded = state ?? RecordingState.empty(entry.recording, id: metadata.id)
            folded.row.id = metadata.id
            folded.fold(metadata, entry, segment: located.segment.number, digests: digests)
            state = folded
        case .events:
            let summary = try located.summary()
            // A merged recording's chunks come before its metadata frame, which tells the id.
            var folded = state ?? RecordingState.empty(entry.recording, id: .unknown)
            folded.fold(summary, entry, digests: digests)
            state = folded
        }
    }
}

extension RecordingState {
    /// Takes in what the table still says of a frame that cannot be read.
    static func fold(damaged located: LocatedFrame, into state: inout RecordingState?) {
        let entry = located.entry
        var folded = state ?? .empty(entry.recording, id: .unknown)
        folded.row.lsn = max(folded.row.lsn, entry.lsn)
        if entry.kind == .events { folded.keepOrdinals(of: entry) }
        if entry.kind.isMetadata {
            folded.row.flags.insert(.present)
            folded.row.metadataSegment = UInt32(truncatingIfNeeded: located.segment.number)
            folded.row.metadataOffsetBytes = UInt32(truncatingIfNeeded: entry.offsetBytes)
            if folded.row.createdMicroseconds == 0 { folded.row.createdMicroseconds = entry.receivedMicroseconds }
        }
        state = folded
    }

    /// A recording whose key was destroyed and whose tombstone is not in the log, which is then older than the keyring.
    static func erasedByKey(_ entry: FrameEntry, _ microseconds: Int64) -> RecordingState {
        .erased(
            Tombstone(recording: entry.recording, id: .unknown, erasedMicroseconds: microseconds, lsn: entry.lsn))
    }

    static func empty(_ number: UInt64, id: UUIDv7) -> RecordingState {
        var state = RecordingState(row: RecordingRow(number: number, id: id), summary: SummarySlot(number: number))
        state.isNew = true
        state.isSummaryChanged = true
        return state
    }
}

extension LocatedFrame {
    /// The counters of a frame of events: from its digest where the events are in the archive.
    func summary() throws(StoreError) -> EventSummary {
        if let digest = try archivedSummary() { return digest.summary }
        let text = try inflated(try read())
        do {
            return try Codecs.scanners.borrow { (scanner) throws(ScanError) in try scanner.rescan(text).summary }
        } catch {
            throw .damaged(segment.corruption(entry.offsetBytes, .payload))
        }
    }

    /// The text of a frame's gzip member, verified against its CRC and the header's size.
    func inflated(_ frame: StoredFrame) throws(StoreError) -> [UInt8] {
        do {
            return try Codecs.inflaters.borrow { (inflater) throws(GzipError) in
                let bytes = frame.bytes.span
                let member = bytes.bytes.extracting(droppingFirst: frame.memberOffsetBytes)
                return try inflater.text(of: member, rawSizeBytes: Int(frame.header.rawSizeBytes))
            }
        } catch {
            throw .damaged(segment.corruption(entry.offsetBytes, .member(error)))
        }
    }

    /// The metadata in a metadata frame.
    func metadata(in frame: StoredFrame) throws(StoreError) -> RecordingMetadata {
        guard let metadata = RecordingMetadata(decoding: try inflated(frame)) else {
            throw .damaged(segment.corruption(entry.offsetBytes, .payload))
        }
        return metadata
    }
}
