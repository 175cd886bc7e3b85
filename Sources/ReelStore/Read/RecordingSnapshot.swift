import ReelCodec
import ReelFormat

/// A recording as it was at one moment: what an answer is fixed to when it begins. Frames stay readable while somebody
/// holds the snapshot, also when compaction replaces their segments.
package struct RecordingSnapshot: Sendable {
    package let row: RecordingRow
    /// The event frames in order of ordinal.
    package let frames: [LocatedFrame]

    /// Events in the snapshot.
    package var eventCount: UInt64 { frames.last?.entry.endOrdinal ?? 0 }
    /// The generation of the chunk table.
    package var generation: UInt32 { frames.reduce(0) { max($0, $1.entry.generation) } }

    init(row: RecordingRow, frames: [LocatedFrame]) {
        self.row = row
        self.frames = frames.filter { $0.entry.kind == .events }
    }

    /// The chunk that begins at an ordinal.
    ///
    /// - Parameter generation: of the table the ordinal was taken from; nil asks for whatever is there now.
    /// - Throws: `.staleChunkTable`, `.unknownChunk`.
    package func chunk(first: UInt64, generation: UInt32?) throws(StoreError) -> LocatedFrame {
        if let generation, generation != self.generation { throw .staleChunkTable(generation: self.generation) }
        var low = 0
        var high = frames.count
        while low < high {
            let middle = (low + high) / 2
            if frames[middle].entry.firstOrdinal < first { low = middle + 1 } else { high = middle }
        }
        guard low < frames.count, frames[low].entry.firstOrdinal == first else { throw .unknownChunk }
        return frames[low]
    }
}

extension LocatedFrame {
    /// The frame's verified gzip member: a chunk as it is served.
    package func member() throws(StoreError) -> [UInt8] { try read().member }
}
