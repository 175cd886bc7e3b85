import ReelCodec
import ReelFormat
import ReelSystem

/// What a repair will copy, give up and write anew, worked out from a survey; nothing is changed by it.
struct RepairPlan {
    /// Bytes to copy, with the segment they lie in.
    private(set) var regions: [(region: DamagedRegion, segment: Segment)] = []
    /// What is lost, for people and for the log.
    private(set) var losses: [(loss: Loss, record: LossRecord?)] = []
    /// By segment, what is left out when it is written anew.
    private(set) var rewrites: [UInt64: [Range<UInt64>]] = [:]
    /// Segments of which only the table is there.
    private(set) var missingSegments: [UInt64] = []
    private(set) var hasIndexDamage = false
    /// The recordings that lost something, now or in a repair that was broken off.
    private(set) var recordings: Set<UInt64> = []

    private let survey: LogSurvey
    private let paths: StorePaths
    private let fileSystem: any FileSystem

    init(_ survey: LogSurvey, _ paths: StorePaths, _ fileSystem: any FileSystem) throws {
        self.survey = survey
        self.paths = paths
        self.fileSystem = fileSystem
        for damage in survey.report.damage {
            switch damage.kind {
            case .indexChecksum: hasIndexDamage = true
            case .digest:
                // Written anew, the segment has its events again.
                let one = survey.segments.first { $0.segment.path == damage.file }
                if let number = one?.segment.number { rewrites[number] = [] }
            case .missing:
                let name = damage.file.split(separator: "/").last.map(String.init) ?? ""
                if let number = StorePaths.number(of: name, suffix: ".seg") { missingSegments.append(number) }
            default: break
            }
        }
        noteRegions()
        let candidates = try findCandidates()
        try planEvents(candidates)
        planMetadata(candidates)
        planUnknownBytes(candidates)
        nameRecordings()
        recordings.formUnion(losses.map(\.loss.recording))
        recordings.formUnion(survey.report.givenUp.map(\.recording))
        recordings.formUnion(candidates.map(\.entry.recording))
        recordings = recordings.filter { $0 > 0 && !survey.isErased($0) }
    }

    // MARK: Bytes

    private mutating func noteRegions() {
        guard !survey.report.isSound else { return }
        for one in survey.segments {
            for region in one.regions { regions.append((region, one.segment)) }
            if !one.unfinished.isEmpty {
                // A write that a crash cut off, or damage that nothing tells from it: opening the store cuts it away.
                let damage = one.segment.corruption(one.unfinished.lowerBound, .truncated)
                regions.append((DamagedRegion(range: one.unfinished, damage: damage), one.segment))
            }
            if !one.regions.isEmpty || one.lacksCommit || (one.state == nil && one.lengthBytes > 0) {
                rewrites[one.segment.number] = one.regions.map(\.range)
            }
        }
    }

    // MARK: Frames

    /// A frame that is known and cannot be read.
    private struct Candidate {
        var entry: FrameEntry
        var segment: UInt64
        var region: DamagedRegion?
    }

    /// What damaged headers that hold, and the frame tables, say of frames that are not there any more.
    private func findCandidates() throws(SystemError) -> [Candidate] {
        var found: [Candidate] = []
        var sound: [UInt64: SurveyedSegment] = [:]
        for one in survey.segments {
            sound[one.segment.number] = one
            for region in one.regions {
                if let entry = region.entry {
                    found.append(Candidate(entry: entry, segment: one.segment.number, region: region))
                }
            }
        }
        let gapped = Set(survey.report.gaps.map(\.recording)).union(survey.report.lostRecordings)
        guard try fileSystem.list(paths.root).contains("index") else { return found }
        for number in try SegmentTable.numbers(in: paths, fileSystem) {
            let one = sound[number]
            for entry in try readTable(number) {
                let end = entry.offsetBytes + entry.strideBytes
                let region = one?.regions.first { $0.range.overlaps(entry.offsetBytes..<end) }
                let isGone = one.map { region != nil || end > $0.lengthBytes } ?? true
                // A region whose header holds has spoken for itself.
                guard region?.header == nil, isGone || gapped.contains(entry.recording) else { continue }
                found.append(Candidate(entry: entry, segment: number, region: region))
            }
        }
        return found.sorted {
            ($0.entry.recording, $0.entry.firstOrdinal) < ($1.entry.recording, $1.entry.firstOrdinal)
        }
    }

