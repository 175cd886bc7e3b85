import ReelCodec
import ReelFormat
import ReelSystem

/// The segments a store has when it is opened: which count, what they hold, where writing goes on.
struct LogInventory {
    private(set) var sealed: [SealedSegment] = []
    private(set) var activeTable = ActiveTable()
    private(set) var damage: [Corruption] = []
    private(set) var cutBytes: UInt64 = 0
    private(set) var tombstones: [UInt64: Tombstone] = [:]
    private(set) var expired = ExpiredRanges()
    private(set) var cuts: [SegmentCut] = []
    /// Void segments whose files are still there.
    private(set) var replacedFiles: [UInt64] = []
    private(set) var replacedTables: [UInt64] = []
    private(set) var nextLSN: UInt64 = 1
    private(set) var nextRecording: UInt64 = 1
    /// Above every number that was ever given out, as far as anything tells of it: a segment that is gone for now would
    /// be written over, or be taken for a void one, when it is put back.
    private(set) var nextSegment: UInt64 = 1
    private(set) var lastReceivedMicroseconds: Int64 = 0

    /// Segments that the archive may have a copy of.
    private var marked: [UInt64] = []
    /// Segments that were on their way out.
    private var discarded: [UInt64] = []
    /// The last hot segment, if it may be written to further.
    private var resumable: (segment: Segment, lengthBytes: UInt64, lastLSN: UInt64)?
    /// A segment file with what its state frame says.
    private struct Found {
        var segment: Segment
        var lengthBytes: UInt64
        var state: StatePayload?
        /// The number its state frame says, which the file's name may not; the name's where there is no such frame.
        var writtenAs: UInt64
        /// So much of it is known to have been on the disk.
        var durableBytes: UInt64
        /// Shorter than it was when it had last been synced.
        var isCut: Bool { durableBytes > lengthBytes }
    }

    init(_ recovery: Recovery, checkpoint: CheckpointHeader?) throws {
        if let checkpoint {
            nextRecording = checkpoint.nextRecording
            // A checkpoint follows a sync of the log: a log that ends before it has lost what was durable. Its LSNs are not
            // given again, and rows up to it stay as they are, so that reading tells what is missing.
            nextLSN = checkpoint.lsn + 1
            nextSegment = checkpoint.segment + 1
        }
        var found = try list(recovery, checkpoint)
        if found.isEmpty, damage.contains(where: { $0.kind == .foreignFrame }) {
            throw OpenError.foreignLog(path: recovery.paths.identity)
        }
        if found.isEmpty, let checkpoint, checkpoint.nextRecording > 1 {
            throw OpenError.logMissing(path: recovery.paths.log, recordingCount: checkpoint.nextRecording - 1)
        }
        for one in found { note(one.state) }
        let replaced = Set(found.flatMap { $0.state?.replaced ?? [] }).union(discarded)
        try noteTables(recovery, there: Set(found.map(\.segment.number)), replaced)
        // A file that was renamed is what it was written as: it is not void because its new name was once another's.
        replacedFiles = found.filter { replaced.contains($0.writtenAs) }.map(\.segment.number)
        found.removeAll { replaced.contains($0.writtenAs) }
        // Not of void ones: a segment whose beginning failed, and whose file could not be removed then, has none.
        for one in found where one.state == nil { damage.append(one.segment.corruption(0, .state)) }
        let lastHot = found.last { $0.writtenAs == $0.segment.number && $0.state?.isCompacted != true }?.segment.number
        for one in found {
            if one.segment.number == lastHot {
                try resume(one, recovery)
            } else {
                try seal(one, recovery)
            }
        }
        for one in sealed {
            guard let recordings = one.recordings else { continue }
            nextRecording = max(nextRecording, recordings.upperBound + 1)
        }
    }

    // MARK: Files

