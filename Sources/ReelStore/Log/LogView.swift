import ReelCodec
import ReelFormat
import ReelSystem

/// A sealed segment with its table.
final class SealedSegment: Sendable {
    let segment: Segment
    let isCompacted: Bool
    let lengthBytes: UInt64
    /// When it was sealed, on the uptime clock; 0 for one that was there at start.
    let sealedMicroseconds: Int64
    /// The LSN a compacted segment was installed at; 0 for others.
    let commitLSN: UInt64
    /// Whether events of it are in the archive alone.
    let isArchived: Bool
    /// What it takes in `log/`.
    let localBytes: UInt64
    private let table: Monitor<SegmentTable>

    convenience init(
        _ segment: Segment, table: SegmentTable, isCompacted: Bool, lengthBytes: UInt64,
        sealedMicroseconds: Int64 = 0, commitLSN: UInt64 = 0, archivedLocalBytes: UInt64? = nil
    ) {
        self.init(
            segment, Monitor(table), isCompacted: isCompacted, lengthBytes: lengthBytes,
            sealedMicroseconds: sealedMicroseconds, commitLSN: commitLSN, archivedLocalBytes: archivedLocalBytes)
    }

    /// - Parameter archivedLocalBytes: what it takes here, where events of it are in the archive.
    private init(
        _ segment: Segment, _ table: Monitor<SegmentTable>, isCompacted: Bool, lengthBytes: UInt64,
        sealedMicroseconds: Int64, commitLSN: UInt64, archivedLocalBytes: UInt64?
    ) {
        self.segment = segment
        self.isCompacted = isCompacted
        self.lengthBytes = lengthBytes
        self.sealedMicroseconds = sealedMicroseconds
        self.commitLSN = commitLSN
        isArchived = archivedLocalBytes != nil
        localBytes = archivedLocalBytes ?? lengthBytes
        self.table = table
    }

    /// The same, its events in the archive. Both have one table: whoever replaces it means both.
    func hollowed(_ segment: Segment, localBytes: UInt64) -> SealedSegment {
        SealedSegment(
            segment, table, isCompacted: isCompacted, lengthBytes: lengthBytes, sealedMicroseconds: sealedMicroseconds,
            commitLSN: commitLSN, archivedLocalBytes: localBytes)
    }

    /// Puts the mapped table in the place of the one in memory.
    func replaceTable(_ new: SegmentTable) { table.withLock { $0 = new } }

    /// Whether the table is read from its file, and not kept in memory until a checkpoint writes it.
    var hasTableFile: Bool { table.withLock { $0 }.isMapped }

    var recordings: ClosedRange<UInt64>? { table.withLock { $0 }.recordings }

    func append(framesOf recording: UInt64, to list: inout [LocatedFrame]) throws(StoreError) {
        var entries: [FrameEntry] = []
        do {
            try table.withLock({ $0 }).append(framesOf: recording, to: &entries)
        } catch {
            entries = []
            let rebuilt = try rebuildTable()
            do { try rebuilt.append(framesOf: recording, to: &entries) } catch {
                throw .damaged(segment.corruption(0, .state))
            }
        }
        for entry in entries { list.append(LocatedFrame(segment: segment, entry: entry)) }
    }

    /// Every frame, in table order.
    func allFrames() throws(StoreError) -> [FrameEntry] {
        do { return try table.withLock({ $0 }).all() } catch {
            do { return try rebuildTable().all() } catch let error as StoreError { throw error } catch { return [] }
        }
    }

    /// Whether it has more of one of these recordings than a tombstone.
    func holdsData(of recordings: Set<UInt64>) throws(StoreError) -> Bool {
        guard let bounds = self.recordings else { return false }
        // A walk over the table, where searching it for each would be more.
        guard recordings.count < 64 else {
            return try allFrames().contains { $0.kind != .tombstone && recordings.contains($0.recording) }
        }
        for number in recordings where bounds.contains(number) {
            var frames: [LocatedFrame] = []
            try append(framesOf: number, to: &frames)
            if frames.contains(where: { $0.entry.kind != .tombstone }) { return true }
        }
        return false
    }

    /// The recordings with frames in the segment, in order.
    func movedRecordings() throws(StoreError) -> [MovedRecording] {
        let table = self.table.withLock { $0 }
        var list: [MovedRecording] = []
        for index in 0..<table.count {
            guard let entry = table.entry(index) else {
                // Made anew, it is in memory and cannot be damaged.
                _ = try rebuildTable()
                return try movedRecordings()
            }
            if let last = list.last, last.number == entry.recording {
                list[list.count - 1].lsn = max(last.lsn, entry.lsn)
            } else {
                list.append(MovedRecording(number: entry.recording, segment: segment.number, lsn: entry.lsn))
            }
        }
        return list
    }

    /// The table is derived: where it is damaged the segment itself tells what it should hold.
    private func rebuildTable() throws(StoreError) -> SegmentTable {
        let scan = try segment.scan(verifiesPayloads: false, isSealed: true, limit: lengthBytes)
        let new = SegmentTable(scan.entries)
        replaceTable(new)
        return new
    }
}

