import ReelCodec
import ReelFormat
import ReelSystem

/// Bytes of a segment that are no sound frame.
struct DamagedRegion: Sendable, Equatable {
    var range: Range<UInt64>
    var damage: Corruption
    /// Of the frame that lies there, where its header holds.
    var header: FrameHeader?

    /// As a table has it; nil where the header does not hold or is of a kind that no table has.
    var entry: FrameEntry? {
        guard let header, header.kind != .state, header.kind != .commit else { return nil }
        return FrameEntry(header, at: range.lowerBound)
    }
}

/// What a walk over a segment found.
struct SegmentScan {
    /// The sound frames in file order, the state frame left out.
    var entries: [FrameEntry] = []
    var state: StatePayload?
    /// The commit frame of a compacted segment, with its LSN.
    var commit: (payload: CommitPayload, lsn: UInt64)?
    /// Every frame that was not sound, but for the tail.
    var regions: [DamagedRegion] = []
    /// Where the last sound frame ends. Bytes behind it are a write that a crash cut off, or damage nothing tells apart
    /// from it.
    var endBytes: UInt64 = 0
    /// Whether anything lies behind `endBytes`.
    var hasTornTail = false
    var lastLSN: UInt64 = 0
    var lastReceivedMicroseconds = Int64.min

    var damage: [Corruption] { regions.map(\.damage) }
}

extension Segment {
    /// Walks the segment's frames from `start`, which must be where a frame begins.
    ///
    /// After an unsound frame the walk goes on behind it where its header holds, else at the next header among the
    /// following multiples of eight bytes. What it skips is damage if it had been synced before: as `durableBytes`
    /// says, or a later frame (`durableLSN`), or because the segment is sealed; else it is a torn tail and the walk ends
    /// there.
    ///
    /// - Parameters:
    ///   - lastLSN: the greatest LSN before `start`; without it a torn group right behind a checkpoint looks like damage.
    ///   - verifiesPayloads: whether payload checksums are read too.
    ///   - isSealed: nothing was being written to it when the store was last open.
    ///   - durableBytes: so much of the segment is known to have been on the disk.
    ///   - limit: bytes behind it are never looked at (a cut).
    func scan(
        from start: UInt64 = 0, after lastLSN: UInt64 = 0, verifiesPayloads: Bool, isSealed: Bool,
        durableBytes: UInt64 = 0, limit: UInt64? = nil,
        visit: (StoredFrame, UInt64) throws(StoreError) -> Void = { _, _ in }
    ) throws(StoreError) -> SegmentScan {
        var result = SegmentScan()
        let length: UInt64
        do { length = min(try file.sizeBytes(), limit ?? .max) } catch { throw failure(error) }
        let durableBytes = isSealed ? .max : durableBytes
        var offset = start
        result.endBytes = start
        result.lastLSN = lastLSN
        var pending: [DamagedRegion] = []
        walk: while offset + UInt64(FrameHeader.sizeBytes) <= length {
            switch try examine(offset, length: length, verifiesPayloads) {
            case .sound(let frame):
                // Frames go to the disk in order of their LSN and are synced in groups: a frame that knew of a sync
                // covering what is unsound here proves that it had been whole.
                let isProven = frame.header.durableLSN > result.lastLSN
                guard pending.allSatisfy({ isProven || $0.range.lowerBound < durableBytes }) else { break walk }
                result.regions += pending
                pending = []
                let next = offset + frame.header.strideBytes
                if let damage = note(frame, at: offset, in: &result) {
                    result.regions.append(
                        DamagedRegion(range: offset..<min(next, length), damage: damage, header: frame.header))
                } else if frame.header.kind != .state {
                    try visit(frame, offset)
                }
                offset = next
                result.endBytes = offset
            case .unsound(let damage, let header):
                let next = try end(of: header, at: offset, length: length)
                pending.append(DamagedRegion(range: offset..<next, damage: damage, header: header))
                offset = next
            }
        }
        for region in pending where region.range.lowerBound < durableBytes {
            result.regions.append(region)
            result.endBytes = region.range.upperBound
        }
        result.hasTornTail = result.endBytes < length
        if result.hasTornTail, result.endBytes < durableBytes {
            let end = result.endBytes
            result.regions.append(DamagedRegion(range: end..<length, damage: corruption(end, .truncated)))
            if !isSealed { result.endBytes = length }
        }
        return result
    }