    private mutating func list(_ recovery: Recovery, _ checkpoint: CheckpointHeader?) throws -> [Found] {
        let names = try recovery.fileSystem.list(recovery.paths.log)
        let numbers = names.compactMap { StorePaths.number(of: $0, suffix: ".seg") }.sorted()
        marked = names.compactMap { StorePaths.number(of: $0, suffix: StorePaths.markerSuffix) }.sorted()
        discarded = names.compactMap { StorePaths.number(of: $0, suffix: StorePaths.discardedSuffix) }
        recovery.archive.note(marked: marked, discarded: discarded)
        for number in marked + discarded { nextSegment = max(nextSegment, number + 1) }
        if let last = numbers.last { nextSegment = max(nextSegment, last + 1) }
        var found: [Found] = []
        for number in numbers {
            let path = recovery.paths.segment(number)
            let file = try recovery.fileSystem.open(path, .existing)
            let segment = Segment(
                number: number, file: file, store: recovery.identity.store, sealer: recovery.sealer,
                archivedCopy: recovery.archive.isMarked(number)
                    ? try ArchivedCopy.of(
                        number, recovery.archive, recovery.paths, store: recovery.identity.store) : nil)
            if let copy = segment.archivedCopy, copy.marker == nil {
                damage.append(Corruption(file: copy.path, offsetBytes: 0, kind: .archiveMarker))
            }
            let written = try readState(segment)
            let state = written?.segment == number ? written : nil
            let length = try file.sizeBytes()
            let durable = checkpoint.map { $0.segment == number ? $0.segmentLengthBytes : 0 } ?? 0
            if try segment.isOfAnotherStore() {
                // Neither read, written nor removed: whoever put it there may want it back.
                damage.append(segment.corruption(0, .foreignFrame))
                continue
            }
            let isCut = durable > length
            if isCut { damage.append(segment.corruption(length, .truncated)) }
            if written == nil, durable == 0, number == numbers.last, try segment.holdsNoFrame() {
                // Its beginning never became durable, so nothing in it was ever acked.
                try recovery.fileSystem.unlink(path)
                try recovery.fileSystem.syncDirectory(recovery.paths.log)
                continue
            }
            found.append(
                Found(
                    segment: segment, lengthBytes: length, state: state, writtenAs: written?.segment ?? number,
                    durableBytes: durable))
        }
        return found
    }

    /// A table whose segment is not there tells that the segment was lost: its frames are gone, and it is said.
    private mutating func noteTables(
        _ recovery: Recovery, there: Set<UInt64>, _ replaced: Set<UInt64>
    ) throws(SystemError) {
        // A marker that is to go goes before its segment: alone it tells the same.
        for number in marked where !replaced.contains(number) && !there.contains(number) {
            damage.append(Corruption(file: recovery.paths.segment(number), offsetBytes: 0, kind: .missing))
        }
        for number in try SegmentTable.numbers(in: recovery.paths, recovery.fileSystem) {
            nextSegment = max(nextSegment, number + 1)
            if replaced.contains(number) {
                replacedTables.append(number)
            } else if !there.contains(number), !marked.contains(number) {
                damage.append(Corruption(file: recovery.paths.segment(number), offsetBytes: 0, kind: .missing))
            }
        }
    }

    /// The first frame's payload, of whatever segment it says it is.
    private mutating func readState(_ segment: Segment) throws(StoreError) -> StatePayload? {
        do {
            let frame = try segment.frame(at: 0)
            guard frame.header.kind == .state, let state = try? StatePayload(decoding: frame.member) else { return nil }
            nextLSN = max(nextLSN, frame.header.lsn + 1)
            lastReceivedMicroseconds = max(lastReceivedMicroseconds, frame.header.receivedMicroseconds)
            return state
        } catch StoreError.damaged {
            return nil
        }
    }

    private mutating func note(_ state: StatePayload?) {
        guard let state else { return }
        nextLSN = max(nextLSN, state.nextLSN)
        nextRecording = max(nextRecording, state.nextRecording)
        for number in state.replaced { nextSegment = max(nextSegment, number + 1) }
        for cut in state.cuts where !cuts.contains(cut) { cuts.append(cut) }
        for tombstone in state.tombstones { note(tombstone) }
        for range in state.expired { note(range) }
    }

    private mutating func note(_ range: ExpiredRange) {
        expired.insert(range)
        nextRecording = max(nextRecording, range.recordings.upperBound + 1)
    }

