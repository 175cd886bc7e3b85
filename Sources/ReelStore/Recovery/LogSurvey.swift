import ReelCodec
import ReelFormat
import ReelSystem

/// A segment as a survey found it.
struct SurveyedSegment {
    let segment: Segment
    /// How far it is read: to its end, or its cut.
    var lengthBytes: UInt64
    /// Its own; nil where the first frame is damaged or of another segment.
    var state: StatePayload?
    /// The number its first frame says; its name's where that cannot be read.
    var writtenAs: UInt64
    /// Being written, or the last that was.
    var isLast = false
    /// So much of it is known to have been on the disk.
    var durableBytes: UInt64 = 0
    /// What is damaged in it, in order.
    var regions: [DamagedRegion] = []
    /// Whether it is a compacted one without its commit frame.
    var lacksCommit = false
    /// What lies behind the last frame of the segment being written.
    var unfinished: Range<UInt64> = 0..<0
}

/// Reads every byte of the log.
struct LogSurvey {
    let identity: StoreIdentity
    /// Without the store's key it opens nothing: then only what is not sealed is read to its last event.
    let sealer: Sealer
    let archive: Archive
    let paths: StorePaths
    let fileSystem: any FileSystem
    private(set) var report = VerifyReport()
    private(set) var segments: [SurveyedSegment] = []
    /// Numbers of segments that are there or void.
    private(set) var known: Set<UInt64> = []
    private(set) var lastLSN: UInt64 = 0
    /// Everything up to here was durable when the index was last checkpointed.
    private var durableLSN: UInt64 = 0
    private(set) var erased: Set<UInt64> = []
    /// What retention removed; frames of it may still be there.
    private(set) var expired = ExpiredRanges()
    /// Every recording with a sound frame, and the LSN of its newest sound metadata frame; 0 where it has none.
    private(set) var recordings: [UInt64: UInt64] = [:]
    /// Recordings with frames whose keys were destroyed.
    private(set) var erasedByKey: Set<UInt64> = []
    /// Recordings that a row says were erased, and the log does not.
    private(set) var erasedByRow: Set<UInt64> = []
    private var events = OrdinalLedger()
    /// Nil for a sealed store without its key.
    private let check: FrameCheck?

    /// - Parameter digests: nil for a sealed store without its key.
    init(
        _ identity: StoreIdentity, sealer: Sealer, archive: Archive, digests: StoreDigests?, _ paths: StorePaths,
        _ fileSystem: any FileSystem
    ) {
        self.identity = identity
        self.sealer = sealer
        self.archive = archive
        self.paths = paths
        self.fileSystem = fileSystem
        check = digests.map(FrameCheck.init)
    }

    /// - Parameter progress: told the bytes read and the bytes there are, now and then.
    mutating func run(_ checkpoint: CheckpointHeader?, progress: (UInt64, UInt64) -> Void) throws {
        try list(checkpoint)
        durableLSN = checkpoint?.lsn ?? 0
        let total = segments.reduce(0) { $0 + $1.lengthBytes }
        var read: UInt64 = 0
        for index in segments.indices {
            try survey(index) { progress(read + $0, total) }
            read += segments[index].lengthBytes
            progress(read, total)
        }
    }

    /// Takes in what the index says of a recording; one that changed since the walk was there has a later LSN.
    mutating func expect(_ row: RecordingRow) {
        guard row.lsn <= max(lastLSN, durableLSN), !erased.contains(row.number), expired.range(of: row.number) == nil
        else { return }
        if row.status == .erased {
            if recordings[row.number] != nil { erasedByRow.insert(row.number) }
            return
        }
        if recordings[row.number] == nil { report.lostRecordings.append(row.number) }
        events.expect(row.eventCount, of: row.number)
    }

    /// Whether nothing of the recording is to be kept.
    func isErased(_ recording: UInt64) -> Bool {
        erased.contains(recording) || erasedByRow.contains(recording) || erasedByKey.contains(recording)
            || expired.range(of: recording) != nil
    }

    mutating func note(_ damage: Corruption) { report.damage.append(damage) }

    mutating func note(_ keyring: KeyringReport) {
        report.hasKeyring = keyring.isThere
        report.keyCount = keyring.keyCount
        report.destroyedKeyCount = keyring.destroyedCount
        report.damage += keyring.damage
    }

    /// Says what is missing: ordinals begin at 0 and have no holes, and rows tell of events behind the last frame.
    mutating func findGaps() {
        report.recordingCount = recordings.keys.count { !isErased($0) }
        report.unaccountedCount = unaccountedCount()
        events.forget(Set(recordings.keys.filter(isErased)).union(erased).union(erasedByRow))
        (report.gaps, report.givenUp) = events.gaps()
    }

