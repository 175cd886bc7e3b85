import CReelISAL

/// Reads the text of one member in pieces, for answers without gzip: memory is one piece, however large the member.
///
/// CRC-32 and size are checked when the last piece is asked for, so the caller must verify the stored bytes before it
/// sends any of the text on.
package final class MemberReader {
    private let member: [UInt8]
    private let trailer: GzipMember.Trailer
    private let state: UnsafeMutablePointer<inflate_state>
    private var consumed = GzipMember.header.count
    private var crc: UInt32 = 0
    private var rawSizeBytes = 0

    /// - Throws: `.notSpliceable`.
    package init(_ member: [UInt8]) throws(GzipError) {
        self.member = member
        trailer = try GzipMember.Trailer(of: member)
        state = .allocate(capacity: 1)
        isal_inflate_init(state)
        state.pointee.crc_flag = UInt32(ISAL_DEFLATE)
    }

    deinit { state.deallocate() }

    /// The next piece of text, at least one byte and at most `sizeMaxBytes`; nil when all of it was read and is right.
    ///
    /// - Throws: `.corrupt`, `.truncated`, `.sizeMismatch`, `.checksumMismatch`, `.notSpliceable`; do not go on then.
    package func next(sizeMaxBytes: Int = 64 << 10) throws(GzipError) -> [UInt8]? {
        precondition(sizeMaxBytes > 0 && sizeMaxBytes < Int(UInt32.max))
        let blocksEnd = member.count - GzipMember.trailerSizeBytes
        var status: Int32 = 0
        let piece = [UInt8](unsafeUninitializedCapacity: sizeMaxBytes) { output, count in
            status = member.withUnsafeBytes { bytes in
                let input = bytes.baseAddress?.assumingMemoryBound(to: UInt8.self)
                state.pointee.next_in = UnsafeMutablePointer(mutating: input)?.advanced(by: consumed)
                state.pointee.avail_in = UInt32(blocksEnd - consumed)
                state.pointee.next_out = output.baseAddress
                state.pointee.avail_out = UInt32(sizeMaxBytes)
                return isal_inflate(state)
            }
            count = sizeMaxBytes - Int(state.pointee.avail_out)
        }
        consumed += InflateInput.takenBytes(of: blocksEnd - consumed, left: state.pointee.avail_in)
        guard status == ISAL_DECOMP_OK || status == ISAL_END_INPUT || status == ISAL_OUT_OVERFLOW else {
            throw .corrupt(offsetBytes: consumed)
        }
        // A final block among the member's own ends the text here but would also end a splice.
        guard state.pointee.block_state != ISAL_BLOCK_FINISH else { throw .notSpliceable }
        crc = GzipCRC.checksum(piece, after: crc)
        rawSizeBytes += piece.count
        guard rawSizeBytes <= trailer.rawSizeBytes else { throw .sizeMismatch }
        if !piece.isEmpty { return piece }
        guard rawSizeBytes == trailer.rawSizeBytes, isBetweenBlocks else { throw .truncated }
        guard crc == trailer.crc else { throw .checksumMismatch }
        return nil
    }

    /// Whether the blocks read so far end at a byte, with none begun: else what follows them in a splice would be read as
    /// a part of the last one. ISA-L looks for the next block's header as soon as a block ends.
    private var isBetweenBlocks: Bool {
        let isAtHeader = [ISAL_BLOCK_NEW_HDR, ISAL_BLOCK_HDR].contains(state.pointee.block_state)
        return isAtHeader && state.pointee.read_in_length == 0 && state.pointee.tmp_in_size == 0
    }
}
