import ReelCodec

/// `log/<segment>.archived`: where the events of a segment are, and by what their copy is known. FORMAT.md §25.
package struct ArchiveMarker: Equatable, Sendable {
    package static let sizeBytes = 64
    package static let magic: UInt32 = 0x3141_4C52  // "RLA1" on disk

    package var store: StoreID
    package var segment: UInt64
    /// Of the whole segment.
    package var lengthBytes: UInt64
    /// When the marker was made, microseconds since 1970.
    package var archivedMicroseconds: Int64
    /// CRC-32C of the whole segment.
    package var copyChecksum: UInt32

    package init(
        store: StoreID, segment: UInt64, lengthBytes: UInt64, archivedMicroseconds: Int64, copyChecksum: UInt32
    ) {
        self.store = store
        self.segment = segment
        self.lengthBytes = lengthBytes
        self.archivedMicroseconds = archivedMicroseconds
        self.copyChecksum = copyChecksum
    }

    package func encoded() -> [UInt8] {
        var writer = ByteWriter(capacityBytes: ArchiveMarker.sizeBytes)
        writer.append(ArchiveMarker.magic)
        writer.append(UInt32(0))
        writer.append(store.high)
        writer.append(store.low)
        writer.append(segment)
        writer.append(lengthBytes)
        writer.append(archivedMicroseconds)
        writer.append(copyChecksum)
        writer.appendZeros(8)
        writer.append(CRC32C.checksum(writer.bytes))
        return writer.bytes
    }

    /// Nil where the bytes are no marker.
    package init?(decoding bytes: [UInt8]) {
        guard bytes.count == ArchiveMarker.sizeBytes else { return nil }
        let words = bytes.span
        let span = words.bytes
        guard span.field(0, as: UInt32.self) == ArchiveMarker.magic,
            span.field(60, as: UInt32.self) == CRC32C.checksum(span.extracting(0..<60))
        else { return nil }
        store = StoreID(high: span.field(8), low: span.field(16))
        segment = span.field(24)
        lengthBytes = span.field(32)
        archivedMicroseconds = span.field(40)
        copyChecksum = span.field(48)
    }

    /// The copy's name in the archive. Its checksum is a part of it: two stores that were restored from one snapshot give the
    /// same number to different segments, and neither may write over the other's.
    package var fileName: String {
        let digits = String(segment)
        let checksum = String(copyChecksum, radix: 16)
        return String(repeating: "0", count: max(0, 10 - digits.count)) + digits + "-"
            + String(repeating: "0", count: 8 - checksum.count) + checksum + ".seg"
    }
}
