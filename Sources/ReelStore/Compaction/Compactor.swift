import ReelCodec
import ReelFormat
import ReelSystem

/// Writes sealed segments anew: finished recordings as dense chunks, open ones merged up to their last full snapshot,
/// erased ones and outdated metadata not at all. The old segments stay until the new one is durable.
///
/// Damaged bytes are carried along as they lie: compaction destroys no evidence and hides no damage. A repair has copied
/// them before, and leaves them out.
struct Compactor {
    private let context: StoreContext
    /// By segment, what a repair leaves out.
    private let leftOut: [UInt64: [Range<UInt64>]]?
    private let pace: CompactionPace?

    /// - Parameters:
    ///   - leftOut: damage to leave out, by segment; other damage then ends the compaction. Nil carries all along.
    ///   - isUrgent: it does not rest, whatever the others have to do.
    init(_ context: StoreContext, leavingOut leftOut: [UInt64: [Range<UInt64>]]? = nil, isUrgent: Bool = false) {
        self.context = context
        let isPaced = context.options.compaction.isPaced && !isUrgent
        pace = isPaced ? CompactionPace(isClosing: context.isClosing) : nil
        self.leftOut = leftOut
    }

    /// Puts one segment, or one for each day of expiry, in the place of several.
    ///
    /// - Returns: bytes before and after.
    func compact(_ inputs: [SealedSegment]) throws(StoreError) -> (before: UInt64, after: UInt64) {
        do throws(StoreError) {
            return try write(inputs)
        } catch {
            // What is written anew gets smaller, so that the room comes back.
            guard case .diskFull = error, context.reserve.release() else { throw error }
            return try write(inputs)
        }
    }

    private func write(_ inputs: [SealedSegment]) throws(StoreError) -> (before: UInt64, after: UInt64) {
        var outputs = try CompactedOutputs(
            context, replacing: inputs.map(\.segment.number), givenUp: leftOut ?? [:], pace: pace)
        do {
            try writeRecordings(of: inputs, to: &outputs)
            if leftOut == nil {
                for input in inputs { try carryUnknown(of: input, to: &outputs.writer) }
            }
            let compacted = try outputs.finish()
            try context.wait { completion in .install(compacted, completion) }
            return (
                inputs.reduce(0) { $0 + $1.lengthBytes }, compacted.reduce(0) { $0 + $1.lengthBytes }
            )
        } catch {
            // Also where installing it failed: what is in `tmp/` takes room until the next start.
            outputs.remove()
            switch error {
            case let error as StoreError: throw error
            case let error as SystemError: throw error.isDiskFull ? .diskFull : .system(error)
            default: preconditionFailure("no other error is thrown: \(error)")
            }
        }
    }

    // MARK: Recordings

    private func writeRecordings(of inputs: [SealedSegment], to outputs: inout CompactedOutputs) throws {
        var recordings: Set<UInt64> = []
        for input in inputs {
            for entry in try input.allFrames() where entry.kind != .expire { recordings.insert(entry.recording) }
        }
        let numbers = Set(inputs.map(\.segment.number))
        for (recording, day) in try byDayOfExpiry(recordings) {
            if context.isClosing.withLock({ $0 }) { throw StoreError.closing }
            try outputs.begin(day: day)
            // As readers see them: what is there twice is written once.
            let frames = try context.view.frames(of: recording)
                .filter { numbers.contains($0.segment.number) && !isLeftOut($0) }
                .sorted { FrameEntry.tableOrder($0.entry, $1.entry) }
            try writeUnlessErased(recording, frames, to: &outputs.writer)
        }
    }

    /// Those that go on the same day lie together, so that their removal is an unlink; those that stay lie behind them.
    private func byDayOfExpiry(_ recordings: Set<UInt64>) throws(StoreError) -> [(recording: UInt64, day: Int64)] {
        let policy = RetentionPolicy(context)
        var list: [(recording: UInt64, day: Int64)] = []
        for recording in recordings {
            let row = try context.survivingRow(recording)
            list.append((recording, row.map(policy.dayOfExpiry(of:)) ?? .max))
        }
        return list.sorted { ($0.day, $0.recording) < ($1.day, $1.recording) }
    }