    /// The sound entries of a table, whatever else is wrong with it.
    private func readTable(_ number: UInt64) throws(SystemError) -> [FrameEntry] {
        let path = paths.table(number)
        let header = try SegmentTable.header(
            path: path, segment: number, store: survey.identity.store, fileSystem: fileSystem)
        guard header != nil else { return [] }
        let file = try fileSystem.open(path, .readOnly)
        let bytes = try file.read(Int(try file.sizeBytes()), at: 0)
        let span = bytes.span
        return stride(
            from: SegmentTableHeader.sizeBytes, through: bytes.count - FrameEntry.sizeBytes, by: FrameEntry.sizeBytes
        )
        .compactMap { FrameEntry(decoding: span.bytes.extracting($0..<$0 + FrameEntry.sizeBytes)) }
    }

    // MARK: Events

    private mutating func planEvents(_ candidates: [Candidate]) throws {
        var unknown: [VerifyReport.Gap] = []
        var start = 0
        for gap in survey.report.gaps {
            while start < candidates.count, candidates[start].entry.recording < gap.recording { start += 1 }
            var next = gap.ordinals.lowerBound
            for one in candidates[start...] {
                guard one.entry.recording == gap.recording, next < gap.ordinals.upperBound else { break }
                let isOfEvents = one.entry.kind == .events || one.entry.kind == .loss
                let first = max(one.entry.firstOrdinal, next)
                let end = min(one.entry.endOrdinal, gap.ordinals.upperBound)
                guard isOfEvents, first < end else { continue }
                if next < first { unknown.append(VerifyReport.Gap(gap.recording, next..<first)) }
                add(one, first..<end)
                next = end
            }
            if next < gap.ordinals.upperBound {
                unknown.append(VerifyReport.Gap(gap.recording, next..<gap.ordinals.upperBound))
            }
        }
        try addUnknown(unknown)
    }

    private mutating func add(_ one: Candidate, _ ordinals: Range<UInt64>) {
        var loss = Loss(.events)
        describePlace(of: one, in: &loss)
        loss.ordinals = ordinals
        loss.fromMicroseconds = one.entry.leastTimestampMicroseconds
        loss.toMicroseconds = one.entry.greatestTimestampMicroseconds
        loss.isTimeExact = ordinals == one.entry.firstOrdinal..<one.entry.endOrdinal
        var header = emptyHeader(one.entry.recording, ordinals)
        header.leastTimestampMicroseconds = one.entry.leastTimestampMicroseconds
        header.greatestTimestampMicroseconds = one.entry.greatestTimestampMicroseconds
        header.types = one.entry.types
        header.sources = one.entry.sources
        header.content = one.entry.content
        if loss.isTimeExact {
            if one.entry.writer != 0 { loss.batch = one.entry.batch }
            header.writer = one.entry.writer
            header.batch = one.entry.batch
            header.bodyHash = one.entry.bodyHash
        }
        losses.append((loss, record(header, payload(of: one))))
    }

    /// Gaps that no frame accounts for: what is known of them is their neighbours.
    private mutating func addUnknown(_ gaps: [VerifyReport.Gap]) throws {
        guard !gaps.isEmpty else { return }
        let recordings = Set(gaps.map(\.recording))
        var neighbours: [FrameEntry] = []
        for one in survey.segments {
            let scan = try one.segment.scan(verifiesPayloads: false, isSealed: true, limit: one.lengthBytes)
            neighbours += scan.entries.filter { $0.kind == .events && recordings.contains($0.recording) }
        }
        for gap in gaps {
            let own = neighbours.filter { $0.recording == gap.recording }
            let before = own.filter { $0.endOrdinal <= gap.ordinals.lowerBound }
            let behind = own.filter { $0.firstOrdinal >= gap.ordinals.upperBound }
            var loss = Loss(.events)
            loss.recording = gap.recording
            loss.ordinals = gap.ordinals
            loss.fromMicroseconds = before.map(\.greatestTimestampMicroseconds).max()
            loss.toMicroseconds = behind.map(\.leastTimestampMicroseconds).min()
            // Where one side is not known the other one bounds it.
            var header = emptyHeader(gap.recording, gap.ordinals)
            let from = loss.fromMicroseconds ?? loss.toMicroseconds ?? 0
            header.leastTimestampMicroseconds = from
            header.greatestTimestampMicroseconds = max(from, loss.toMicroseconds ?? from)
            losses.append((loss, record(header, LossPayload())))
        }
    }