    private mutating func note(_ tombstone: Tombstone) {
        if tombstone.id != .unknown || tombstones[tombstone.recording] == nil {
            tombstones[tombstone.recording] = tombstone
        }
        nextRecording = max(nextRecording, tombstone.recording + 1)
    }

    // MARK: Tables

    /// A segment that is only read from now on: its table from its file, or from the segment itself.
    private mutating func seal(_ one: Found, _ recovery: Recovery) throws {
        let number = one.segment.number
        let cut = cuts.first { $0.segment == number }?.lengthBytes
        let length = min(one.lengthBytes, cut ?? .max)
        let path = recovery.paths.table(number)
        let isCompacted = one.state?.isCompacted ?? false
        var commitLSN: UInt64 = 0
        // Without its state frame the file may be another segment than the one the table was made of.
        var table =
            one.state == nil
            ? nil
            : try? SegmentTable(
                path: path, segment: number, coveredBytes: length, store: recovery.identity.store,
                fileSystem: recovery.fileSystem)
        if table != nil,
            let header = try? SegmentTable.header(
                path: path, segment: number, store: recovery.identity.store, fileSystem: recovery.fileSystem)
        {
            nextLSN = max(nextLSN, header.lastLSN + 1)
            if isCompacted { commitLSN = header.lastLSN }
        } else {
            let scan = try one.segment.scan(verifiesPayloads: false, isSealed: true, limit: cut)
            damage += scan.damage
            nextLSN = max(nextLSN, scan.lastLSN + 1)
            lastReceivedMicroseconds = max(lastReceivedMicroseconds, scan.lastReceivedMicroseconds)
            try noteTombstones(scan.entries, in: one.segment)
            try noteExpiries(scan.entries, in: one.segment)
            if isCompacted {
                commitLSN = scan.commit?.lsn ?? scan.lastLSN
                if scan.commit == nil { damage.append(one.segment.corruption(scan.endBytes, .truncated)) }
            }
            table = SegmentTable(scan.entries)
        }
        guard let table else { return }
        var localBytes: UInt64?
        if one.segment.archivedCopy != nil, let entries = try? table.all(), try one.segment.isHollow(entries) {
            localBytes = try one.segment.file.allocatedBytes()
        }
        sealed.append(
            SealedSegment(
                one.segment, table: table, isCompacted: isCompacted, lengthBytes: length,
                commitLSN: commitLSN, archivedLocalBytes: localBytes))
    }

    /// The last hot segment: its table as of the last checkpoint, then its tail, every byte of it verified.
    private mutating func resume(_ one: Found, _ recovery: Recovery) throws {
        let number = one.segment.number
        var entries: [FrameEntry] = []
        var start: UInt64 = 0
        var lastLSN: UInt64 = 0
        let path = recovery.paths.table(number)
        let cut = cuts.first { $0.segment == number }?.lengthBytes
        if one.state != nil,
            let header = try? SegmentTable.header(
                path: path, segment: number, store: recovery.identity.store, fileSystem: recovery.fileSystem),
            header.coveredBytes <= min(one.lengthBytes, cut ?? .max),
            let table = try? SegmentTable(
                path: path, segment: number, coveredBytes: header.coveredBytes, store: recovery.identity.store,
                fileSystem: recovery.fileSystem), let known = try? table.all()
        {
            entries = known.sorted { $0.offsetBytes < $1.offsetBytes }
            start = header.coveredBytes
            lastLSN = max(header.lastLSN, one.state?.nextLSN ?? 0)
            nextLSN = max(nextLSN, header.lastLSN + 1)
        }
        let scan = try one.segment.scan(
            from: start, after: lastLSN, verifiesPayloads: true, isSealed: false, durableBytes: one.durableBytes,
            limit: cut)
        damage += scan.damage
        // A frame whose header holds is known by it: reading it tells the damage, and its ordinals are not given again.
        entries += scan.entries + scan.regions.compactMap(\.entry)
        nextLSN = max(nextLSN, scan.lastLSN + 1)
        for entry in entries {
            lastReceivedMicroseconds = max(lastReceivedMicroseconds, entry.receivedMicroseconds)
            nextRecording = max(nextRecording, entry.recording + 1)
            nextLSN = max(nextLSN, entry.lsn + 1)
        }
        try noteTombstones(entries, in: one.segment)
        try noteExpiries(entries, in: one.segment)
        if one.lengthBytes > scan.endBytes {
            cutBytes = one.lengthBytes - scan.endBytes
            try one.segment.file.truncate(to: scan.endBytes)
        }
        // What a killed daemon left in the page cache is served from now on, so it must be on the disk.
        try one.segment.file.sync()
        if scan.damage.isEmpty, one.state != nil, cut == nil, !one.isCut {
            resumable = (one.segment, scan.endBytes, scan.lastLSN)
            for entry in entries { activeTable.append(entry) }
        } else {
            // Nothing is ever appended to a damaged segment.
            sealed.append(
                SealedSegment(
                    one.segment, table: SegmentTable(entries), isCompacted: false, lengthBytes: scan.endBytes))
        }
    }

