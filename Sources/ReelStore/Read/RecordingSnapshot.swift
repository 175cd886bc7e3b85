import ReelCodec
import ReelFormat

/// A recording as it was at one moment: what an answer is fixed to when it begins. Frames stay readable while somebody
/// holds the snapshot, also when compaction replaces their segments.
package struct RecordingSnapshot: Sendable {
    package let row: RecordingRow
    /// The event frames in order of ordinal.
    package let frames: [LocatedFrame]

    /// The last place where events are missing that no frame tells of, as when a segment was lost or cut: what is read
    /// without them would look whole.
    package let gap: Gap?

    /// Events in the snapshot.
    package var eventCount: UInt64 { frames.last?.entry.endOrdinal ?? 0 }
    /// The generation of the chunk table.
    package var generation: UInt32 { frames.reduce(0) { max($0, $1.entry.generation) } }

    /// - Parameters:
    ///   - frames: in order of LSN.
    ///   - isComplete: whether the frames hold at least what the row reflects; else the row may be ahead of them.
    ///   - log: the path damage is told of where there is no frame to name.
    init(row: RecordingRow, frames: [LocatedFrame], isComplete: Bool, log: String) {
        self.row = row
        let events = frames.filter { $0.entry.kind == .events }
        self.frames = events
        gap = Gap(in: events, eventCount: isComplete ? row.eventCount : 0, log: log)
    }

    private init(_ row: RecordingRow, _ frame: LocatedFrame) {
        self.row = row
        frames = [frame]
        gap = nil
    }

    /// One of the frames by itself, for reading it as a document.
    package func alone(_ frame: LocatedFrame) -> RecordingSnapshot { RecordingSnapshot(row, frame) }

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

extension RecordingSnapshot {
    /// Events in no frame.
    package struct Gap: Sendable, Equatable {
        package let ordinals: Range<UInt64>
        package let damage: Corruption

        /// - Parameter eventCount: events there must be at least.
        fileprivate init?(in frames: [LocatedFrame], eventCount: UInt64, log: String) {
            var next: UInt64 = 0
            var found: (ordinals: Range<UInt64>, file: String, offsetBytes: UInt64)?
            for frame in frames {
                if frame.entry.firstOrdinal > next {
                    found = (next..<frame.entry.firstOrdinal, frame.segment.path, frame.entry.offsetBytes)
                }
                next = max(next, frame.entry.endOrdinal)
            }
            if eventCount > next {
                let last = frames.last
                let end = last.map { $0.entry.offsetBytes + $0.entry.strideBytes } ?? 0
                found = (next..<eventCount, last?.segment.path ?? log, end)
            }
            guard let found else { return nil }
            ordinals = found.ordinals
            damage = Corruption(
                file: found.file, offsetBytes: found.offsetBytes, kind: .missingEvents(found.ordinals))
        }
    }
}

extension LocatedFrame {
    /// The frame's verified gzip member: a chunk as it is served.
    package func member() throws(StoreError) -> [UInt8] { try read().member }
}
