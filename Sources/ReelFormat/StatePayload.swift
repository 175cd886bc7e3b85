import ReelCodec

/// The payload of a segment's first frame: what must be known even when every older segment is gone. FORMAT.md §5.
package struct StatePayload: Equatable, Sendable {
    /// This segment's own number, so that a renamed file is noticed.
    package var segment: UInt64
    package var isCompacted: Bool
    /// The next recording gets this number.
    package var nextRecording: UInt64
    /// The LSN of the frame this is the payload of; LSNs given later are greater.
    package var nextLSN: UInt64
    /// Segments whose tail after a failed sync must never be read.
    package var cuts: [SegmentCut] = []
    /// Segments that are void, though their files may still be there.
    package var replaced: [UInt64] = []
    package var tombstones: [Tombstone] = []
    /// What retention removed, by recording.
    package var expired: [ExpiredRange] = []

    package init(segment: UInt64, isCompacted: Bool, nextRecording: UInt64, nextLSN: UInt64) {
        self.segment = segment
        self.isCompacted = isCompacted
        self.nextRecording = nextRecording
        self.nextLSN = nextLSN
    }

    /// The payload as it is stored, uncompressed.
    package func encoded() -> [UInt8] {
        var writer = ByteWriter(
            capacityBytes: 64 + 16 * cuts.count + 8 * replaced.count + Tombstone.sizeBytes * tombstones.count
                + ExpiredRange.sizeBytes * expired.count)
        writer.append(segment)
        writer.append(UInt64(isCompacted ? 1 : 0))
        writer.append(nextRecording)
        writer.append(nextLSN)
        writer.append(UInt32(cuts.count))
        writer.append(UInt32(replaced.count))
        writer.append(UInt32(tombstones.count))
        writer.append(UInt32(expired.count))
        for cut in cuts {
            writer.append(cut.segment)
            writer.append(cut.lengthBytes)
        }
        for number in replaced { writer.append(number) }
        for tombstone in tombstones { tombstone.append(to: &writer) }
        for range in expired { range.append(to: &writer) }
        return writer.bytes
    }

    /// - Throws: where the bytes end before what they count; bytes behind it are not looked at.
    package init(decoding bytes: [UInt8]) throws(ShortInput) {
        var reader = ByteReader(bytes)
        segment = try reader.read()
        isCompacted = try reader.read(UInt64.self) == 1
        nextRecording = try reader.read()
        nextLSN = try reader.read()
        let cutCount = try reader.read(UInt32.self)
        let replacedCount = try reader.read(UInt32.self)
        let tombstoneCount = try reader.read(UInt32.self)
        let expiredCount = try reader.read(UInt32.self)
        for _ in 0..<cutCount {
            cuts.append(SegmentCut(segment: try reader.read(), lengthBytes: try reader.read()))
        }
        for _ in 0..<replacedCount { replaced.append(try reader.read()) }
        for _ in 0..<tombstoneCount { tombstones.append(try Tombstone(reading: &reader)) }
        for _ in 0..<expiredCount {
            if let range = try ExpiredRange(reading: &reader) { expired.append(range) }
        }
    }
}

/// Where a segment ends for good: a write or sync behind it failed.
package struct SegmentCut: Hashable, Sendable {
    package var segment: UInt64
    package var lengthBytes: UInt64

    package init(segment: UInt64, lengthBytes: UInt64) {
        self.segment = segment
        self.lengthBytes = lengthBytes
    }
}

/// What stays of an erased recording; also the payload of a tombstone frame.
package struct Tombstone: Hashable, Sendable {
    package static let sizeBytes = 40

    package var recording: UInt64
    package var id: UUIDv7
    package var erasedMicroseconds: Int64
    package var lsn: UInt64

    package init(recording: UInt64, id: UUIDv7, erasedMicroseconds: Int64, lsn: UInt64) {
        self.recording = recording
        self.id = id
        self.erasedMicroseconds = erasedMicroseconds
        self.lsn = lsn
    }

    /// 40 bytes.
    package func encoded() -> [UInt8] {
        var writer = ByteWriter(capacityBytes: Tombstone.sizeBytes)
        append(to: &writer)
        return writer.bytes
    }

    func append(to writer: inout ByteWriter) {
        writer.append(recording)
        writer.append(id.high)
        writer.append(id.low)
        writer.append(erasedMicroseconds)
        writer.append(lsn)
    }

    /// - Throws: where there are less than 40 bytes.
    package init(decoding bytes: [UInt8]) throws(ShortInput) {
        var reader = ByteReader(bytes)
        try self.init(reading: &reader)
    }

    init(reading reader: inout ByteReader) throws(ShortInput) {
        recording = try reader.read()
        id = UUIDv7(high: try reader.read(), low: try reader.read()) ?? .unknown
        erasedMicroseconds = try reader.read()
        lsn = try reader.read()
    }
}