    /// Whether nothing in the file is a sound frame of this store.
    func holdsNoFrame() throws(StoreError) -> Bool {
        let scan = try scan(verifiesPayloads: false, isSealed: true)
        return scan.entries.isEmpty && scan.state == nil && scan.commit == nil
            && scan.regions.allSatisfy { $0.header == nil }
    }

    /// Whether the file begins with a sound frame of another store and has none of this one.
    func isOfAnotherStore() throws(StoreError) -> Bool {
        guard case .unsound(let damage, _) = try examine(0, length: .max, false), damage.kind == .foreignFrame else {
            return false
        }
        return try holdsNoFrame()
    }

    private enum Finding {
        case sound(StoredFrame)
        /// The header is there where it holds.
        case unsound(Corruption, FrameHeader?)
    }

    private func examine(
        _ offset: UInt64, length: UInt64, _ verifiesPayloads: Bool
    ) throws(StoreError) -> Finding {
        var sound: FrameHeader?
        do {
            let header = try header(at: offset)
            sound = header
            guard offset + UInt64(FrameHeader.sizeBytes) + UInt64(header.storedSizeBytes) <= length else {
                return .unsound(corruption(offset, .truncated), header)
            }
            let needsPayload = verifiesPayloads || header.kind == .state || header.kind == .commit
            guard needsPayload else { return .sound(.unread(header)) }
            return .sound(try storedFrame(at: offset, expectedPayloadBytes: Int(header.storedSizeBytes)))
        } catch {
            switch error {
            case .damaged(let damage): return .unsound(damage, sound)
            // Nothing is known of it that would be wrong.
            case .archiveOffline:
                guard let sound else { throw error }
                return .sound(.unread(sound))
            default: throw error
            }
        }
    }

    /// Where the walk goes on after an unsound frame.
    private func end(of header: FrameHeader?, at offset: UInt64, length: UInt64) throws(StoreError) -> UInt64 {
        if let header {
            let next = offset + header.strideBytes
            if next == length { return length }
            // What was cut out of the payload or put into it moved the frames behind.
            if next < length, case .sound = try examine(next, length: length, false) { return next }
        }
        return min(try nextHeader(after: offset, length: length) ?? length, length)
    }

    /// - Returns: what is wrong with a frame whose checksums hold.
    private func note(_ frame: StoredFrame, at offset: UInt64, in result: inout SegmentScan) -> Corruption? {
        result.lastReceivedMicroseconds = max(result.lastReceivedMicroseconds, frame.header.receivedMicroseconds)
        result.lastLSN = max(result.lastLSN, frame.header.lsn)
        do {
            switch frame.header.kind {
            case .state:
                let state = try StatePayload(decoding: frame.member)
                guard state.segment == number, offset == 0 else { return corruption(offset, .state) }
                result.state = state
            case .commit:
                result.commit = (try CommitPayload(decoding: frame.member), frame.header.lsn)
            case .start, .events, .change, .end, .tombstone, .loss, .expire:
                result.entries.append(FrameEntry(frame.header, at: offset))
            // Met where the header is damaged of the events it stands for.
            case .digest: break
            }
            return nil
        } catch {
            return corruption(offset, .payload)
        }
    }

    /// The next offset at which a sound header lies.
    private func nextHeader(after offset: UInt64, length: UInt64) throws(StoreError) -> UInt64? {
        let alignment = UInt64(FrameHeader.alignmentBytes)
        let windowBytes = 1 << 20
        var windowStart = offset + alignment
        while windowStart + UInt64(FrameHeader.sizeBytes) <= length {
            let window: [UInt8]
            do { window = try file.read(windowBytes + FrameHeader.sizeBytes, at: windowStart) } catch {
                throw failure(error)
            }
            let span = window.span
            var at = 0
            while at + FrameHeader.sizeBytes <= span.count, at < windowBytes {
                if span.bytes.field(at, as: UInt32.self) == FrameHeader.magic,
                    let header = try? FrameHeader(decoding: span.bytes.extracting(at..<at + FrameHeader.sizeBytes)),
                    header.store == storeID
                {
                    return windowStart + UInt64(at)
                }
                at += Int(alignment)
            }
            windowStart += UInt64(windowBytes)
        }
        return nil
    }
}
