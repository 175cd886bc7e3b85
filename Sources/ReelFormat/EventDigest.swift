import ReelCodec

/// What stands for a frame of events whose events are in the archive: all that the index takes from them. FORMAT.md §25.
///
/// It is the member of a `digest` frame, whose header repeats what the events' own says; the prefix is their batch table.
package struct EventDigest: Equatable, Sendable {
    package var summary: EventSummary

    /// - Parameter summary: of exactly the frame's events.
    package init(_ summary: EventSummary) { self.summary = summary }

    package func encoded() -> [UInt8] {
        var writer = ByteWriter(capacityBytes: 64)
        let counters = [
            summary.clicks, summary.inputs, summary.pages, summary.consoleErrors, summary.requests,
            summary.failedRequests, summary.activeMicroseconds,
        ]
        for counter in counters { writer.appendVarint(counter) }
        // Both are there, or neither is.
        writer.append(UInt8(summary.firstActiveMicroseconds == nil ? 0 : 1))
        writer.append(summary.firstActiveMicroseconds ?? 0)
        writer.append(summary.lastActiveMicroseconds ?? 0)
        writer.append(summary.viewportWidth)
        writer.append(summary.viewportHeight)
        writer.appendVarint(UInt64(summary.urls.count))
        for url in summary.urls {
            let bytes = Array(url.utf8)
            writer.appendVarint(UInt64(bytes.count))
            writer.append(bytes)
        }
        return writer.bytes
    }

    /// - Parameter header: of the frame the bytes are the member of.
    /// - Throws: where the bytes end before what they count; bytes behind it are not looked at.
    package init(decoding bytes: [UInt8], _ header: FrameHeader) throws(ShortInput) {
        var reader = ByteReader(bytes)
        summary = EventSummary()
        summary.eventCount = UInt64(header.eventCount)
        summary.types = header.types
        summary.sources = header.sources
        summary.content = header.content
        summary.leastTimestampMicroseconds = header.leastTimestampMicroseconds
        summary.greatestTimestampMicroseconds = header.greatestTimestampMicroseconds
        summary.clicks = try reader.readVarint()
        summary.inputs = try reader.readVarint()
        summary.pages = try reader.readVarint()
        summary.consoleErrors = try reader.readVarint()
        summary.requests = try reader.readVarint()
        summary.failedRequests = try reader.readVarint()
        summary.activeMicroseconds = try reader.readVarint()
        let isActive = try reader.read(UInt8.self) != 0
        let (first, last) = (try reader.read(Int64.self), try reader.read(Int64.self))
        summary.firstActiveMicroseconds = isActive ? first : nil
        summary.lastActiveMicroseconds = isActive ? last : nil
        summary.viewportWidth = try reader.read()
        summary.viewportHeight = try reader.read()
        let count = try reader.readVarint()
        for _ in 0..<count {
            let size = try reader.readVarint()
            summary.urls.append(String(decoding: try reader.read(count: Int(clamping: size)), as: UTF8.self))
        }
    }
}

extension FrameHeader {
    /// The header of the digest that stands for this frame of events.
    package var ofDigest: FrameHeader {
        var header = self
        header.kind = .digest
        header.flags.remove(.sealed)
        header.keyID = 0
        header.nonce = Nonce()
        header.rawSizeBytes = 0
        return header
    }

    /// Whether a digest of this header stands for the frame of events.
    package func isDigest(of events: FrameHeader) -> Bool {
        kind == .digest && store == events.store && recording == events.recording && lsn == events.lsn
            && firstOrdinal == events.firstOrdinal && eventCount == events.eventCount
            && strideBytes <= UInt64(events.storedSizeBytes)
    }
}