    private mutating func noteTombstones(_ entries: [FrameEntry], in segment: Segment) throws(StoreError) {
        for entry in entries where entry.kind == .tombstone {
            let frame: StoredFrame
            do { frame = try segment.frame(entry) } catch {
                guard case .damaged(let found) = error else { throw error }
                damage.append(found)
                // Its header says all but the id: what was erased must not come back.
                note(
                    Tombstone(
                        recording: entry.recording, id: .unknown, erasedMicroseconds: entry.receivedMicroseconds,
                        lsn: entry.lsn))
                continue
            }
            if let tombstone = try? Tombstone(decoding: frame.member) { note(tombstone) }
        }
    }

    private mutating func noteExpiries(_ entries: [FrameEntry], in segment: Segment) throws(StoreError) {
        for entry in entries where entry.kind == .expire {
            do throws(StoreError) {
                let frame = try segment.frame(entry)
                for range in (try? ExpirePayload(decoding: frame.member))?.ranges ?? [] { note(range) }
            } catch {
                // What it removed comes back as far as it is still there, and expires again.
                guard case .damaged(let found) = error else { throw error }
                damage.append(found)
            }
        }
    }

    // MARK: Results

    /// The segment that is written to next: the last one where that is sound and has room, else a new one.
    mutating func makeActive(_ recovery: Recovery) throws(SystemError) -> ActiveSegment {
        if let resumable {
            return ActiveSegment(
                segment: resumable.segment, lengthBytes: resumable.lengthBytes,
                frameCount: activeTable.entries.count, lastLSN: resumable.lastLSN)
        }
        var state = StatePayload(
            segment: nextSegment, isCompacted: false, nextRecording: nextRecording, nextLSN: nextLSN)
        state.cuts = cuts
        state.replaced = replacedFiles
        state.tombstones = tombstones.values.sorted { $0.recording < $1.recording }
        state.expired = expired.ranges
        let now = max(recovery.clock.wallMicroseconds, lastReceivedMicroseconds)
        var header = FrameHeader(
            kind: .state, lsn: nextLSN, receivedMicroseconds: now, store: recovery.identity.store)
        header.durableLSN = nextLSN - 1
        nextLSN += 1
        nextSegment += 1
        return try ActiveSegment.create(
            state, header: header, paths: recovery.paths, sealer: recovery.sealer, fileSystem: recovery.fileSystem)
    }

    /// What a checkpoint does not cover.
    func tail(after checkpoint: CheckpointHeader) throws(StoreError) -> LogTail {
        var tail = LogTail(frames: [], moved: [], tombstones: [])
        for one in sealed {
            let number = one.segment.number
            if one.isCompacted {
                guard one.commitLSN > checkpoint.lsn else { continue }
                tail.moved += try one.movedRecordings()
            } else if number >= checkpoint.segment {
                for entry in try one.allFrames() where entry.lsn > checkpoint.lsn {
                    tail.frames.append(LocatedFrame(segment: one.segment, entry: entry))
                }
            }
        }
        if let resumable {
            for entry in activeTable.entries where entry.lsn > checkpoint.lsn {
                tail.frames.append(LocatedFrame(segment: resumable.segment, entry: entry))
            }
        }
        tail.frames.sort { $0.entry.lsn < $1.entry.lsn }
        tail.tombstones = tombstones.values.filter { $0.lsn > checkpoint.lsn }
        return tail
    }
}
