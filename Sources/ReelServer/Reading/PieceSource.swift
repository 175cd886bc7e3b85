import ReelStore
import ReelSystem

/// An answer's content, made piece by piece; used by one thread at a time.
protocol PieceSource: AnyObject, Sendable {
    /// The next piece, which may be empty; nil after the last.
    func nextPiece() throws(StoreError) -> [UInt8]?
    /// The same in parts, some of which may be left to the kernel to read.
    func nextParts() throws(StoreError) -> [SendPart]?
    /// What making the next piece takes at most, in bytes, about: a frame holds at least one event, and that may be large.
    var nextPieceSizeBytes: Int { get }
}

extension PieceSource {
    func nextParts() throws(StoreError) -> [SendPart]? {
        guard let piece = try nextPiece() else { return nil }
        return piece.isEmpty ? [] : [.bytes(piece)]
    }
}

extension SpliceReader: PieceSource {}
extension SelectionReader: PieceSource {}

/// Bytes that are there already.
final class BytesSource: PieceSource, @unchecked Sendable {
    // `@unchecked`: as of all sources, one thread at a time asks.
    private var bytes: [UInt8]?

    init(_ bytes: [UInt8]) { self.bytes = bytes }

    func nextPiece() -> [UInt8]? {
        defer { bytes = nil }
        return bytes
    }

    var nextPieceSizeBytes: Int { bytes?.count ?? 0 }
}

/// A range of another source's bytes. What comes before it is made and thrown away: a document's pieces depend on those
/// before them, and making them costs no more than reading the frames.
final class RangeSource: PieceSource, @unchecked Sendable {
    // `@unchecked`: as of all sources, one thread at a time asks.
    private let source: any PieceSource
    private var skipBytes: Int
    private var leftBytes: Int

    init(_ source: any PieceSource, _ range: Range<Int>) {
        self.source = source
        skipBytes = range.lowerBound
        leftBytes = range.count
    }

    var nextPieceSizeBytes: Int { source.nextPieceSizeBytes }

    func nextPiece() throws(StoreError) -> [UInt8]? {
        while leftBytes > 0 {
            guard let piece = try source.nextPiece() else { return nil }
            guard piece.count > skipBytes else {
                skipBytes -= piece.count
                continue
            }
            let end = min(piece.count, skipBytes + leftBytes)
            let taken = skipBytes == 0 && end == piece.count ? piece : Array(piece[skipBytes..<end])
            skipBytes = 0
            leftBytes -= taken.count
            return taken
        }
        return nil
    }
}
