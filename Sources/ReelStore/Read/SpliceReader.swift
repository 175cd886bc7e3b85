import ReelCodec
import ReelFormat

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
    private let separator: [UInt8] = [0x2C, 0x0A]
    private let prefix: [UInt8]
    private let suffix: [UInt8]
    private var splice: GzipSplice
    private var next = 0
    private var hasMember = false
    private var isOpen = false
    private var isDone = false
    private var scratch: [UInt8] = []

    /// - Parameters:
    ///   - prefix: before the first event, `[` or `{"events":[`.
    ///   - suffix: after the last.
    ///   - skipsDamaged: a damaged frame is left out; else reading stops with an error.
    package init(
        _ snapshot: RecordingSnapshot, coding: Coding, prefix: String = "[", suffix: String = "]",
        skipsDamaged: Bool = false
    ) {
        frames = snapshot.frames
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

    /// The next piece; nil after the last.
    package func nextPiece() throws(StoreError) -> [UInt8]? {
        guard !isDone else { return nil }
        var piece: [UInt8] = []
        if !isOpen {
            isOpen = true
            piece = coding == .gzip ? splice.open() : prefix
        }
        piece.reserveCapacity(piece.count + sizeOfNextPiece)
        while next < frames.count, piece.count < SpliceReader.pieceSizeBytes {
            let frame = frames[next]
            next += 1
            do {
                try append(frame, to: &piece)
            } catch StoreError.damaged where skipsDamaged {
                continue
            }
        }
        if next == frames.count, piece.count < SpliceReader.pieceSizeBytes {
            piece += coding == .gzip ? splice.close() : suffix
            isDone = true
        }
        return piece
    }

    /// What the next piece's frames take with what joins and closes them, a little more than they will: room made frame
    /// by frame would copy what is there already each time.
    private var sizeOfNextPiece: Int {
        var size = suffix.count + 64
        for frame in frames[next...] where size < SpliceReader.pieceSizeBytes {
            size += coding == .gzip ? frame.entry.memberSizeBytes : Int(frame.entry.rawSizeBytes) + separator.count
        }
        return size
    }

    private func append(_ located: LocatedFrame, to piece: inout [UInt8]) throws(StoreError) {
        switch coding {
        case .gzip:
            let joint = splice.joint
            piece += joint
            do {
                splice.add(try located.segment.append(blocksOf: located.entry, to: &piece, scratch: &scratch))
            } catch {
                piece.removeLast(joint.count)
                throw error
            }
        case .identity:
            let text = try located.inflated(try located.read())
            if hasMember { piece += separator }
            piece += text
        }
        hasMember = true
    }
}
