import ReelCodec

/// Where a recording stands.
package enum RecordingStatus: UInt8, Sendable, CaseIterable {
    case recording = 0
    /// Its lease ran out; the same write token resumes it.
    case idle = 1
    /// Ended for good.
    case ended = 2
    case erased = 3
}

/// Bits of a row's `flags`.
package struct RowFlags: OptionSet, Sendable, Hashable {
    package let rawValue: UInt8
    package init(rawValue: UInt8) { self.rawValue = rawValue }

    /// The slot is in use.
    package static let present = RowFlags(rawValue: 1 << 0)
    /// Kept whatever retention says.
    package static let pinned = RowFlags(rawValue: 1 << 1)
    /// More tags than the row has hashes for; a tag filter must look at the metadata.
    package static let moreTags = RowFlags(rawValue: 1 << 2)
}

/// A recording's 256 bytes in `index/recordings`: what the list filters and shows without opening a frame.
/// All a filter looks at is in the first 64 bytes, one cache line. FORMAT.md §11.
package struct RecordingRow: Equatable, Sendable {
    package static let sizeBytes = 256
    package static let tagHashCount = 4

    package var content: ContentFlags = []
    package var status: RecordingStatus = .recording
    package var flags: RowFlags = .present
    /// CSS pixels; 0 unknown.
    package var viewportWidth: UInt16 = 0
    package var viewportHeight: UInt16 = 0
    /// Keyed hashes; 0 where the field is empty.
    package var user: UInt32 = 0
    package var session: UInt32 = 0
    package var project: UInt32 = 0
    package var ticket: UInt32 = 0
    package var activity: UInt32 = 0
    package var brand: UInt32 = 0
    package var window: UInt32 = 0
    /// Of the first four tags.
    package var tags: (UInt32, UInt32, UInt32, UInt32) = (0, 0, 0, 0)
    /// A Bloom filter of the URL words; the summary slot has the words themselves.
    package var urlWords: UInt64 = 0

    package var number: UInt64
    package var id: UUIDv7
    /// The greatest LSN of the frames this row reflects.
    package var lsn: UInt64 = 0
    package var createdMicroseconds: Int64 = 0
    /// When the last batch was committed; the start, as long as there is none.
    package var lastReceivedMicroseconds: Int64 = 0
    /// When it ended, went idle or was erased; 0 while it is recording.
    package var endedMicroseconds: Int64 = 0
    package var leastTimestampMicroseconds = Int64.max
    package var greatestTimestampMicroseconds = Int64.min
    package var eventCount: UInt64 = 0
    /// Bytes of the events, and two for each: the join before it.
    package var rawSizeBytes: UInt64 = 0
    /// Bytes its event frames take in the log, headers and padding included.
    package var storedSizeBytes: UInt64 = 0
    package var clicks: UInt32 = 0
    package var inputs: UInt32 = 0
    package var pages: UInt32 = 0
    package var consoleErrors: UInt32 = 0
    package var requests: UInt32 = 0
    package var failedRequests: UInt32 = 0
    package var activeMicroseconds: UInt64 = 0
    /// `Int64.min` while there was no activity.
    package var lastActiveMicroseconds = Int64.min
    /// Where the current metadata frame lies.
    package var metadataSegment: UInt32 = 0
    package var metadataOffsetBytes: UInt32 = 0
    package var frameCount: UInt32 = 0
    /// The greatest generation of its event frames; a chunk table of another generation is stale.
    package var generation: UInt32 = 0
    package var sources: UInt32 = 0
    package var types: UInt16 = 0
    /// The recording that goes on after a limit; 0 none.
    package var successor: UInt64 = 0
    /// The LSN of the summary slot that belongs to this row.
    package var summaryLSN: UInt64 = 0
    /// Events that are in no frame any more and whose loss a `loss` frame tells.
    package var lostEventCount: UInt64 = 0

    package init(number: UInt64, id: UUIDv7) {
        self.number = number
        self.id = id
    }

    /// Rows are equal where their bytes on disk are.
    package static func == (left: RecordingRow, right: RecordingRow) -> Bool { left.encoded() == right.encoded() }

    /// The 256 bytes of a slot.
    package func encoded() -> [UInt8] {
        var writer = ByteWriter(capacityBytes: RecordingRow.sizeBytes)
        writer.append(content.rawValue)
        writer.append(status.rawValue)
        writer.append(flags.rawValue)
        writer.append(viewportWidth)
        writer.append(viewportHeight)
        writer.append(types)
        for hash in [user, session, project, ticket, activity, brand, window] { writer.append(hash) }
        for hash in [tags.0, tags.1, tags.2, tags.3] { writer.append(hash) }
        writer.append(urlWords)
        writer.append(number)
        writer.append(id.high)
        writer.append(id.low)
        writer.append(lsn)
        writer.append(createdMicroseconds)
        writer.append(lastReceivedMicroseconds)
        writer.append(endedMicroseconds)
        writer.append(leastTimestampMicroseconds)
        writer.append(greatestTimestampMicroseconds)
        writer.append(eventCount)
        writer.append(rawSizeBytes)
        writer.append(storedSizeBytes)
        for count in [clicks, inputs, pages, consoleErrors, requests, failedRequests] { writer.append(count) }
        writer.append(activeMicroseconds)
        writer.append(lastActiveMicroseconds)
        writer.append(metadataSegment)
        writer.append(metadataOffsetBytes)
        writer.append(frameCount)
        writer.append(generation)
        writer.append(sources)
        writer.append(successor)
        writer.append(summaryLSN)
        writer.append(lostEventCount)
        writer.appendZeros(RecordingRow.sizeBytes - 4 - writer.bytes.count)
        writer.append(CRC32C.checksum(writer.bytes))
        return writer.bytes
    }

    /// The LSN of the row at an offset, unchecked.
    package static func lsn(in span: RawSpan, at offsetBytes: Int) -> UInt64 { span.field(offsetBytes + 88) }

    /// The status of the row at an offset, unchecked; nil where there is no row.
    package static func status(in span: RawSpan, at offsetBytes: Int) -> RecordingStatus? {
        guard span.field(offsetBytes + 5, as: UInt8.self) & RowFlags.present.rawValue != 0 else { return nil }
        return RecordingStatus(rawValue: span.field(offsetBytes + 4))
    }

    /// Whether the row at an offset is there and its checksum holds.
    package static func isSound(in span: RawSpan, at offsetBytes: Int) -> Bool {
        let row = span.extracting(offsetBytes..<offsetBytes + sizeBytes)
        return row.field(5, as: UInt8.self) & RowFlags.present.rawValue != 0
            && row.field(252, as: UInt32.self) == CRC32C.checksum(row.extracting(0..<sizeBytes - 4))
    }

    /// - Parameter span: 256 bytes.
    /// - Returns: nil where the checksum does not hold or the slot was never used.
    package init?(decoding span: RawSpan) {
        guard span.field(252, as: UInt32.self) == CRC32C.checksum(span.extracting(0..<RecordingRow.sizeBytes - 4)),
            let status = RecordingStatus(rawValue: span.field(4))
        else { return nil }
        self.status = status
        content = ContentFlags(rawValue: span.field(0))
        flags = RowFlags(rawValue: span.field(5))
        guard flags.contains(.present) else { return nil }
        viewportWidth = span.field(6)
        viewportHeight = span.field(8)
        types = span.field(10)
        user = span.field(12)
        session = span.field(16)
        project = span.field(20)
        ticket = span.field(24)
        activity = span.field(28)
        brand = span.field(32)
        window = span.field(36)
        tags = (span.field(40), span.field(44), span.field(48), span.field(52))
        urlWords = span.field(56)
        number = span.field(64)
        id = UUIDv7(high: span.field(72), low: span.field(80)) ?? .unknown
        lsn = span.field(88)
        createdMicroseconds = span.field(96)
        lastReceivedMicroseconds = span.field(104)
        endedMicroseconds = span.field(112)
        leastTimestampMicroseconds = span.field(120)
        greatestTimestampMicroseconds = span.field(128)
        eventCount = span.field(136)
        rawSizeBytes = span.field(144)
        storedSizeBytes = span.field(152)
        clicks = span.field(160)
        inputs = span.field(164)
        pages = span.field(168)
        consoleErrors = span.field(172)
        requests = span.field(176)
        failedRequests = span.field(180)
        activeMicroseconds = span.field(184)
        lastActiveMicroseconds = span.field(192)
        metadataSegment = span.field(200)
        metadataOffsetBytes = span.field(204)
        frameCount = span.field(208)
        generation = span.field(212)
        sources = span.field(216)
        successor = span.field(220)
        summaryLSN = span.field(228)
        lostEventCount = span.field(236)
    }
}