    private func emptyHeader(_ recording: UInt64, _ ordinals: Range<UInt64>) -> FrameHeader {
        var header = FrameHeader(kind: .loss, lsn: 0, receivedMicroseconds: 0, store: survey.identity.store)
        header.recording = recording
        header.firstOrdinal = ordinals.lowerBound
        header.eventCount = UInt32(clamping: ordinals.count)
        return header
    }

    private func record(_ header: FrameHeader, _ payload: LossPayload) -> LossRecord {
        LossRecord(recording: header.recording, header: header, payload: payload)
    }

    private func payload(of one: Candidate) -> LossPayload {
        var payload = LossPayload()
        payload.segment = one.segment
        payload.offsetBytes = one.entry.offsetBytes
        payload.sizeBytes = one.region.map { UInt64($0.range.count) } ?? 0
        payload.lsn = one.entry.lsn
        payload.kind = one.entry.kind
        return payload
    }

    private func describePlace(of one: Candidate, in loss: inout Loss) {
        loss.recording = one.entry.recording
        loss.file = paths.segment(one.segment)
        loss.offsetBytes = one.entry.offsetBytes
        loss.sizeBytes = one.entry.strideBytes
        loss.copy = one.region.map { "\(paths.quarantined(one.segment, $0.range.lowerBound)).bin" }
    }

    // MARK: Metadata

    /// Metadata is lost where none is sound that is as new.
    private mutating func planMetadata(_ candidates: [Candidate]) {
        var planned: Set<UInt64> = []
        let newest = candidates.filter { $0.entry.kind.isMetadata }.sorted { $0.entry.lsn > $1.entry.lsn }
        for one in newest {
            let number = one.entry.recording
            guard !survey.isErased(number), one.entry.lsn > survey.recordings[number] ?? 0,
                planned.insert(number).inserted
            else { continue }
            var loss = Loss(.metadata)
            describePlace(of: one, in: &loss)
            var header = emptyHeader(number, 0..<0)
            header.leastTimestampMicroseconds = one.entry.receivedMicroseconds
            header.greatestTimestampMicroseconds = one.entry.receivedMicroseconds
            losses.append((loss, record(header, payload(of: one))))
        }
        let bare = survey.recordings.filter { $0.value == 0 }.map(\.key) + survey.report.lostRecordings
        for number in bare.sorted() where !survey.isErased(number) && planned.insert(number).inserted {
            var loss = Loss(.metadata)
            loss.recording = number
            losses.append((loss, record(emptyHeader(number, 0..<0), LossPayload())))
        }
    }

    // MARK: What is left

    private mutating func planUnknownBytes(_ candidates: [Candidate]) {
        for (region, segment) in regions where region.header == nil && region.range.lowerBound > 0 {
            let isKnown = candidates.contains { $0.segment == segment.number && $0.region?.range == region.range }
            let one = survey.segments.first { $0.segment.number == segment.number }
            let isCommit = one?.lacksCommit == true && one?.regions.last?.range == region.range
            guard !isKnown, !isCommit, one?.unfinished != region.range else { continue }
            var loss = Loss(.unknown)
            loss.file = segment.path
            loss.offsetBytes = region.range.lowerBound
            loss.sizeBytes = UInt64(region.range.count)
            loss.copy = "\(paths.quarantined(segment.number, region.range.lowerBound)).bin"
            losses.append((loss, nil))
        }
    }

    /// Adds ids, as far as the index knows them.
    private mutating func nameRecordings() {
        guard let file = try? fileSystem.open(paths.rows, .readOnly),
            let rows = try? SlotFile(
                file, slotBytes: RecordingRow.sizeBytes, firstSlotBytes: RecordingIndex.firstRowBytes)
        else { return }
        for index in losses.indices where losses[index].loss.recording > 0 {
            let number = losses[index].loss.recording
            let row = rows.read(Int(number) - 1, RecordingRow.init(decoding:))
            if let row, row.number == number, row.id != .unknown { losses[index].loss.id = row.id }
        }
    }
}
