import ReelCodec
import ReelFormat
import ReelSystem

/// A whole recording as one JSON document, piece by piece: as gzip by copying the frames' bytes, as plain text by
/// inflating them. Every frame is verified before any of its bytes are given out.
///
/// Used by one thread at a time.
package final class SpliceReader: @unchecked Sendable {
    // `@unchecked`: whoever serves the answer asks for one piece after the other, from whatever thread.

    package enum Coding: Sendable { case gzip, identity }

    /// Frames are gathered until a piece has about this many bytes.
    private static let pieceSizeBytes = 256 << 10

    private let frames: [LocatedFrame]
    private let coding: Coding
    private let skipsDamaged: Bool
    private let gap: RecordingSnapshot.Gap?
    private let separator: [UInt8] = [0x2C, 0x0A]
    private let prefix: [UInt8]
    private let suffix: [UInt8]
    private var splice: GzipSplice
    private var next = 0
    private var hasText = false
    private var isOpen = false
    private var isDone = false
    /// The frame read last.
    private var scratch: [UInt8] = []

    /// - Parameters:
    ///   - prefix: before the first event, `[` or `{"events":[`.
    ///   - suffix: after the last.
    ///   - skipsDamaged: a damaged frame is left out; else reading stops with an error. Where events are missing it does
    ///     not begin.
    package init(
        _ snapshot: RecordingSnapshot, coding: Coding, prefix: String = "[", suffix: String = "]",
        skipsDamaged: Bool = false
    ) {
        frames = snapshot.frames
        gap = skipsDamaged ? nil : snapshot.gap
        self.coding = coding
        self.skipsDamaged = skipsDamaged
        self.prefix = Array(prefix.utf8)
        self.suffix = Array(suffix.utf8)
        splice = GzipSplice(prefix: self.prefix, separator: separator, suffix: self.suffix)
    }

    /// The size of the whole document; nil where it depends on what turns out to be damaged.
    package var lengthBytes: Int? {
        if skipsDamaged { return nil }
        switch coding {
        case .gzip:
            let members = frames.reduce(0) { $0 + $1.entry.memberSizeBytes }
            return splice.sizeBytes(memberCount: frames.count, membersSizeBytes: members)
        case .identity:
            let texts = frames.reduce(0) { $0 + Int($1.entry.rawSizeBytes) }
            return splice.rawSizeBytes(memberCount: frames.count, membersRawSizeBytes: texts)
        }
    }

    /// The next piece, its frames verified; nil after the last. As gzip most of it is ranges of segments, for the kernel
    /// to send: the bytes pass through the process once, to be verified.
    package func nextParts() throws(StoreError) -> [SendPart]? {
        var parts: [SendPart] = []
        return try makePiece({ parts.append(.bytes($0)) }, { parts.append(.file($0)) }) ? parts : nil
    }

    /// The next piece as bytes; nil after the last.
    package func nextPiece() throws(StoreError) -> [UInt8]? {
        var piece: [UInt8] = []
        piece.reserveCapacity(SpliceReader.pieceSizeBytes)
        let isMade = try makePiece(
            { piece += $0 },
            { range in
                // The frame it lies in is what `scratch` holds.
                let start = Int(range.offsetBytes - frames[next - 1].entry.offsetBytes)
                piece += scratch[start..<start + range.count]
            })
        return isMade ? piece : nil
    }

    /// What making the next piece takes at most, in bytes, about: the piece, and the last frame that went into it.
    package var nextPieceSizeBytes: Int {
        var size = 0
        var last = 0
        for frame in frames[next...] where size < SpliceReader.pieceSizeBytes {
            last = frame.entry.memberSizeBytes + (coding == .gzip ? 0 : Int(frame.entry.rawSizeBytes))
            size += coding == .gzip ? frame.entry.memberSizeBytes : Int(frame.entry.rawSizeBytes)
        }
        return size + last
    }

    /// - Returns: false after the last piece.
    private func makePiece(
        _ give: ([UInt8]) -> Void, _ giveBlocks: (FileRange) -> Void
    ) throws(StoreError) -> Bool {
        guard !isDone else { return false }
        if let gap { throw .damaged(gap.damage) }
        if !isOpen { give(coding == .gzip ? splice.open() : prefix) }
        isOpen = true
        var size = 0
        while next < frames.count, size < SpliceReader.pieceSizeBytes {
            let frame = frames[next]
            next += 1
            do {
                switch coding {
                case .gzip where frame.entry.flags.contains(.sealed):
                    let trailer = try frame.segment.openBlocks(frame.entry, into: &scratch)
                    give(splice.add(trailer) + scratch)
                    size += scratch.count
                case .gzip:
                    let (trailer, blocks) = try frame.segment.verify(frame.entry, scratch: &scratch)
                    let joint = splice.add(trailer)
                    if !joint.isEmpty { give(joint) }
                    giveBlocks(blocks)
                    size += blocks.count
                case .identity:
                    let text = try frame.inflated(try frame.read())
                    if hasText { give(separator) }
                    hasText = true
                    give(text)
                    size += text.count
                }
            } catch StoreError.damaged where skipsDamaged {
                continue
            }
        }
        if next == frames.count, size < SpliceReader.pieceSizeBytes {
            give(coding == .gzip ? splice.close() : suffix)
            isDone = true
        }
        return true
    }
}
