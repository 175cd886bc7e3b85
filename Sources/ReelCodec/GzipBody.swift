import CReelISAL

/// Inflates what a client sent as `Content-Encoding: gzip`: any members RFC 1952 allows, one after another, up to a limit.
package enum GzipBody {
    /// Whether bytes begin as gzip does, whatever a header says of them.
    package static func isGzip(_ body: [UInt8]) -> Bool { body.starts(with: [0x1F, 0x8B]) }

    /// The text of all members.
    ///
    /// - Parameter limitBytes: no more text than this is ever made, so a bomb costs its limit.
    /// - Throws: `.tooLarge`, `.badHeader`, `.truncated`, `.corrupt`, `.checksumMismatch`, `.sizeMismatch`,
    ///   `.trailingBytes`.
    package static func inflate(_ body: [UInt8], limitBytes: Int) throws(GzipError) -> [UInt8] {
        precondition(limitBytes >= 0 && limitBytes < Int(UInt32.max))
        guard body.count < Int(UInt32.max) else { throw .tooLarge(limitBytes: limitBytes) }
        let state = UnsafeMutablePointer<inflate_state>.allocate(capacity: 1)
        defer { state.deallocate() }
        var text: [UInt8] = []
        text.reserveCapacity(min(limitBytes, max(body.count * 6, 4096)))
        var offset = 0
        repeat {
            guard let header = try GzipHeader(of: body, at: offset) else {
                throw offset == 0 ? .badHeader(offsetBytes: 0) : .trailingBytes(offsetBytes: offset)
            }
            offset = header.endOffsetBytes
            let memberStart = text.count
            offset = try inflateBlocks(of: body, at: offset, limitBytes: limitBytes, state: state, appendingTo: &text)
            guard body.count - offset >= 8 else { throw .truncated }
            var trailer = ByteReader(body[offset...])
            guard let crc = try? trailer.read(UInt32.self), let size = try? trailer.read(UInt32.self) else {
                throw .truncated
            }
            offset += 8
            let checksum = text.withUnsafeBytes {
                GzipCRC.checksum(UnsafeRawBufferPointer(rebasing: $0[memberStart...]), after: 0)
            }
            guard checksum == crc else { throw .checksumMismatch }
            guard UInt32(truncatingIfNeeded: text.count - memberStart) == size else { throw .sizeMismatch }
        } while offset < body.count
        return text
    }

    /// Inflates deflate blocks until the final one and returns where the next byte is.
    private static func inflateBlocks(
        of body: [UInt8], at start: Int, limitBytes: Int, state: UnsafeMutablePointer<inflate_state>,
        appendingTo text: inout [UInt8]
    ) throws(GzipError) -> Int {
        isal_inflate_init(state)
        state.pointee.crc_flag = UInt32(ISAL_DEFLATE)
        var consumed = start
        let pieceSize = 256 << 10
        while true {
            // One byte past the limit tells "exactly full" from "too large".
            let room = min(pieceSize, limitBytes + 1 - text.count)
            var status: Int32 = 0
            let piece = [UInt8](unsafeUninitializedCapacity: room) { output, count in
                status = body.withUnsafeBytes { bytes in
                    let input = bytes.baseAddress?.assumingMemoryBound(to: UInt8.self)
                    state.pointee.next_in = UnsafeMutablePointer(mutating: input)?.advanced(by: consumed)
                    state.pointee.avail_in = UInt32(bytes.count - consumed)
                    state.pointee.next_out = output.baseAddress
                    state.pointee.avail_out = UInt32(room)
                    return isal_inflate(state)
                }
                count = room - Int(state.pointee.avail_out)
            }
            text.append(contentsOf: piece)
            let consumedBefore = consumed
            consumed += InflateInput.takenBytes(of: body.count - consumed, left: state.pointee.avail_in)
            guard status == ISAL_DECOMP_OK || status == ISAL_END_INPUT || status == ISAL_OUT_OVERFLOW else {
                throw .corrupt(offsetBytes: consumed)
            }
            guard text.count <= limitBytes else { throw .tooLarge(limitBytes: limitBytes) }
            if state.pointee.block_state == ISAL_BLOCK_FINISH {
                // Whole bytes that were read ahead of the end belong to the trailer.
                return consumed - Int(state.pointee.read_in_length) / 8
            }
            guard !piece.isEmpty || consumed > consumedBefore else { throw .truncated }
        }
    }
}

/// Where the header of a member ends; its optional fields are stepped over (RFC 1952 §2.3).
private struct GzipHeader {
    var endOffsetBytes: Int

    /// Nil where the bytes do not begin with a gzip magic.
    init?(of body: [UInt8], at start: Int) throws(GzipError) {
        var reader = ByteReader(body[start...])
        var isKnown = true
        do throws(ShortInput) {
            guard try reader.read(UInt16.self) == 0x8B1F else { return nil }
            let method: UInt8 = try reader.read()
            let flags: UInt8 = try reader.read()
            isKnown = method == 8 && flags & 0xE0 == 0
            try reader.skip(6)
            if flags & 0x04 != 0 { try reader.skip(Int(try reader.read(UInt16.self))) }
            for flag: UInt8 in [0x08, 0x10] where flags & flag != 0 {
                while try reader.read(UInt8.self) != 0 {}
            }
            let headerEnd = reader.position
            if flags & 0x02 != 0 {
                let stated: UInt16 = try reader.read()
                let checksum = GzipCRC.checksum(Array(body[start..<headerEnd]))
                isKnown = isKnown && UInt16(truncatingIfNeeded: checksum) == stated
            }
        } catch {
            throw isKnown ? .truncated : .badHeader(offsetBytes: start)
        }
        guard isKnown else { throw .badHeader(offsetBytes: start) }
        endOffsetBytes = reader.position
    }
}