    /// Numbers that were given out and that nothing tells of, not even the index.
    private func unaccountedCount() -> UInt64 {
        let next = segments.compactMap(\.state?.nextRecording).max() ?? 1
        let told = Set(recordings.keys).union(erased).union(report.lostRecordings).filter { $0 < next }
        let expiredCount = expired.ranges.reduce(0) { sum, range in
            sum + UInt64(range.recordings.clamped(to: 1...max(next - 1, 1)).count)
        }
        let both = UInt64(told.count { expired.range(of: $0) != nil })
        let count = UInt64(told.count) + expiredCount - both
        return next - 1 > count ? next - 1 - count : 0
    }

    // MARK: Files

    /// Finds the segments that count, in order, each with how far it is to be read.
    private mutating func list(_ checkpoint: CheckpointHeader?) throws {
        var irregular: [UInt64] = []
        var discarded: [UInt64] = []
        // A daemon's compaction may replace segments between their listing and opening: then the list is made anew.
        for _ in 0..<5 {
            segments = []
            irregular = []
            let names = try fileSystem.list(paths.log)
            discarded = names.compactMap { StorePaths.number(of: $0, suffix: StorePaths.discardedSuffix) }
            let numbers = names.compactMap { StorePaths.number(of: $0, suffix: ".seg") }.sorted()
            for number in numbers {
                do {
                    if let one = try open(number, checkpoint) { segments.append(one) }
                } catch let error as SystemError {
                    guard error.isIrregularFile else { throw error }
                    irregular.append(number)
                }
            }
            if segments.count + irregular.count == numbers.count { break }
        }
        // Told, and the others are read all the same.
        for number in irregular { note(Corruption(file: paths.segment(number), offsetBytes: 0, kind: .irregular)) }
        if !segments.isEmpty, try segments.allSatisfy({ try $0.segment.isOfAnotherStore() }) {
            throw OpenError.foreignLog(path: paths.identity)
        }
        let replaced = Set(segments.flatMap { $0.state?.replaced ?? [] }).union(discarded)
        known = replaced.union(segments.map(\.segment.number)).union(irregular)
        segments.removeAll { replaced.contains($0.writtenAs) }
        let cuts = segments.flatMap { $0.state?.cuts ?? [] }
        let lastHot = try segments.last { one in
            try one.writtenAs == one.segment.number && one.state?.isCompacted != true && !one.segment.isOfAnotherStore()
        }?.segment.number
        for index in segments.indices {
            let number = segments[index].segment.number
            segments[index].isLast = number == lastHot
            if let cut = cuts.first(where: { $0.segment == number }) {
                segments[index].lengthBytes = min(segments[index].lengthBytes, cut.lengthBytes)
                segments[index].durableBytes = min(segments[index].durableBytes, cut.lengthBytes)
            }
        }
    }

    private func open(_ number: UInt64, _ checkpoint: CheckpointHeader?) throws -> SurveyedSegment? {
        let file: any File
        do { file = try fileSystem.open(paths.segment(number), .readOnly) } catch {
            if error.isMissing { return nil }
            throw error
        }
        let segment = Segment(
            number: number, file: file, store: identity.store, sealer: sealer,
            archivedCopy: try ArchivedCopy.of(number, archive, paths, store: identity.store))
        let written = try readState(segment)
        var one = SurveyedSegment(
            segment: segment, lengthBytes: try file.sizeBytes(), state: written?.segment == number ? written : nil,
            writtenAs: written?.segment ?? number)
        if let checkpoint, checkpoint.segment == number { one.durableBytes = checkpoint.segmentLengthBytes }
        return one
    }

    /// The first frame's payload; nil where it is damaged, which the walk over the frames tells.
    private func readState(_ segment: Segment) throws(StoreError) -> StatePayload? {
        do throws(StoreError) {
            let frame = try segment.frame(at: 0)
            return frame.header.kind == .state ? try? StatePayload(decoding: frame.member) : nil
        } catch {
            // Not read is not damaged.
            guard case .damaged = error else { throw error }
            return nil
        }
    }

    // MARK: Frames