    /// What was written of a recording that is erased meanwhile lies there without a key, and goes with the next compaction.
    private func writeUnlessErased(
        _ number: UInt64, _ frames: [LocatedFrame], to writer: inout CompactedSegmentWriter
    ) throws {
        do { try writeRecording(number, frames, to: &writer) } catch StoreError.erased { return }
    }

    private func isLeftOut(_ frame: LocatedFrame) -> Bool {
        leftOut?[frame.segment.number]?.contains { $0.contains(frame.entry.offsetBytes) } ?? false
    }

    private func writeRecording(
        _ number: UInt64, _ frames: [LocatedFrame], to writer: inout CompactedSegmentWriter
    ) throws {
        guard let state = try context.survivingState(number) else { return }
        for frame in frames where frame.entry.kind.isMetadata {
            let isCurrent =
                UInt64(state.row.metadataSegment) == frame.segment.number
                && UInt64(state.row.metadataOffsetBytes) == frame.entry.offsetBytes
            if isCurrent { try copyMetadata(frame, to: &writer) }
        }
        for frame in frames where frame.entry.kind == .loss { try copy(frame, to: &writer) }
        let events = frames.filter { $0.entry.kind == .events }
        let isFinished = state.row.status != .recording
        let mergeable = isFinished ? events.count : events.lastIndex { $0.entry.content.contains(.fullSnapshot) } ?? 0
        var merge = ChunkMerge(
            generation: state.row.generation + 1, context: context, carriesDamage: leftOut == nil)
        for (index, frame) in events.enumerated() {
            let isDense = frame.entry.flags.contains(.merged) && isLarge(frame.entry)
            if index < mergeable, !isDense {
                try merge.add(frame, to: &writer)
            } else {
                try merge.flush(to: &writer)
                try copy(frame, to: &writer)
            }
        }
        try merge.flush(to: &writer)
    }

    private func isLarge(_ entry: FrameEntry) -> Bool {
        Int(entry.rawSizeBytes) >= context.options.compaction.chunkSizeBytes / 2
    }

    /// Metadata is small and stays: it is worth its densest form.
    private func copyMetadata(_ located: LocatedFrame, to writer: inout CompactedSegmentWriter) throws {
        do {
            let frame = try located.read()
            let text = try located.inflated(frame)
            try writer.append(FrameDraft(frame.header, member: Codecs.dense.borrow { $0.member(of: text) }))
        } catch StoreError.damaged(let damage) {
            try carry(located, damage, to: &writer)
        }
    }

    /// Carries a frame along, damaged or not: one that cannot be read must not keep the others from being compacted.
    private func copy(_ located: LocatedFrame, to writer: inout CompactedSegmentWriter) throws {
        do {
            let stored = try located.readStored()
            if context.sealer.isOutdated(stored.header) {
                let frame = try located.read()
                try writer.append(FrameDraft(frame.header, prefix: frame.prefix, member: frame.member))
            } else {
                try writer.append(stored)
            }
        } catch StoreError.damaged(let damage) {
            try carry(located, damage, to: &writer)
        }
    }

    private func carry(
        _ located: LocatedFrame, _ damage: Corruption, to writer: inout CompactedSegmentWriter
    ) throws {
        context.note(.damage(damage))
        guard leftOut == nil else { throw StoreError.damaged(damage) }
        try writer.carry(try located.asItLies(), located.entry)
    }

