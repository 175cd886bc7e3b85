import ReelCodec

/// What a frame holds; FORMAT.md §4.
package enum FrameKind: UInt8, Sendable, CaseIterable {
    /// First frame of a segment: the numbers, cuts, replaced segments and tombstones that must outlive older segments.
    case state = 1
    /// A recording begins; the payload is its whole metadata, as of every metadata kind.
    case start = 2
    /// A run of events.
    case events = 3
    /// Metadata changed.
    case change = 4
    /// A recording ended, softly or for good.
    case end = 5
    /// A recording was erased.
    case tombstone = 6
    /// Last frame of a compacted segment: makes it valid and names what it replaces.
    case commit = 7
    /// Events or metadata of a recording that damage took, and that the admin gave up.
    case loss = 8
    /// Retention removed recordings; the header names none, the payload all of them.
    case expire = 9
    /// In the place of events that are in the archive: what the index takes from them. Never a segment's own frame: it lies at
    /// the beginning of their payload.
    case digest = 10

    /// Whether the payload is the recording's whole current metadata.
    package var isMetadata: Bool { self == .start || self == .change || self == .end }
}

/// Bits of a frame header's `flags`.
package struct FrameFlags: OptionSet, Sendable, Hashable {
    package let rawValue: UInt16
    package init(rawValue: UInt16) { self.rawValue = rawValue }

    /// The payload is sealed with the key `keyID` and `nonce`.
    package static let sealed = FrameFlags(rawValue: 1 << 0)
    /// A chunk merged from the frames of several batches; `prefixSizeBytes` of its payload are their batch table.
    package static let merged = FrameFlags(rawValue: 1 << 1)
}

