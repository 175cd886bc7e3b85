import ReelCodec
import ReelFormat

/// Joins the small frames of one recording into chunks. Fed event by event, it decides where a chunk ends.
///
/// A chunk ends when it has `chunkSizeBytes` of text, or before a full snapshot (with the Meta event just before it)
/// once it has half of that: a viewer can begin there. A chunk holds at least one event.
struct ChunkCutter {
    /// Events that make one chunk.
    struct Chunk {
        var text: [UInt8] = []
        var firstOrdinal: UInt64
        var eventCount: UInt32 = 0
        /// LSN and receive time of the last frame that gave an event.
        var lsn: UInt64 = 0
        var receivedMicroseconds: Int64 = 0
        var batches: [BatchRecord] = []
    }

    private let chunkSizeBytes: Int
    private var open: Chunk?
    /// A Meta event that may belong to the snapshot behind it: where it begins in the open chunk.
    private var metaAt: (offsetBytes: Int, ordinal: UInt64)?

    init(chunkSizeBytes: Int) { self.chunkSizeBytes = chunkSizeBytes }

    /// Takes in a frame's events.
    ///
    /// - Parameters:
    ///   - batches: the frame's numbered batches; each goes into the chunk its first event goes into.
    /// - Returns: the chunks that are complete.
    mutating func add(
        _ run: EventRun, _ entry: FrameEntry, batches: [BatchRecord]
    ) -> [Chunk] {
        var done: [Chunk] = []
        var waiting = batches[...]
        for (index, event) in run.events.enumerated() {
            let ordinal = entry.firstOrdinal + UInt64(index)
            if let chunk = open, chunk.text.count >= chunkSizeBytes {
                done.append(contentsOf: cut())
            } else if event.type == 2, let chunk = open, chunk.text.count >= chunkSizeBytes / 2 {
                done.append(contentsOf: cut(keepingMeta: true))
            }
            var chunk = open ?? Chunk(firstOrdinal: ordinal)
            open = nil
            if event.type == 4 {
                metaAt = (chunk.text.isEmpty ? 0 : chunk.text.count + 2, ordinal)
            } else if event.type != 2 {
                metaAt = nil
            }
            if !chunk.text.isEmpty { chunk.text.append(contentsOf: [0x2C, 0x0A]) }
            chunk.text.append(contentsOf: run.text[event.offsetBytes..<event.offsetBytes + event.sizeBytes])
            chunk.eventCount += 1
            chunk.lsn = entry.lsn
            chunk.receivedMicroseconds = entry.receivedMicroseconds
            while let batch = waiting.first, batch.firstOrdinal <= ordinal {
                chunk.batches.append(batch)
                waiting.removeFirst()
            }
            open = chunk
        }
        return done
    }

    /// Ends the open chunk: before something that is not merged, and at the end.
    ///
    /// - Parameter keepingMeta: a Meta event at its end begins the next chunk.
    mutating func cut(keepingMeta: Bool = false) -> [Chunk] {
        guard var chunk = open else { return [] }
        open = nil
        defer { metaAt = nil }
        if keepingMeta, let metaAt, metaAt.offsetBytes > 0 {
            var next = Chunk(firstOrdinal: metaAt.ordinal)
            next.text = Array(chunk.text[metaAt.offsetBytes...])
            next.eventCount = 1
            next.lsn = chunk.lsn
            next.receivedMicroseconds = chunk.receivedMicroseconds
            next.batches = chunk.batches.filter { $0.firstOrdinal >= metaAt.ordinal }
            chunk.batches.removeAll { $0.firstOrdinal >= metaAt.ordinal }
            chunk.text.removeLast(chunk.text.count - metaAt.offsetBytes + 2)
            chunk.eventCount -= 1
            open = next
        }
        return [chunk]
    }
}
