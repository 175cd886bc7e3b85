import ReelCodec
import ReelFormat
import ReelSystem

/// Reads every byte of a store and tells what is not as it should be. Changes nothing and takes no lock, so it also
/// runs beside a daemon: what that is writing at this moment is not judged.
package struct StoreVerifier {
    private let paths: StorePaths
    private let fileSystem: any FileSystem

    package init(_ directory: String, fileSystem: any FileSystem = HostFileSystem()) {
        paths = StorePaths(root: directory)
        self.fileSystem = fileSystem
    }

    /// - Parameter progress: told the bytes read and the bytes there are, now and then.
    package func run(progress: (UInt64, UInt64) -> Void = { _, _ in }) throws(OpenError) -> VerifyReport {
        do {
            let identity = try StoreDirectory.read(paths, fileSystem)
            var log = LogVerification(identity: identity)
            let (segments, replaced) = try listSegments(identity)
            let total = segments.reduce(0) { $0 + $1.lengthBytes }
            var read: UInt64 = 0
            for segment in segments {
                try log.read(segment) { progress(read + $0, total) }
                read += segment.lengthBytes
                progress(read, total)
            }
            log.findGaps()
            let known = replaced.union(segments.map(\.segment.number))
            try verifyTables(identity, known, &log.report)
            try verifyRows(&log)
            return log.report
        } catch let error as OpenError {
            throw error
        } catch let error as SystemError {
            throw .system(error)
        } catch StoreError.system(let error) {
            throw .system(error)
        } catch StoreError.damaged(let damage) {
            throw .damaged(damage)
        } catch {
            preconditionFailure("no other error is thrown: \(error)")
        }
    }

    /// The segments that count, in order, each with how far it is to be read.
    private func listSegments(_ identity: StoreIdentity) throws -> ([SegmentToVerify], replaced: Set<UInt64>) {
        let numbers = try fileSystem.list(paths.log)
            .compactMap { StorePaths.number(of: $0, suffix: ".seg") }.sorted()
        var segments: [SegmentToVerify] = []
        for number in numbers {
            guard let file = try openUnlessGone(paths.segment(number)) else { continue }
            let segment = Segment(number: number, file: file, store: identity.store)
            // Where it is damaged the walk over the frames tells.
            let state = try readState(segment)
            segments.append(SegmentToVerify(segment: segment, lengthBytes: try file.sizeBytes(), state: state))
        }
        let replaced = Set(segments.flatMap { $0.state?.replaced ?? [] })
        segments.removeAll { replaced.contains($0.segment.number) }
        let cuts = segments.flatMap { $0.state?.cuts ?? [] }
        let lastHot = segments.last { $0.state?.isCompacted != true }?.segment.number
        for index in segments.indices {
            let number = segments[index].segment.number
            segments[index].isLast = number == lastHot
            if let cut = cuts.first(where: { $0.segment == number }) {
                segments[index].lengthBytes = min(segments[index].lengthBytes, cut.lengthBytes)
            }
        }
        return (segments, replaced)
    }

    /// Nil where it is damaged.
    private func readState(_ segment: Segment) throws(StoreError) -> StatePayload? {
        do throws(StoreError) {
            let frame = try segment.frame(at: 0)
            return try? StatePayload(decoding: frame.member)
        } catch {
            // Not read is not damaged.
            guard case .damaged = error else { throw error }
            return nil
        }
    }

    /// Nil where a daemon's compaction has just replaced the segment.
    private func openUnlessGone(_ path: String) throws(SystemError) -> (any File)? {
        do {
            return try fileSystem.open(path, .readOnly)
        } catch {
            if error.isMissing { return nil }
            throw error
        }
    }

    /// Frame tables are derived, so damage in one loses nothing; but one whose segment is gone tells of a loss.
    private func verifyTables(
        _ identity: StoreIdentity, _ segments: Set<UInt64>, _ report: inout VerifyReport
    ) throws(SystemError) {
        guard try fileSystem.list(paths.root).contains("index") else { return }
        for number in try SegmentTable.numbers(in: paths, fileSystem) {
            if segments.contains(number) {
                try verifyTable(number, identity, &report)
            } else if try openUnlessGone(paths.table(number)) != nil {
                // A daemon's compaction removes the table before the segment.
                report.damage.append(Corruption(file: paths.segment(number), offsetBytes: 0, kind: .missing))
            }
        }
    }

    /// Rows and summaries: each slot in use is sound, and each recording they tell of has frames.
    private func verifyRows(_ log: inout LogVerification) throws(SystemError) {
        if let file = try openUnlessGone(paths.summaries) {
            let slots = try SlotFile(file, slotBytes: SummarySlot.sizeBytes, firstSlotBytes: 0)
            for index in 0..<slots.slotCount where !slots.holdsSound(index, { SummarySlot(decoding: $0) != nil }) {
                let offset = UInt64(index * SummarySlot.sizeBytes)
                log.report.damage.append(
                    Corruption(file: paths.summaries, offsetBytes: offset, kind: .indexChecksum))
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
                log.report.damage.append(Corruption(file: paths.rows, offsetBytes: offset, kind: .indexChecksum))
            }
        }
    }

    private func verifyTable(
        _ number: UInt64, _ identity: StoreIdentity, _ report: inout VerifyReport
    ) throws(SystemError) {
        let path = paths.table(number)
        let table: SegmentTable?
        do {
            let header = try SegmentTable.header(
                path: path, segment: number, store: identity.store, fileSystem: fileSystem)
            table = try SegmentTable(
                path: path, segment: number, coveredBytes: header?.coveredBytes ?? 0, store: identity.store,
                fileSystem: fileSystem)
        } catch {
            // It may just have been removed with its segment.
            if error.isMissing { return }
            throw error
        }
        guard let table else {
            report.damage.append(Corruption(file: path, offsetBytes: 0, kind: .indexChecksum))
            return
        }
        for index in 0..<table.count where table.entry(index) == nil {
            let offset = SegmentTableHeader.sizeBytes + index * FrameEntry.sizeBytes
            report.damage.append(Corruption(file: path, offsetBytes: UInt64(offset), kind: .indexChecksum))
        }
    }
}