    private mutating func survey(_ index: Int, progress: (UInt64) -> Void) throws {
        let one = segments[index]
        report.segmentCount += 1
        report.sizeBytes += one.lengthBytes
        if let copy = one.segment.archivedCopy, copy.marker == nil {
            note(Corruption(file: copy.path, offsetBytes: 0, kind: .archiveMarker))
        }
        for tombstone in one.state?.tombstones ?? [] { erased.insert(tombstone.recording) }
        for range in one.state?.expired ?? [] { expired.insert(range) }
        var faults: [DamagedRegion] = []
        let scan = try one.segment.scan(
            verifiesPayloads: true, isSealed: !one.isLast, durableBytes: one.durableBytes, limit: one.lengthBytes
        ) { (frame, offset) throws(StoreError) in
            progress(offset)
            guard let kind = try note(frame, in: one.segment, offset) else { return }
            let range = offset..<offset + frame.header.strideBytes
            faults.append(
                DamagedRegion(range: range, damage: one.segment.corruption(offset, kind), header: frame.header))
        }
        segments[index].regions = (scan.regions + faults).sorted { $0.range.lowerBound < $1.range.lowerBound }
        let isStateTold = segments[index].regions.first?.range.lowerBound == 0
        if scan.state == nil, one.lengthBytes > 0, !isStateTold { note(one.segment.corruption(0, .state)) }
        if one.state?.isCompacted == true, scan.commit == nil {
            segments[index].lacksCommit = true
            note(one.segment.corruption(scan.endBytes, .truncated))
        }
        if one.durableBytes > one.lengthBytes { note(one.segment.corruption(one.lengthBytes, .truncated)) }
        report.damage += segments[index].regions.map(\.damage)
        lastLSN = max(lastLSN, scan.lastLSN)
        if one.isLast, scan.endBytes < one.lengthBytes {
            segments[index].unfinished = scan.endBytes..<one.lengthBytes
            report.unfinishedBytes = one.lengthBytes - scan.endBytes
        }
    }

    /// What is wrong with what a frame says. Frames of erased recordings, whose keys are gone, say nothing any more.
    private mutating func fault(
        in frame: StoredFrame, of segment: Segment, _ offset: UInt64
    ) throws(StoreError) -> Corruption.Kind? {
        guard let check else {
            if frame.header.flags.contains(.sealed) { report.unopenedFrameCount += 1 }
            return nil
        }
        do throws(StoreError) {
            return check.fault(in: try segment.opened(frame, offset))
        } catch {
            switch error {
            case .erased:
                erasedByKey.insert(frame.header.recording)
                return nil
            case .damaged(let damage): return damage.kind
            default: throw error
            }
        }
    }

    /// Counts in where a frame's events are, and tells where what stands for them here does not hold.
    private mutating func noteArchived(
        _ frame: StoredFrame, in segment: Segment, _ offset: UInt64
    ) throws(StoreError) {
        if frame.isUnread { report.unreadFrameCount += 1 }
        guard let stored = try segment.storedDigest(at: offset, of: frame.header) else {
            // The events are here, or the digest's own checksum does not hold.
            if try segment.isWhole(frame.header, at: offset) { return }
            return note(segment.corruption(offset, .digest))
        }
        report.archivedFrameCount += 1
        guard check != nil else { return }
        do throws(StoreError) {
            let digest = try segment.opened(stored, offset)
            if (try? EventDigest(decoding: digest.member, digest.header)) == nil
                || (try? BatchTable.decode(digest.prefix)) == nil
            {
                note(segment.corruption(offset, .digest))
            }
        } catch {
            switch error {
            case .damaged: note(segment.corruption(offset, .digest))
            case .erased: break
            default: throw error
            }
        }
    }

    /// Counts a frame in; what is wrong with it where its checksums hold and yet something is.
    private mutating func note(
        _ frame: StoredFrame, in segment: Segment, _ offset: UInt64
    ) throws(StoreError) -> Corruption.Kind? {
        report.frameCount += 1
        let header = frame.header
        if segment.archivedCopy != nil, header.kind == .events { try noteArchived(frame, in: segment, offset) }
        if !frame.isUnread, let fault = try fault(in: frame, of: segment, offset) { return fault }
        switch header.kind {
        case .state, .commit, .digest: break
        case .tombstone: erased.insert(header.recording)
        case .expire:
            for range in (try? ExpirePayload(decoding: frame.member))?.ranges ?? [] { expired.insert(range) }
        case .start, .change, .end:
            recordings[header.recording] = max(recordings[header.recording] ?? 0, header.lsn)
        case .events:
            recordings[header.recording] = recordings[header.recording] ?? 0
            report.eventCount += UInt64(header.eventCount)
            events.add(header.firstOrdinal, header.eventCount, of: header.recording)
        case .loss:
            recordings[header.recording] = recordings[header.recording] ?? 0
            events.addLoss(header.firstOrdinal, header.eventCount, of: header.recording)
        }
        return nil
    }
}
