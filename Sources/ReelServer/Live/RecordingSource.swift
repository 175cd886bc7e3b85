import ReelHTTP
import ReelStore

/// A recording as it goes on, read from the log.
struct RecordingSource: LiveSource {
    private let context: ServerContext
    private let topic: RecordingTopic
    private let name: String
    /// The ordinal of the next event to send.
    private var next: UInt64
    private var isBegun = false

    /// So many bytes of events go out in one piece, and at least one frame's.
    private static let pieceSizeBytes = 256 << 10

    /// - Parameter first: where to begin; nil: with the chunk that holds the last full snapshot, which is the least that
    ///   a player can show the present with.
    init(_ snapshot: RecordingSnapshot, first: UInt64?, _ topic: RecordingTopic, _ context: ServerContext, name: String)
    {
        self.topic = topic
        self.context = context
        self.name = name
        next = first ?? RecordingSource.presentOrdinal(of: snapshot)
    }

    private static func presentOrdinal(of snapshot: RecordingSnapshot) -> UInt64 {
        let last = snapshot.frames.last { $0.entry.types & 1 << 2 != 0 }
        return last?.entry.firstOrdinal ?? 0
    }

    mutating func made() -> LiveLook {
        guard isBegun else { return .unknown }
        let look = topic.look(from: next)
        if case .piece(let piece) = look { next = piece.ordinals.upperBound }
        return look
    }

    mutating func read(under share: MemoryShare) -> LiveStep {
        let reading = topic.beginReading(from: next)
        let snapshot: RecordingSnapshot
        do throws(StoreError) {
            snapshot = try context.store.snapshot(topic.number)
        } catch {
            return end(error)
        }
        let first = next
        var messages: [LiveMessage] = []
        if !isBegun { messages.append(.begin(first: next, events: snapshot.eventCount)) }
        do throws(StoreError) {
            try add(snapshot, to: &messages)
        } catch {
            _ = context.problem(error, name)
            return .failed
        }
        let isEnded = snapshot.row.status == .ended
        if next >= snapshot.eventCount, !isEnded { topic.settle(at: next, reading) }
        guard !messages.isEmpty else { return isEnded ? .last(LivePiece([.end(reason: "ended")])) : .nothing }
        let piece = LivePiece(
            messages, ordinals: first..<next, changedMicroseconds: isBegun ? reading.changedMicroseconds : nil,
            readUnder: share, of: context.options.http.memory)
        if isBegun { topic.keep(piece) }
        isBegun = true
        return .piece(piece)
    }

    /// Whatever comes behind `next`, as far as one piece holds.
    private mutating func add(_ snapshot: RecordingSnapshot, to messages: inout [LiveMessage]) throws(StoreError) {
        // Frames are in order of their ordinals: a binary search, as a recording may have many and a viewer asks often.
        var low = 0
        var high = snapshot.frames.count
        while low < high {
            let middle = (low + high) / 2
            if snapshot.frames[middle].entry.endOrdinal <= next { low = middle + 1 } else { high = middle }
        }
        var size = 0
        for frame in snapshot.frames[low...] where size < RecordingSource.pieceSizeBytes {
            if frame.entry.firstOrdinal > next { messages.append(.lost(next..<frame.entry.firstOrdinal)) }
            let first = max(next, frame.entry.firstOrdinal)
            var selection = EventSelection()
            selection.firstOrdinal = first
            let reader = SelectionReader(snapshot.alone(frame), selection, layout: .lines)
            do throws(StoreError) {
                var lines: [UInt8] = []
                while let piece = try reader.nextPiece() { lines += piece }
                size += lines.count
                messages.append(.events(lines: lines, first: first))
            } catch {
                guard case .damaged = error else { throw error }
                _ = context.problem(error, name)
                messages.append(.lost(first..<frame.entry.endOrdinal))
            }
            next = frame.entry.endOrdinal
        }
    }

    /// The recording is there no more.
    private func end(_ error: StoreError) -> LiveStep {
        switch error {
        case .erased: return .last(LivePiece([.end(reason: "erased")]))
        case .expired: return .last(LivePiece([.end(reason: "expired")]))
        default:
            _ = context.problem(error, name)
            return .failed
        }
    }
}
