import ReelCodec

/// What the index is known to hold for certain: written alternately into the two first sectors of `index/recordings`
/// after everything it speaks of has been synced. FORMAT.md §10.
package struct CheckpointHeader: Equatable, Sendable {
    package static let sizeBytes = 512
    package static let magic: UInt32 = 0x3143_4C52  // "RLC1" on disk
    package static let version: UInt32 = 1

    package var store: StoreID
    /// Grows by one a checkpoint; the greater of two valid slots counts.
    package var sequence: UInt64
    /// Every row reflects at least the frames up to this LSN.
    package var lsn: UInt64
    /// Where the log's tail begins: in this segment, at this length.
    package var segment: UInt64
    package var segmentLengthBytes: UInt64
    package var nextRecording: UInt64
    /// Of the slots of `ids` with numbers below `nextRecording`: their sum, each mixed. FORMAT.md §13.
    package var idsChecksum: UInt64 = 0

    package init(
        store: StoreID, sequence: UInt64, lsn: UInt64, segment: UInt64, segmentLengthBytes: UInt64,
        nextRecording: UInt64
    ) {
        self.store = store
        self.sequence = sequence
        self.lsn = lsn
        self.segment = segment
        self.segmentLengthBytes = segmentLengthBytes
        self.nextRecording = nextRecording
    }

    /// The 512 bytes of a slot.
    package func encoded() -> [UInt8] {
        var writer = ByteWriter(capacityBytes: CheckpointHeader.sizeBytes)
        writer.append(CheckpointHeader.magic)
        writer.append(CheckpointHeader.version)
        writer.append(store.high)
        writer.append(store.low)
        writer.append(sequence)
        writer.append(lsn)
        writer.append(segment)
        writer.append(segmentLengthBytes)
        writer.append(nextRecording)
        writer.append(idsChecksum)
        writer.appendZeros(CheckpointHeader.sizeBytes - 4 - writer.bytes.count)
        writer.append(CRC32C.checksum(writer.bytes))
        return writer.bytes
    }

    /// Nil where the sector holds no valid header of this version.
    package init?(decoding bytes: [UInt8]) {
        guard bytes.count == CheckpointHeader.sizeBytes else { return nil }
        let words = bytes.span
        let span = words.bytes
        guard span.field(0, as: UInt32.self) == CheckpointHeader.magic,
            span.field(4, as: UInt32.self) == CheckpointHeader.version,
            span.field(508, as: UInt32.self) == CRC32C.checksum(span.extracting(0..<508))
        else { return nil }
        store = StoreID(high: span.field(8), low: span.field(16))
        sequence = span.field(24)
        lsn = span.field(32)
        segment = span.field(40)
        segmentLengthBytes = span.field(48)
        nextRecording = span.field(56)
        idsChecksum = span.field(64)
    }
}
