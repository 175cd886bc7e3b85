import ReelCodec

/// A frame's row in its segment's table: where it lies, and what a reader or filter asks before opening it.
/// 128 bytes; derived from the frame's header, whose fields of the same names tell the rest. FORMAT.md §9.
package struct FrameEntry: Equatable, Sendable {
    package static let sizeBytes = 128

    package var lsn: UInt64
    /// Where the frame's header begins in the segment.
    package var offsetBytes: UInt64
    package var recording: UInt64
    package var firstOrdinal: UInt64
    package var receivedMicroseconds: Int64
    package var leastTimestampMicroseconds: Int64
    package var greatestTimestampMicroseconds: Int64
    package var writer: UInt64
    package var batch: UInt64
    package var bodyHash: UInt64
    package var eventCount: UInt32
    package var generation: UInt32
    package var rawSizeBytes: UInt32
    package var storedSizeBytes: UInt32
    package var prefixSizeBytes: UInt32
    package var sources: UInt32
    package var content: ContentFlags
    package var types: UInt16
    package var flags: FrameFlags
    package var kind: FrameKind

    package init(_ header: FrameHeader, at offsetBytes: UInt64) {
        lsn = header.lsn
        self.offsetBytes = offsetBytes
        recording = header.recording
        firstOrdinal = header.firstOrdinal
        receivedMicroseconds = header.receivedMicroseconds
        leastTimestampMicroseconds = header.leastTimestampMicroseconds
        greatestTimestampMicroseconds = header.greatestTimestampMicroseconds
        writer = header.writer
        batch = header.batch
        bodyHash = header.bodyHash
        eventCount = header.eventCount
        generation = header.generation
        rawSizeBytes = header.rawSizeBytes
        storedSizeBytes = header.storedSizeBytes
        prefixSizeBytes = header.prefixSizeBytes
        sources = header.sources
        content = header.content
        types = header.types
        flags = header.flags
        kind = header.kind
    }

    /// The ordinal after this frame's last event.
    package var endOrdinal: UInt64 { firstOrdinal + UInt64(eventCount) }
    /// Bytes from this frame's beginning to the next one's.
    package var strideBytes: UInt64 { FrameHeader.stride(storedSizeBytes: storedSizeBytes) }
    /// Bytes of the payload's gzip member, once it is opened.
    package var memberSizeBytes: Int {
        Int(storedSizeBytes) - Int(prefixSizeBytes) - (flags.contains(.sealed) ? XAES256GCM.tagSizeBytes : 0)
    }

    /// The 128 bytes of a table's entry.
    package func encoded() -> [UInt8] {
        var writer = ByteWriter(capacityBytes: FrameEntry.sizeBytes)
        writer.append(lsn)
        writer.append(offsetBytes)
        writer.append(recording)
        writer.append(firstOrdinal)
        writer.append(receivedMicroseconds)
        writer.append(leastTimestampMicroseconds)
        writer.append(greatestTimestampMicroseconds)
        writer.append(self.writer)
        writer.append(batch)
        writer.append(bodyHash)
        writer.append(eventCount)
        writer.append(generation)
        writer.append(rawSizeBytes)
        writer.append(storedSizeBytes)
        writer.append(prefixSizeBytes)
        writer.append(sources)
        writer.append(content.rawValue)
        writer.append(types)
        writer.append(flags.rawValue)
        writer.append(kind.rawValue)
        writer.appendZeros(11)
        writer.append(CRC32C.checksum(writer.bytes))
        return writer.bytes
    }

    /// - Parameter span: 128 bytes.
    /// - Returns: nil where checksum or kind do not hold: the table is damaged and to be made anew.
    package init?(decoding span: RawSpan) {
        let body = span.extracting(0..<FrameEntry.sizeBytes - 4)
        guard span.field(124, as: UInt32.self) == CRC32C.checksum(body),
            let kind = FrameKind(rawValue: span.field(112))
        else { return nil }
        self.kind = kind
        lsn = span.field(0)
        offsetBytes = span.field(8)
        recording = span.field(16)
        firstOrdinal = span.field(24)
        receivedMicroseconds = span.field(32)
        leastTimestampMicroseconds = span.field(40)
        greatestTimestampMicroseconds = span.field(48)
        writer = span.field(56)
        batch = span.field(64)
        bodyHash = span.field(72)
        eventCount = span.field(80)
        generation = span.field(84)
        rawSizeBytes = span.field(88)
        storedSizeBytes = span.field(92)
        prefixSizeBytes = span.field(96)
        sources = span.field(100)
        content = ContentFlags(rawValue: span.field(104))
        types = span.field(108)
        flags = FrameFlags(rawValue: span.field(110))
    }

    /// The order of a sealed table: a recording's frames lie together, its events in order.
    package static func tableOrder(_ left: FrameEntry, _ right: FrameEntry) -> Bool {
        (left.recording, left.firstOrdinal, left.lsn) < (right.recording, right.firstOrdinal, right.lsn)
    }
}
