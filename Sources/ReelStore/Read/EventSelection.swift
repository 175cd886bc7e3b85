import ReelCodec
import ReelFormat

/// Which events of a recording are asked for.
package struct EventSelection: Sendable, Equatable {
    /// Empty: all.
    package var types: Set<UInt8> = []
    /// Sources of incremental snapshots; empty: all.
    package var sources: Set<UInt8> = []
    /// Client's time, microseconds since 1970, both ends included.
    package var fromMicroseconds: Int64?
    package var toMicroseconds: Int64?
    /// Ordinals from here on.
    package var firstOrdinal: UInt64 = 0

    package init() {}

    package var isAll: Bool { self == EventSelection() }

    /// The frames that have to be read.
    package func frames(of snapshot: RecordingSnapshot) -> [LocatedFrame] {
        snapshot.frames.filter { mayMatch($0.entry) }
    }

    /// Whether a frame may hold an event that is asked for; asked before it is opened.
    func mayMatch(_ entry: FrameEntry) -> Bool {
        if entry.endOrdinal <= firstOrdinal { return false }
        if let fromMicroseconds, entry.greatestTimestampMicroseconds < fromMicroseconds { return false }
        if let toMicroseconds, entry.leastTimestampMicroseconds > toMicroseconds { return false }
        if !types.isEmpty, !types.contains(where: { entry.types & 1 << UInt16(min($0, 15)) != 0 }) { return false }
        if !sources.isEmpty, !sources.contains(where: { entry.sources & 1 << UInt32(min($0, 31)) != 0 }) {
            return false
        }
        return true
    }

    func matches(_ event: EventFact, ordinal: UInt64) -> Bool {
        if ordinal < firstOrdinal { return false }
        if let fromMicroseconds, event.timestampMicroseconds < fromMicroseconds { return false }
        if let toMicroseconds, event.timestampMicroseconds > toMicroseconds { return false }
        if !types.isEmpty, !types.contains(event.type) { return false }
        if !sources.isEmpty, event.type != 3 || !sources.contains(event.source) { return false }
        return true
    }
}

/// Some events of a recording, piece by piece, as plain text: a JSON array, or a line an event.
///
/// Used by one thread at a time.
package final class SelectionReader: @unchecked Sendable {
    // `@unchecked`: whoever serves the answer asks for one piece after the other, from whatever thread.

    package enum Layout: Sendable {
        case array(prefix: String, suffix: String)
        /// One event a line. A raw CR or LF within an event, legal only as JSON's white space, is written as a space.
        case lines
    }

    private static let pieceSizeBytes = 256 << 10

    private let frames: [LocatedFrame]
    private let selection: EventSelection
    private let layout: Layout
    private let skipsDamaged: Bool
    private let gap: RecordingSnapshot.Gap?
    private var next = 0
    private var hasEvent = false
    private var isOpen = false
    private var isDone = false

    package init(
        _ snapshot: RecordingSnapshot, _ selection: EventSelection, layout: Layout, skipsDamaged: Bool = false
    ) {
        frames = selection.frames(of: snapshot)
        self.selection = selection
        // Whoever follows a recording past what is missing reads on.
        let isGapAsked = snapshot.gap.map { $0.ordinals.upperBound > selection.firstOrdinal } ?? false
        gap = isGapAsked && !skipsDamaged ? snapshot.gap : nil
        self.layout = layout
        self.skipsDamaged = skipsDamaged
    }

    /// What making the next piece takes at most, in bytes, about: the events taken out, and a frame with its text.
    package var nextPieceSizeBytes: Int {
        var size = 0
        var largest = 0
        for frame in frames[next...] where size < SelectionReader.pieceSizeBytes {
            size += Int(frame.entry.rawSizeBytes)
            largest = max(largest, frame.entry.memberSizeBytes + Int(frame.entry.rawSizeBytes))
        }
        return size + largest
    }

    /// The next piece, which may be empty; nil after the last.
    package func nextPiece() throws(StoreError) -> [UInt8]? {
        guard !isDone else { return nil }
        if let gap { throw .damaged(gap.damage) }
        var piece: [UInt8] = []
        if !isOpen, case .array(let prefix, _) = layout { piece += Array(prefix.utf8) }
        isOpen = true
        while next < frames.count, piece.count < SelectionReader.pieceSizeBytes {
            let frame = frames[next]
            next += 1
            do {
                try append(frame, to: &piece)
            } catch StoreError.damaged where skipsDamaged {
                continue
            }
        }
        if next == frames.count, piece.count < SelectionReader.pieceSizeBytes {
            if case .array(_, let suffix) = layout { piece += Array(suffix.utf8) }
            isDone = true
        }
        return piece
    }

    private func append(_ located: LocatedFrame, to piece: inout [UInt8]) throws(StoreError) {
        let text = try located.inflated(try located.read())
        let run: EventRun
        do {
            run = try Codecs.scanners.borrow { (scanner) throws(ScanError) in try scanner.rescan(text) }
        } catch {
            throw .damaged(located.segment.corruption(located.entry.offsetBytes, .payload))
        }
        for (index, event) in run.events.enumerated() {
            guard selection.matches(event, ordinal: located.entry.firstOrdinal + UInt64(index)) else { continue }
            let bytes = run.text[event.offsetBytes..<event.offsetBytes + event.sizeBytes]
            switch layout {
            case .array:
                if hasEvent { piece += [0x2C, 0x0A] }
                piece += bytes
            case .lines:
                piece +=
                    bytes.contains { $0 == 0x0A || $0 == 0x0D }
                    ? bytes.map { $0 == 0x0A || $0 == 0x0D ? 0x20 : $0 } : Array(bytes)
                piece.append(0x0A)
            }
            hasEvent = true
        }
    }
}
