import ReelCodec
import ReelStore

/// What a viewer of a recording gets next, read from the log: API.md "Live".
struct LiveSource {
    enum Step {
        case piece([UInt8])
        /// Nothing comes behind it.
        case last([UInt8])
        /// Not now.
        case nothing
        case failed
    }

    let number: UInt64
    private let context: ServerContext
    private let name: String
    /// The ordinal of the next event to send.
    private var next: UInt64
    private var isBegun = false

    /// So many bytes of events go out in one piece, and at least one frame's.
    private static let pieceSizeBytes = 256 << 10

    /// - Parameter first: where to begin; nil: with the chunk that holds the last full snapshot, which is the least that
    ///   a player can show the present with.
    init(_ snapshot: RecordingSnapshot, first: UInt64?, _ context: ServerContext, name: String) {
        number = snapshot.row.number
        self.context = context
        self.name = name
        next = first ?? LiveSource.presentOrdinal(of: snapshot)
    }

    private static func presentOrdinal(of snapshot: RecordingSnapshot) -> UInt64 {
        let last = snapshot.frames.last { $0.entry.types & 1 << 2 != 0 }
        return last?.entry.firstOrdinal ?? 0
    }

    mutating func next(isStopping: Bool) -> Step {
        if isStopping { return .last([]) }
        if isBegun, let piece = context.live.piece(of: number, first: next) {
            next = piece.ordinals.upperBound
            return .piece(piece.bytes)
        }
        let changes = context.live.changes(of: number)
        let first = next
        let snapshot: RecordingSnapshot
        do throws(StoreError) {
            snapshot = try context.store.snapshot(number)
        } catch {
            return end(error)
        }
        var messages = Messages()
        let wasBegun = isBegun
        if !isBegun {
            messages.begin(first: next, events: snapshot.eventCount)
            isBegun = true
        }
        do throws(StoreError) {
            try add(snapshot, to: &messages)
        } catch {
            _ = context.problem(error, name)
            return .failed
        }
        if !messages.bytes.isEmpty {
            if wasBegun, messages.bytes.count <= LiveSource.pieceSizeBytes {
                context.live.keep(LivePiece(ordinals: first..<next, bytes: messages.bytes), of: number, asOf: changes)
            }
            return .piece(messages.bytes)
        }
        guard snapshot.row.status == .ended else { return .nothing }
        messages.end("ended")
        return .last(messages.bytes)
    }

    /// Whatever comes behind `next`, as far as one piece holds.
    private mutating func add(_ snapshot: RecordingSnapshot, to messages: inout Messages) throws(StoreError) {
        // Frames are in order of their ordinals: a binary search, as a recording may have many and a viewer asks often.
        var low = 0
        var high = snapshot.frames.count
        while low < high {
            let middle = (low + high) / 2
            if snapshot.frames[middle].entry.endOrdinal <= next { low = middle + 1 } else { high = middle }
        }
        for frame in snapshot.frames[low...] where messages.bytes.count < LiveSource.pieceSizeBytes {
            if frame.entry.firstOrdinal > next { messages.lost(next..<frame.entry.firstOrdinal) }
            let first = max(next, frame.entry.firstOrdinal)
            var selection = EventSelection()
            selection.firstOrdinal = first
            let reader = SelectionReader(snapshot.alone(frame), selection, layout: .lines)
            do throws(StoreError) {
                var lines: [UInt8] = []
                while let piece = try reader.nextPiece() { lines += piece }
                messages.events(lines, first: first)
            } catch {
                guard case .damaged = error else { throw error }
                _ = context.problem(error, name)
                messages.lost(first..<frame.entry.endOrdinal)
            }
            next = frame.entry.endOrdinal
        }
    }

    /// The recording is there no more.
    private func end(_ error: StoreError) -> Step {
        var messages = Messages()
        switch error {
        case .erased: messages.end("erased")
        case .expired: messages.end("expired")
        default:
            _ = context.problem(error, name)
            return .failed
        }
        return .last(messages.bytes)
    }
}

/// Server-sent events as text (WHATWG HTML §9.2).
private struct Messages {
    private(set) var bytes: [UInt8] = []

    /// Where the stream begins.
    mutating func begin(first: UInt64, events: UInt64) {
        bytes += Array("retry: 1000\nevent: begin\ndata: {\"first\":\(first),\"events\":\(events)}\n\n".utf8)
    }

    /// - Parameter lines: an event a line; the first has the ordinal `first`.
    mutating func events(_ lines: [UInt8], first: UInt64) {
        bytes.reserveCapacity(bytes.count + lines.count + lines.count / 8)
        var ordinal = first
        for line in lines.split(separator: 0x0A) {
            bytes += Array("id: \(ordinal)\ndata: ".utf8)
            bytes += line
            bytes += [0x0A, 0x0A]
            ordinal += 1
        }
    }

    /// Events that the store cannot give. The id makes a viewer who comes again go on behind them.
    mutating func lost(_ ordinals: Range<UInt64>) {
        let text =
            "id: \(ordinals.upperBound - 1)\nevent: lost\ndata: {\"first\":\(ordinals.lowerBound),"
            + "\"count\":\(ordinals.count)}\n\n"
        bytes += Array(text.utf8)
    }

    mutating func end(_ reason: String) { bytes += Array("event: end\ndata: {\"reason\":\"\(reason)\"}\n\n".utf8) }
}
