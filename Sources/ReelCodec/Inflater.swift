/// Opens members, checking all of it: shape, blocks, CRC-32, size. Reusable, one a thread.
package final class Inflater {
    private var blocks = BlockInflater()

    /// Takes about 100 KB, kept for reuse.
    package init() {}

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
        // Without the final block, whose two bytes `Trailer` has compared: so a last block that runs into them is seen.
        let end = member.count - GzipMember.trailerSizeBytes
        blocks.reset()
        var offset = GzipMember.header.count
        var text = blocks.inflate(UnsafeRawBufferPointer(rebasing: member[offset..<end]), into: output)
        offset += text.takenBytes
        if text.madeBytes == output.count, text.outcome == .goesOn {
            // The text is there, and the flush behind it was not yet looked at. One byte more would be too many.
            text = withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 1) { spare in
                blocks.inflate(UnsafeRawBufferPointer(rebasing: member[offset..<end]), into: spare)
            }
            offset += text.takenBytes
            if text.madeBytes > 0 { return .sizeMismatch }
        } else if text.outcome == .goesOn {
            return blocks.isBetweenBlocks ? .sizeMismatch : .truncated
        }
        switch text.outcome {
        case .corrupt: return .corrupt(offsetBytes: offset)
        case .ended: return .notSpliceable
        case .goesOn: return blocks.isBetweenBlocks ? nil : .truncated
        }
    }
}
