import ReelFormat
import ReelSystem

/// A compacted segment written in full but for its commit frame, still in `tmp/`.
struct CompactedSegment: Sendable {
    var segment: Segment
    var temporaryPath: String
    var lengthBytes: UInt64
    var entries: [FrameEntry]
    /// The segments it takes the place of.
    var replaced: [UInt64]
    /// By segment, damaged bytes that were given up, in segments that are still there too.
    var givenUp: [UInt64: [Range<UInt64>]] = [:]
}

/// Writes frames to a new segment file in `tmp/`, in large pieces.
struct CompactedSegmentWriter {
    private static let bufferSizeBytes = 1 << 20
    /// So much waits for the disk at a time, where it is paced: one sync of a whole segment would hold up the log's.
    private static let unsyncedMaxBytes: UInt64 = 4 << 20

    private let segment: Segment
    private let sealer: Sealer
    private let path: String
    private let pace: CompactionPace?
    private var syncedBytes: UInt64 = 0
    private var buffer: [UInt8] = []
    private var writtenBytes: UInt64 = 0
    private(set) var entries: [FrameEntry] = []

    var lengthBytes: UInt64 { writtenBytes + UInt64(buffer.count) }

    init(_ beginning: SegmentBeginning, context: StoreContext, pace: CompactionPace? = nil) throws(SystemError) {
        self.pace = pace
        path = context.paths.temporarySegment(beginning.state.segment)
        sealer = context.sealer
        let file = try context.fileSystem.open(path, .new)
        segment = Segment(
            number: beginning.state.segment, file: file, store: context.identity.store, sealer: context.sealer)
        StoredFrame(FrameDraft(beginning.header, member: beginning.state.encoded())).append(to: &buffer)
    }

    /// Seals a frame where the store is sealed, and adds it.
    mutating func append(_ draft: FrameDraft) throws {
        try append(try sealer.frame(draft, place: segment.corruption(lengthBytes, .keyMissing)))
    }

    /// Adds a frame as it lies elsewhere.
    mutating func append(_ frame: StoredFrame) throws(SystemError) {
        entries.append(FrameEntry(frame.header, at: lengthBytes))
        frame.append(to: &buffer)
        try flushIfFull()
    }

    /// Adds bytes as they lay elsewhere, sound or not, from the next multiple of eight on.
    ///
    /// - Parameter entry: what the table said of them; nil where it said nothing.
    mutating func carry(_ bytes: [UInt8], _ entry: FrameEntry?) throws(SystemError) {
        if var entry {
            entry.offsetBytes = lengthBytes
            entries.append(entry)
        }
        buffer.append(contentsOf: bytes)
        let alignment = FrameHeader.alignmentBytes
        buffer.append(contentsOf: repeatElement(0, count: (alignment - bytes.count % alignment) % alignment))
        try flushIfFull()
    }

    /// Makes all of it durable; the commit frame is the writer's to add.
    mutating func finish(replacing replaced: [UInt64]) throws(SystemError) -> CompactedSegment {
        try flush()
        try segment.file.sync()
        return CompactedSegment(
            segment: segment, temporaryPath: path, lengthBytes: writtenBytes, entries: entries, replaced: replaced)
    }

    private mutating func flushIfFull() throws(SystemError) {
        if buffer.count >= CompactedSegmentWriter.bufferSizeBytes { try flush() }
        guard let pace else { return }
        if writtenBytes - syncedBytes >= CompactedSegmentWriter.unsyncedMaxBytes {
            try segment.file.sync()
            syncedBytes = writtenBytes
        }
        pace.rest()
    }

    private mutating func flush() throws(SystemError) {
        try segment.file.write(buffer, at: writtenBytes)
        writtenBytes += UInt64(buffer.count)
        buffer.removeAll(keepingCapacity: true)
    }
}
