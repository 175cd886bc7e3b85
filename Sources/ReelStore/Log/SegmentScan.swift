import ReelCodec
import ReelFormat
import ReelSystem

/// What a walk over a segment found.
struct SegmentScan {
    /// The sound frames in file order, the state frame left out.
    var entries: [FrameEntry] = []
    var state: StatePayload?
    /// The commit frame of a compacted segment, with its LSN.
    var commit: (payload: CommitPayload, lsn: UInt64)?
    /// Every frame that was not sound, but for the tail.
    var damage: [Corruption] = []
    /// Where the last sound frame ends. Bytes behind it are a write that a crash cut off, or damage nothing tells apart
    /// from it.
    var endBytes: UInt64 = 0
    /// Whether anything lies behind `endBytes`.
    var hasTornTail = false
    var lastLSN: UInt64 = 0
    var lastReceivedMicroseconds = Int64.min
}

extension Segment {
    /// Walks the segment's frames from `start`, which must be where a frame begins.
    ///
    /// After an unsound frame the walk looks for the next header at the following multiples of eight bytes. What it
    /// skips is damage if a later frame was written after it had been synced (`durableLSN`), or if the segment is
    /// sealed; else it is a torn tail and the walk ends there.
    ///
    /// - Parameters:
    ///   - lastLSN: the greatest LSN before `start`; without it a torn group right behind a checkpoint looks like damage.
    ///   - verifiesPayloads: whether payload checksums are read too.
    ///   - isSealed: nothing was being written to it when the store was last open.
    ///   - limit: bytes behind it are never looked at (a cut).
    func scan(
        from start: UInt64 = 0, after lastLSN: UInt64 = 0, verifiesPayloads: Bool, isSealed: Bool, limit: UInt64? = nil,
        visit: (StoredFrame, UInt64) throws(StoreError) -> Void = { _, _ in }
    ) throws(StoreError) -> SegmentScan {
        var result = SegmentScan()
        let length: UInt64
        do { length = min(try file.sizeBytes(), limit ?? .max) } catch { throw failure(error) }
        var offset = start
        result.endBytes = start
        result.lastLSN = lastLSN
        var pending: Corruption?
        while offset + UInt64(FrameHeader.sizeBytes) <= length {
            do {
                let frame = try verifiedFrame(at: offset, length: length, verifiesPayloads, result.lastLSN)
                if let damage = pending {
                    // Frames go to the disk in order of their LSN and are synced in groups: a frame that knew of a sync
                    // covering what is unsound here proves that it had been whole.
                    guard isSealed || frame.header.durableLSN > result.lastLSN else { break }
                    result.damage.append(damage)
                    pending = nil
                }
                try note(frame, at: offset, in: &result)
                if frame.header.kind != .state { try visit(frame, offset) }
                offset += frame.header.strideBytes
                result.endBytes = offset
            } catch StoreError.damaged(let damage) {
                if pending == nil { pending = damage }
                guard let next = try nextHeader(after: offset, length: length, result.lastLSN) else { break }
                offset = next
            }
        }
        result.hasTornTail = result.endBytes < length
        if isSealed, result.hasTornTail {
            result.damage.append(pending ?? corruption(result.endBytes, .truncated))
        }
        return result
    }

    private func verifiedFrame(
        at offset: UInt64, length: UInt64, _ verifiesPayloads: Bool, _ lastLSN: UInt64
    ) throws(StoreError) -> StoredFrame {
        let frame: StoredFrame
        let header = try header(at: offset)
        guard offset + UInt64(FrameHeader.sizeBytes) + UInt64(header.storedSizeBytes) <= length else {
            throw .damaged(corruption(offset, .truncated))
        }
        let needsPayload = verifiesPayloads || header.kind == .state || header.kind == .commit
        if needsPayload {
            frame = try self.frame(at: offset, expectedPayloadBytes: Int(header.storedSizeBytes))
        } else {
            frame = StoredFrame(header: header, bytes: [])
        }
        return frame
    }

    private func note(_ frame: StoredFrame, at offset: UInt64, in result: inout SegmentScan) throws(StoreError) {
        result.lastReceivedMicroseconds = max(result.lastReceivedMicroseconds, frame.header.receivedMicroseconds)
        result.lastLSN = max(result.lastLSN, frame.header.lsn)
        do {
            switch frame.header.kind {
            case .state:
                let state = try StatePayload(decoding: frame.member)
                guard state.segment == number else { throw StoreError.damaged(corruption(offset, .state)) }
                result.state = state
            case .commit:
                result.commit = (try CommitPayload(decoding: frame.member), frame.header.lsn)
            case .start, .events, .change, .end, .tombstone:
                result.entries.append(FrameEntry(frame.header, at: offset))
            }
        } catch let error as StoreError {
            throw error
        } catch {
            throw .damaged(corruption(offset, .payload))
        }
    }

    /// The next offset at which a sound header lies.
    private func nextHeader(after offset: UInt64, length: UInt64, _ lastLSN: UInt64) throws(StoreError) -> UInt64? {
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
