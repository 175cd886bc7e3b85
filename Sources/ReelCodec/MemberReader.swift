/// Reads the text of one member in pieces, for answers without gzip: memory is one piece, however large the member.
///
/// CRC-32 and size are checked when the last piece is asked for, so the caller must verify the stored bytes before it
/// sends any of the text on.
package final class MemberReader {
    private let member: [UInt8]
    private let trailer: GzipMember.Trailer
    private var blocks = BlockInflater()
    private var consumed = GzipMember.header.count
    private var crc: UInt32 = 0
    private var rawSizeBytes = 0

    /// - Throws: `.notSpliceable`.
    package init(_ member: [UInt8]) throws(GzipError) {
        self.member = member
        trailer = try GzipMember.Trailer(of: member)
    }

    /// The next piece of text, at least one byte and at most `sizeMaxBytes`; nil when all of it was read and is right.
    ///
    /// - Throws: `.corrupt`, `.truncated`, `.sizeMismatch`, `.checksumMismatch`, `.notSpliceable`; do not go on then.
    package func next(sizeMaxBytes: Int = 64 << 10) throws(GzipError) -> [UInt8]? {
        precondition(sizeMaxBytes > 0 && sizeMaxBytes < Int(UInt32.max))
        let end = member.count - GzipMember.trailerSizeBytes
        var outcome = BlockInflater.Outcome.goesOn
        let piece = [UInt8](unsafeUninitializedCapacity: sizeMaxBytes) { output, count in
            let room = UnsafeMutableBufferPointer(rebasing: output[..<sizeMaxBytes])
            let read = member.withUnsafeBytes { bytes in
                blocks.inflate(UnsafeRawBufferPointer(rebasing: bytes[consumed..<end]), into: room)
            }
            count = read.madeBytes
            consumed += read.takenBytes
            outcome = read.outcome
        }
        switch outcome {
        case .corrupt: throw .corrupt(offsetBytes: consumed)
        // A final block among the member's own ends the text here but would also end a splice.
        case .ended: throw .notSpliceable
        case .goesOn: break
        }
        crc = GzipCRC.checksum(piece, after: crc)
        rawSizeBytes += piece.count
        guard rawSizeBytes <= trailer.rawSizeBytes else { throw .sizeMismatch }
        if !piece.isEmpty { return piece }
        guard rawSizeBytes == trailer.rawSizeBytes, blocks.isBetweenBlocks else { throw .truncated }
        guard crc == trailer.crc else { throw .checksumMismatch }
        return nil
    }
}
