import ReelCodec
import ReelFormat
import ReelSystem

/// Writes a segment anew without its events: every frame is where it was, and in the place of the events that go lie a digest
/// and a hole. A file of its own, and not holes made in the old one: who reads that reads on, and a snapshot that shares it
/// keeps its events.
struct HollowSegment {
    private static let pieceSizeBytes = 1 << 20

    private let source: Segment
    private let sealer: Sealer
    private let file: any File
    private let pause: () throws(StoreError) -> Void
    private(set) var hollowedCount = 0
    /// What is yet to be written, and where it begins.
    private var buffer: [UInt8] = []
    private var bufferStart: UInt64 = 0

    /// - Parameters:
    ///   - file: new and empty.
    ///   - pause: called between pieces of the work; what it throws ends that.
    init(
        _ source: Segment, sealer: Sealer, into file: any File, pause: @escaping () throws(StoreError) -> Void
    ) {
        self.source = source
        self.sealer = sealer
        self.file = file
        self.pause = pause
    }

    /// Writes all of it and makes it durable.
    ///
    /// - Parameters:
    ///   - entries: of all frames, in any order.
    ///   - lengthBytes: of the segment.
    ///   - holeSizeMinBytes: what a frame's events must free at least.
    mutating func write(
        _ entries: [FrameEntry], lengthBytes: UInt64, holeSizeMinBytes: UInt64
    ) throws(StoreError) {
        var copied: UInt64 = 0
        for entry in entries.sorted(by: { $0.offsetBytes < $1.offsetBytes }) where entry.kind == .events {
            try pause()
            guard let digest = try digest(of: entry, holeSizeMinBytes) else { continue }
            let payload = entry.offsetBytes + UInt64(FrameHeader.sizeBytes)
            try copy(copied..<payload)
            try put(digest.bytes, at: payload)
            copied = entry.offsetBytes + entry.strideBytes
            hollowedCount += 1
        }
        try copy(copied..<lengthBytes)
        do throws(SystemError) {
            try flush()
            // Where the last frame's padding is a part of a hole.
            if try file.sizeBytes() < lengthBytes { try file.truncate(to: lengthBytes) }
            try file.sync()
        } catch {
            throw .system(error)
        }
    }

    /// Nil where it would free too little.
    private func digest(of entry: FrameEntry, _ holeSizeMinBytes: UInt64) throws(StoreError) -> StoredFrame? {
        guard UInt64(entry.storedSizeBytes) > holeSizeMinBytes + UInt64(FrameHeader.sizeBytes) else { return nil }
        let located = LocatedFrame(segment: source, entry: entry)
        let frame = try located.read()
        let text = try located.inflated(frame)
        let summary: EventSummary
        do {
            summary = try Codecs.scanners.borrow { (scanner) throws(ScanError) in try scanner.rescan(text).summary }
        } catch {
            throw .damaged(source.corruption(entry.offsetBytes, .payload))
        }
        // As it lies: opened, a sealed frame's header still speaks of the seal.
        let header = try source.header(at: entry.offsetBytes).ofDigest
        let digest = try sealer.frame(
            FrameDraft(header, prefix: frame.prefix, member: EventDigest(summary).encoded()),
            place: source.corruption(entry.offsetBytes, .keyMissing))
        guard digest.header.strideBytes + holeSizeMinBytes <= UInt64(entry.storedSizeBytes) else { return nil }
        return digest
    }

    private mutating func copy(_ range: Range<UInt64>) throws(StoreError) {
        var start = range.lowerBound
        while start < range.upperBound {
            try pause()
            let count = min(UInt64(HollowSegment.pieceSizeBytes), range.upperBound - start)
            let piece: [UInt8]
            do throws(SystemError) { piece = try source.file.read(Int(count), at: start) } catch {
                throw source.failure(error)
            }
            guard piece.count == Int(count) else { throw .damaged(source.corruption(start, .truncated)) }
            try put(piece, at: start)
            start += count
        }
    }

    private mutating func put(_ bytes: [UInt8], at offsetBytes: UInt64) throws(StoreError) {
        do throws(SystemError) {
            let isNext = bufferStart + UInt64(buffer.count) == offsetBytes
            if !isNext || buffer.count >= HollowSegment.pieceSizeBytes { try flush() }
            if buffer.isEmpty { bufferStart = offsetBytes }
            buffer += bytes
        } catch {
            throw .system(error)
        }
    }

    private mutating func flush() throws(SystemError) {
        guard !buffer.isEmpty else { return }
        try file.write(buffer, at: bufferStart)
        buffer.removeAll(keepingCapacity: true)
    }
}