    /// Carries along what is neither a sound frame nor known to the table.
    private func carryUnknown(of input: SealedSegment, to writer: inout CompactedSegmentWriter) throws {
        let scan = try input.segment.scan(verifiesPayloads: false, isSealed: true, limit: input.lengthBytes)
        guard !scan.regions.isEmpty else { return }
        let known = try input.allFrames().map { $0.offsetBytes..<$0.offsetBytes + $0.strideBytes }
            .sorted { $0.lowerBound < $1.lowerBound }
        for region in scan.regions {
            var start = region.range.lowerBound
            for frame in known where frame.overlaps(region.range) {
                if start < frame.lowerBound { try carry(start..<frame.lowerBound, of: input, to: &writer) }
                start = max(start, frame.upperBound)
            }
            if start < region.range.upperBound { try carry(start..<region.range.upperBound, of: input, to: &writer) }
        }
    }

    private func carry(
        _ range: Range<UInt64>, of input: SealedSegment, to writer: inout CompactedSegmentWriter
    ) throws {
        context.note(.damage(input.segment.corruption(range.lowerBound, .header(.magic))))
        let pieceBytes: UInt64 = 1 << 20
        var start = range.lowerBound
        while start < range.upperBound {
            let count = min(pieceBytes, range.upperBound - start)
            try writer.carry(try input.segment.file.read(Int(count), at: start), nil)
            start += count
        }
    }
}

/// The merging of one recording's frames.
private struct ChunkMerge {
    private let generation: UInt32
    private let context: StoreContext
    private let carriesDamage: Bool
    private var cutter: ChunkCutter
    private var nextOrdinal: UInt64?
    private var recording: UInt64 = 0

    init(generation: UInt32, context: StoreContext, carriesDamage: Bool) {
        self.generation = generation
        self.context = context
        self.carriesDamage = carriesDamage
        cutter = ChunkCutter(chunkSizeBytes: context.options.compaction.chunkSizeBytes)
    }

    mutating func add(_ located: LocatedFrame, to writer: inout CompactedSegmentWriter) throws {
        // A gap (its frames lie in another segment) ends the chunk: a chunk's ordinals are consecutive.
        if nextOrdinal != located.entry.firstOrdinal { try flush(to: &writer) }
        let frame: StoredFrame
        let run: EventRun
        do {
            frame = try located.read()
            let text = try located.inflated(frame)
            run = try Codecs.scanners.borrow { (scanner) throws(ScanError) in try scanner.rescan(text) }
        } catch StoreError.damaged(let damage) {
            context.note(.damage(damage))
            guard carriesDamage else { throw StoreError.damaged(damage) }
            try flush(to: &writer)
            try writer.carry(try located.asItLies(), located.entry)
            return
        }
        recording = located.entry.recording
        nextOrdinal = located.entry.endOrdinal
        for chunk in cutter.add(run, located.entry, batches: try located.batchRecords()) {
            try write(chunk, to: &writer)
        }
    }

    mutating func flush(to writer: inout CompactedSegmentWriter) throws {
        for chunk in cutter.cut() { try write(chunk, to: &writer) }
        nextOrdinal = nil
    }

    private func write(_ chunk: ChunkCutter.Chunk, to writer: inout CompactedSegmentWriter) throws {
        let member = Codecs.dense.borrow { $0.member(of: chunk.text) }
        // Read back before the old frames go: dense deflating has its own code path.
        let back = try Codecs.inflaters.borrow { (inflater) throws(GzipError) in
            try inflater.text(of: member, rawSizeBytes: chunk.text.count)
        }
        precondition(back == chunk.text, "a chunk does not inflate to the text it was made of")
        let summary = try Codecs.scanners.borrow { (scanner) throws(ScanError) in
            try scanner.rescan(chunk.text).summary
        }
        var header = FrameHeader(
            kind: .events, lsn: chunk.lsn, receivedMicroseconds: chunk.receivedMicroseconds,
            store: context.identity.store)
        header.flags = .merged
        header.recording = recording
        header.firstOrdinal = chunk.firstOrdinal
        header.describe(summary, rawSizeBytes: UInt32(chunk.text.count))
        header.generation = generation
        header.durableLSN = chunk.lsn
        try writer.append(FrameDraft(header, prefix: BatchTable.encoded(chunk.batches), member: member))
    }
}
