import ReelCodec
import ReelFormat

/// A recording as it was at one moment: what an answer is fixed to when it begins. Frames stay readable while somebody
/// holds the snapshot, also when compaction replaces their segments.
package struct RecordingSnapshot: Sendable {
    package let row: RecordingRow
    /// The event frames in order of ordinal.
    package let frames: [LocatedFrame]

    /// Where events are missing, in order: what is read without them would look whole.
    package let gaps: [Gap]

    /// The last place where events are missing.
    package var gap: Gap? { gaps.last }

    /// Events in the snapshot.
    package var eventCount: UInt64 {
        let lost = gaps.last { $0.isGivenUp }
        return max(frames.last?.entry.endOrdinal ?? 0, lost?.ordinals.upperBound ?? 0)
    }
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
        let losses = frames.filter { $0.entry.kind == .loss && $0.entry.eventCount > 0 }
        gaps = Gap.all(in: events, losses, eventCount: isComplete ? row.eventCount : 0, log: log)
    }

    private init(_ row: RecordingRow, _ frame: LocatedFrame) {
        self.row = row
        frames = [frame]
        gaps = []
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
        /// The `loss` frame that tells of them; nil where nothing says why they are not there.
        package let loss: FrameEntry?

        /// Whether the loss was met before, quarantined and given up: nothing is left to be done about it.
        package var isGivenUp: Bool { loss != nil }

        /// - Parameters:
        ///   - frames: of events, in order of ordinal.
        ///   - losses: the recording's `loss` frames with events.
        ///   - eventCount: events there must be at least.
        fileprivate static func all(
            in frames: [LocatedFrame], _ losses: [LocatedFrame], eventCount: UInt64, log: String
        ) -> [Gap] {
            var gaps: [Gap] = []
            var next: UInt64 = 0
            for frame in frames {
                if frame.entry.firstOrdinal > next {
                    let place = (frame.segment.path, frame.entry.offsetBytes)
                    add(next..<frame.entry.firstOrdinal, place, losses, to: &gaps)
                }
                next = max(next, frame.entry.endOrdinal)
            }
            let end = losses.reduce(eventCount) { max($0, $1.entry.endOrdinal) }
            if end > next {
                let last = frames.last
                let place = (last?.segment.path ?? log, last.map { $0.entry.offsetBytes + $0.entry.strideBytes } ?? 0)
                add(next..<end, place, losses, to: &gaps)
            }
            return gaps
        }

        /// Parts a range of missing events by what is known of each.
        private static func add(
            _ missing: Range<UInt64>, _ place: (file: String, offsetBytes: UInt64), _ losses: [LocatedFrame],
            to gaps: inout [Gap]
        ) {
            var next = missing.lowerBound
            let known = losses.filter { $0.entry.firstOrdinal < missing.upperBound && $0.entry.endOrdinal > next }
                .sorted { $0.entry.firstOrdinal < $1.entry.firstOrdinal }
            func addUnexplained(until end: UInt64) {
                guard next < end else { return }
                let damage = Corruption(
                    file: place.file, offsetBytes: place.offsetBytes, kind: .missingEvents(next..<end))
                gaps.append(Gap(ordinals: next..<end, damage: damage, loss: nil))
                next = end
            }
            for loss in known {
                addUnexplained(until: loss.entry.firstOrdinal)
                let end = min(loss.entry.endOrdinal, missing.upperBound)
                guard next < end else { continue }
                let damage = Corruption(
                    file: loss.segment.path, offsetBytes: loss.entry.offsetBytes, kind: .lostEvents(next..<end))
                gaps.append(Gap(ordinals: next..<end, damage: damage, loss: loss.entry))
                next = end
            }
            addUnexplained(until: missing.upperBound)
        }
    }
}

extension LocatedFrame {
    /// The frame's verified gzip member: a chunk as it is served.
    package func member() throws(StoreError) -> [UInt8] { try read().member }
}