/// A frame and the segment it lies in.
package struct LocatedFrame: Sendable {
    package var segment: Segment
    package var entry: FrameEntry

    /// Reads the frame whole, verified and opened.
    func read() throws(StoreError) -> StoredFrame { try segment.frame(entry) }

    /// Reads the frame with sound checksums, as it lies: sealed, where it is.
    func readStored() throws(StoreError) -> StoredFrame { try segment.storedFrame(entry) }

    fileprivate func isSame(as other: LocatedFrame) -> Bool {
        entry.lsn == other.entry.lsn && entry.kind == other.entry.kind && entry.firstOrdinal == other.entry.firstOrdinal
    }
}

extension [LocatedFrame] {
    /// The same without event frames whose ordinals others have, as when a copy of a segment was put back that had been
    /// compacted since: no event is read twice. What was compacted most often, and then what holds most, is kept.
    fileprivate func eventsOnce() -> [LocatedFrame] {
        var end: UInt64 = 0
        let overlaps = contains { frame in
            guard frame.entry.kind == .events else { return false }
            defer { end = Swift.max(end, frame.entry.endOrdinal) }
            return frame.entry.firstOrdinal < end
        }
        guard overlaps else { return self }
        let byWorth = indices.filter { self[$0].entry.kind == .events }.sorted { one, other in
            let (left, right) = (self[one].entry, self[other].entry)
            return (left.generation, left.eventCount) > (right.generation, right.eventCount)
        }
        var taken: [Range<UInt64>] = []
        var dropped: Set<Int> = []
        for index in byWorth {
            let ordinals = self[index].entry.firstOrdinal..<self[index].entry.endOrdinal
            // Frames that overlap are few: somebody copied files about.
            if taken.contains(where: { $0.overlaps(ordinals) }) {
                dropped.insert(index)
            } else {
                taken.append(ordinals)
            }
        }
        let kept = indices.filter { !dropped.contains($0) }.map { self[$0] }
        // Their LSNs may be in another order than their ordinals then.
        let events = kept.filter { $0.entry.kind == .events }.sorted { $0.entry.firstOrdinal < $1.entry.firstOrdinal }
        var next = events.makeIterator()
        return kept.map { $0.entry.kind == .events ? next.next() ?? $0 : $0 }
    }
}

/// Recordings that are not there any more.
struct GoneCounts: Sendable, Equatable {
    var erased: UInt64 = 0
    var expired: UInt64 = 0
}

/// What readers see of the log: changed in one step by the writer after a commit is durable.
final class LogView: Sendable {
    struct State {
        var sealed: [SealedSegment]
        var active: ActiveTable
        var activeSegment: Segment
        /// Up to here the active segment is committed.
        var activeLengthBytes: UInt64
        /// The greatest LSN that rows and tables reflect.
        var appliedLSN: UInt64
        var nextRecording: UInt64
        /// Of every erased recording, by its number: what says that it is erased once compaction has dropped its frames.
        var tombstones: [UInt64: Tombstone] = [:]
        /// The recordings that retention removed.
        var expired = ExpiredRanges()
        /// How many there ever were, as far as the index knows: tombstones and ranges are forgotten one day.
        var gone = GoneCounts()
        /// The receive time of the newest frame, microseconds since 1970.
        var lastReceivedMicroseconds: Int64 = 0
        /// Segments just replaced, until every row points into their successor.
        var retired: [Segment] = []
    }

    let state: Monitor<State>

    init(_ state: State) { self.state = Monitor(state) }

    /// The recording's committed frames in order of LSN: for events that is the order of their ordinals.
    func frames(of recording: UInt64) throws(StoreError) -> [LocatedFrame] {
        let (sealed, activeSegment, active) = state.withLock {
            ($0.sealed, $0.activeSegment, $0.active.frames(of: recording))
        }
        var list: [LocatedFrame] = []
        for segment in sealed { try segment.append(framesOf: recording, to: &list) }
        for entry in active { list.append(LocatedFrame(segment: activeSegment, entry: entry)) }
        // A merged chunk has the LSN of its last batch; a metadata frame never shares one.
        list.sort { ($0.entry.lsn, $0.entry.firstOrdinal) < ($1.entry.lsn, $1.entry.firstOrdinal) }
        // The same frame twice is a segment that somebody copied under another number.
        let twins = list.indices.dropFirst().filter { list[$0].isSame(as: list[$0 - 1]) }
        for index in twins.reversed() { list.remove(at: index) }
        return list.eventsOnce()
    }

    /// What stays of an erased recording; nil where it is not erased.
    func tombstone(of recording: UInt64) -> Tombstone? { state.withLock { $0.tombstones[recording] } }

    /// How retention removed a recording; nil where it did not.
    func expiry(of recording: UInt64) -> ExpiredRange? { state.withLock { $0.expired.range(of: recording) } }

    /// The segment of that number, sealed or active.
    func segment(_ number: UInt64) -> Segment? {
        state.withLock { state in
            if state.activeSegment.number == number { return state.activeSegment }
            return state.sealed.first { $0.segment.number == number }?.segment
                ?? state.retired.first { $0.number == number }
        }
    }

    var appliedLSN: UInt64 { state.withLock { $0.appliedLSN } }

    var nextRecording: UInt64 { state.withLock { $0.nextRecording } }
}
