import CReelISAL

/// Opens members, checking all of it: shape, blocks, CRC-32, size. Reusable, one a thread.
package final class Inflater {
    private let state: UnsafeMutablePointer<inflate_state>

    /// Takes about 100 KB, kept for reuse.
    package init() {
        state = .allocate(capacity: 1)
        isal_inflate_init(state)
    }

    deinit { state.deallocate() }

    /// The text of one member, whose raw size the caller knows from elsewhere (a frame's header).
    ///
    /// The blocks may hold no final one before the member's own `03 00`: what inflates alone but would end a splice
    /// early is refused.
    ///
    /// - Throws: `.notSpliceable`, `.corrupt`, `.truncated`, `.sizeMismatch`, `.checksumMismatch`.
    package func text(of member: RawSpan, rawSizeBytes: Int) throws(GzipError) -> [UInt8] {
        let trailer = try GzipMember.Trailer(of: member)
        guard trailer.rawSizeBytes == rawSizeBytes, rawSizeBytes <= GzipMember.rawSizeMaxBytes,
            member.byteCount <= GzipMember.rawSizeMaxBytes
        else { throw .sizeMismatch }
        var failure: GzipError?
        let text = member.withUnsafeBytes { member in
            [UInt8](unsafeUninitializedCapacity: rawSizeBytes) { output, count in
                count = rawSizeBytes
                failure = inflate(member, into: output)
                if failure != nil { count = 0 }
            }
        }
        if let failure { throw failure }
        guard GzipCRC.checksum(text) == trailer.crc else { throw .checksumMismatch }
        return text
    }

    /// As `text(of: RawSpan, rawSizeBytes:)`.
    package func text(of member: [UInt8], rawSizeBytes: Int) throws(GzipError) -> [UInt8] {
        let span = member.span
        return try text(of: span.bytes, rawSizeBytes: rawSizeBytes)
    }

    private func inflate(
        _ member: UnsafeRawBufferPointer, into output: UnsafeMutableBufferPointer<UInt8>
    ) -> GzipError? {
        let blocksEnd = member.count - GzipMember.trailerSizeBytes + GzipMember.finalBlock.count
        let blocks = UnsafeRawBufferPointer(rebasing: member[GzipMember.header.count..<blocksEnd])
        isal_inflate_reset(state)
        state.pointee.crc_flag = UInt32(ISAL_DEFLATE)
        state.pointee.next_in = UnsafeMutablePointer(mutating: blocks.baseAddress?.assumingMemoryBound(to: UInt8.self))
        state.pointee.avail_in = UInt32(blocks.count)
        // An empty text has no buffer, and ISA-L wants some address.
        var none: UInt8 = 0
        let status = withUnsafeMutablePointer(to: &none) { none in
            state.pointee.next_out = output.baseAddress ?? none
            state.pointee.avail_out = UInt32(output.count)
            return isal_inflate_stateless(state)
        }
        let taken = InflateInput.takenBytes(of: blocks.count, left: state.pointee.avail_in)
        switch status {
        case ISAL_DECOMP_OK: break
        case ISAL_END_INPUT: return .truncated
        case ISAL_OUT_OVERFLOW: return .sizeMismatch
        default: return .corrupt(offsetBytes: GzipMember.header.count + taken)
        }
        guard state.pointee.avail_out == 0 else { return .sizeMismatch }
        guard state.pointee.avail_in == 0 else { return .notSpliceable }
        return nil
    }
}