/// What a verification found.
package struct VerifyReport: Sendable, Equatable {
    /// Events of a recording that are in no sound frame.
    package struct Gap: Sendable, Equatable {
        package var recording: UInt64
        package var ordinals: Range<UInt64>
    }

    package var segmentCount = 0
    package var frameCount = 0
    package var recordingCount = 0
    package var eventCount: UInt64 = 0
    package var sizeBytes: UInt64 = 0
    package var damage: [Corruption] = []
    package var gaps: [Gap] = []
    /// Recordings that the index tells of and the log has no sound frame of.
    package var lostRecordings: [UInt64] = []
    /// Bytes behind the last frame of the segment being written: a write in progress, or cut off by a crash.
    package var unfinishedBytes: UInt64 = 0

    package var isSound: Bool { damage.isEmpty && gaps.isEmpty && lostRecordings.isEmpty }
}

private struct SegmentToVerify {
    var segment: Segment
    var lengthBytes: UInt64
    var state: StatePayload?
    /// Being written, or the last that was.
    var isLast = false
}

/// The walk over all frames.
private struct LogVerification {
    var report = VerifyReport()
    private let digests: StoreDigests
    /// Recording, first ordinal, end ordinal of every sound event frame.
    private var runs: [(recording: UInt64, first: UInt64, end: UInt64)] = []
    private var recordings: Set<UInt64> = []
    private var erased: Set<UInt64> = []
    private var lastLSN: UInt64 = 0

    init(identity: StoreIdentity) { digests = StoreDigests(secret: identity.secret) }

    mutating func read(_ one: SegmentToVerify, progress: (UInt64) -> Void) throws {
        report.segmentCount += 1
        report.sizeBytes += one.lengthBytes
        for tombstone in one.state?.tombstones ?? [] { erased.insert(tombstone.recording) }
        var found: [Corruption] = []
        let scan = try one.segment.scan(
            verifiesPayloads: true, isSealed: !one.isLast, limit: one.lengthBytes
        ) { (frame, offset) throws(StoreError) in
            progress(offset)
            if let kind = verify(frame) { found.append(one.segment.corruption(offset, kind)) }
        }
        if scan.state == nil, one.lengthBytes > 0 { report.damage.append(one.segment.corruption(0, .state)) }
        if one.state?.isCompacted == true, scan.commit == nil {
            report.damage.append(one.segment.corruption(scan.endBytes, .truncated))
        }
        report.damage += scan.damage + found
        lastLSN = max(lastLSN, scan.lastLSN)
        if one.isLast { report.unfinishedBytes = one.lengthBytes - min(one.lengthBytes, scan.endBytes) }
    }

    /// What is wrong with a frame whose checksums hold.
    private mutating func verify(_ frame: StoredFrame) -> Corruption.Kind? {
        report.frameCount += 1
        let header = frame.header
        switch header.kind {
        case .state, .commit: return nil
        case .tombstone:
            guard let tombstone = try? Tombstone(decoding: frame.member) else { return .payload }
            erased.insert(tombstone.recording)
            return nil
        case .start, .events, .change, .end: break
        }
        recordings.insert(header.recording)
        let text: [UInt8]
        do {
            text = try Codecs.inflaters.borrow { (inflater) throws(GzipError) in
                try inflater.text(of: frame.member, rawSizeBytes: Int(header.rawSizeBytes))
            }
        } catch {
            return .member(error)
        }
        if header.kind.isMetadata { return RecordingMetadata(decoding: text) == nil ? .payload : nil }
        let run = Codecs.scanners.borrow { try? $0.rescan(text) }
        guard let run, run.summary.eventCount == UInt64(header.eventCount), run.summary.types == header.types,
            run.summary.leastTimestampMicroseconds == header.leastTimestampMicroseconds,
            run.summary.greatestTimestampMicroseconds == header.greatestTimestampMicroseconds,
            (try? BatchTable.decode(frame.prefix)) != nil
        else { return .payload }
        if !header.flags.contains(.merged), digests.body(text) != header.bodyHash { return .payload }
        report.eventCount += UInt64(header.eventCount)
        runs.append((header.recording, header.firstOrdinal, header.firstOrdinal + UInt64(header.eventCount)))
        return nil
    }

    /// A row's recording must have been met; one that began since the walk was there has a later LSN.
    mutating func expect(_ row: RecordingRow) {
        let isMet = recordings.contains(row.number) || erased.contains(row.number) || row.status == .erased
        if !isMet, row.lsn <= lastLSN { report.lostRecordings.append(row.number) }
    }

    /// Ordinals begin at 0 and have neither holes nor overlaps. (Events missing at the end leave no trace; the frame
    /// that was damaged there is told by itself.)
    mutating func findGaps() {
        report.recordingCount = recordings.subtracting(erased).count
        runs.sort { ($0.recording, $0.first) < ($1.recording, $1.first) }
        var recording: UInt64 = 0
        var next: UInt64 = 0
        for run in runs where !erased.contains(run.recording) {
            if run.recording != recording {
                recording = run.recording
                next = 0
            }
            if run.first > next {
                report.gaps.append(VerifyReport.Gap(recording: recording, ordinals: next..<run.first))
            }
            next = max(next, run.end)
        }
    }
}
