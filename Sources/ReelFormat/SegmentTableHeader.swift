import ReelCodec

/// The first 64 bytes of `index/<segment>.frames`; entries follow, sorted by recording and ordinal. FORMAT.md §9.
package struct SegmentTableHeader: Equatable, Sendable {
    package static let sizeBytes = 64
    package static let magic: UInt32 = 0x3154_4C52  // "RLT1" on disk

    package var store: StoreID
    package var segment: UInt64
    /// How much of the segment the table covers; the active segment may have grown since.
    package var coveredBytes: UInt64
    package var entryCount: UInt64
    /// The greatest LSN among the entries.
    package var lastLSN: UInt64

    package init(store: StoreID, segment: UInt64, coveredBytes: UInt64, entryCount: UInt64, lastLSN: UInt64) {
        self.store = store
        self.segment = segment
        self.coveredBytes = coveredBytes
        self.entryCount = entryCount
        self.lastLSN = lastLSN
    }

    /// The 64 bytes before the entries.
    package func encoded() -> [UInt8] {
        var writer = ByteWriter(capacityBytes: SegmentTableHeader.sizeBytes)
        writer.append(SegmentTableHeader.magic)
        writer.append(UInt32(0))
        writer.append(store.high)
        writer.append(store.low)
        writer.append(segment)
        writer.append(coveredBytes)
        writer.append(entryCount)
        writer.append(lastLSN)
        writer.appendZeros(4)
        writer.append(CRC32C.checksum(writer.bytes))
        return writer.bytes
    }

    /// Nil where the bytes are no such header.
    package init?(decoding bytes: [UInt8]) {
        guard bytes.count == SegmentTableHeader.sizeBytes else { return nil }
        let words = bytes.span
        let span = words.bytes
        guard span.field(0, as: UInt32.self) == SegmentTableHeader.magic,
            span.field(60, as: UInt32.self) == CRC32C.checksum(span.extracting(0..<60))
        else { return nil }
        store = StoreID(high: span.field(8), low: span.field(16))
        segment = span.field(24)
        coveredBytes = span.field(32)
        entryCount = span.field(40)
        lastLSN = span.field(48)
    }
}