/// The fixed 192 bytes before every payload. FORMAT.md §4 has the table; the seats are final.
package struct FrameHeader: Equatable, Sendable {
    package static let sizeBytes = 192
    package static let magic: UInt32 = 0x3146_4C52  // "RLF1" on disk
    /// Bytes of a header, from its beginning, that the seal of the payload covers.
    package static let coveredSizeBytes = 136
    /// Frames begin at multiples of this many bytes; zeros fill the gap.
    package static let alignmentBytes = 8

    package var kind: FrameKind
    package var flags: FrameFlags = []
    /// Log sequence number, never used twice; a merged chunk carries the last of what it was merged from.
    package var lsn: UInt64
    /// The server's clock when the frame was committed, microseconds since 1970; never less than the frame before.
    package var receivedMicroseconds: Int64
    package var store: StoreID
    /// The recording's number; 0 for `state`, `commit` and `expire`.
    package var recording: UInt64 = 0
    /// Of the frame's first event in its recording, from 0.
    package var firstOrdinal: UInt64 = 0
    package var eventCount: UInt32 = 0
    /// How often the recording had been compacted when this frame was written; 0 as it came in.
    package var generation: UInt32 = 0
    /// Of the events' own timestamps, the client's clock, microseconds since 1970.
    package var leastTimestampMicroseconds: Int64 = 0
    package var greatestTimestampMicroseconds: Int64 = 0
    /// Bytes of the inflated gzip member.
    package var rawSizeBytes: UInt32 = 0
    /// Bytes of the payload as it lies in the file.
    package var storedSizeBytes: UInt32 = 0
    /// Keyed digest of the writer's name; 0 where the batch had none.
    package var writer: UInt64 = 0
    /// The batch's number; means nothing where `writer` is 0.
    package var batch: UInt64 = 0
    /// Keyed hash of the run's text; tells another body under a used batch number.
    package var bodyHash: UInt64 = 0
    /// Bit n: an incremental event of source n is in it; bit 31 for every source from 31 on.
    package var sources: UInt32 = 0
    /// Bit n: an event of type n is in it; bit 15 for every type from 15 on.
    package var types: UInt16 = 0
    package var content: ContentFlags = []
    /// Bytes of the payload before its gzip member: the batch table of a merged chunk.
    package var prefixSizeBytes: UInt32 = 0
    /// The data key's version; 0 where the payload is not sealed.
    package var keyID: UInt64 = 0
    /// 24 bytes; zeros where the payload is not sealed.
    package var nonce = Nonce()
    /// The greatest LSN known durable when this frame was written: everything up to it had been synced.
    package var durableLSN: UInt64 = 0
    /// CRC-32C of the payload as stored.
    package var payloadChecksum: UInt32 = 0

    package init(kind: FrameKind, lsn: UInt64, receivedMicroseconds: Int64, store: StoreID) {
        self.kind = kind
        self.lsn = lsn
        self.receivedMicroseconds = receivedMicroseconds
        self.store = store
    }

    /// Bytes from this frame's beginning to the next one's.
    package var strideBytes: UInt64 { FrameHeader.stride(storedSizeBytes: storedSizeBytes) }

    /// Bytes that a frame of such a payload takes in its segment.
    package static func stride(storedSizeBytes: UInt32) -> UInt64 {
        let size = UInt64(sizeBytes) + UInt64(storedSizeBytes)
        let alignment = UInt64(alignmentBytes)
        return (size + alignment - 1) / alignment * alignment
    }

    /// The 192 bytes before the payload, their own checksum last.
    package func encoded() -> [UInt8] {
        var writer = ByteWriter(capacityBytes: FrameHeader.sizeBytes)
        writer.append(FrameHeader.magic)
        writer.append(kind.rawValue)
        writer.append(UInt8(0))
        writer.append(flags.rawValue)
        writer.append(lsn)
        writer.append(receivedMicroseconds)
        writer.append(store.high)
        writer.append(store.low)
        writer.append(recording)
        writer.append(firstOrdinal)
        writer.append(eventCount)
        writer.append(generation)
        writer.append(leastTimestampMicroseconds)
        writer.append(greatestTimestampMicroseconds)
        writer.append(rawSizeBytes)
        writer.append(storedSizeBytes)
        writer.append(self.writer)
        writer.append(batch)
        writer.append(bodyHash)
        writer.append(sources)
        writer.append(types)
        writer.append(UInt16(0))
        writer.append(content.rawValue)
        writer.append(prefixSizeBytes)
        writer.append(keyID)
        writer.append(nonce.first)
        writer.append(nonce.second)
        writer.append(nonce.third)
        writer.append(durableLSN)
        writer.appendZeros(16)
        writer.append(payloadChecksum)
        writer.append(CRC32C.checksum(writer.bytes))
        return writer.bytes
    }

    /// Reads a header and checks it: magic, checksum, kind, and that its sizes agree.
    ///
    /// - Parameter span: at least 192 bytes; what follows is ignored.
    package init(decoding span: RawSpan) throws(HeaderDamage) {
        guard span.byteCount >= FrameHeader.sizeBytes else { throw .short }
        guard span.field(0, as: UInt32.self) == FrameHeader.magic else { throw .magic }
        guard span.field(188, as: UInt32.self) == CRC32C.checksum(span.extracting(0..<FrameHeader.sizeBytes - 4))
        else { throw .checksum }
        guard let kind = FrameKind(rawValue: span.field(4)) else { throw .unknownKind }
        self.kind = kind
        flags = FrameFlags(rawValue: span.field(6))
        lsn = span.field(8)
        receivedMicroseconds = span.field(16)
        store = StoreID(high: span.field(24), low: span.field(32))
        recording = span.field(40)
        firstOrdinal = span.field(48)
        eventCount = span.field(56)
        generation = span.field(60)
        leastTimestampMicroseconds = span.field(64)
        greatestTimestampMicroseconds = span.field(72)
        rawSizeBytes = span.field(80)
        storedSizeBytes = span.field(84)
        writer = span.field(88)
        batch = span.field(96)
        bodyHash = span.field(104)
        sources = span.field(112)
        types = span.field(116)
        content = ContentFlags(rawValue: span.field(120))
        prefixSizeBytes = span.field(124)
        keyID = span.field(128)
        nonce = Nonce(first: span.field(136), second: span.field(144), third: span.field(152))
        durableLSN = span.field(160)
        payloadChecksum = span.field(184)
        guard prefixSizeBytes <= storedSizeBytes else { throw .sizes }
    }
}

/// Why 192 bytes are no frame header.
package enum HeaderDamage: Error, Equatable, Sendable {
    case short
    case magic
    case checksum
    case unknownKind
    /// The checksum holds, yet the sizes contradict each other.
    case sizes
}
