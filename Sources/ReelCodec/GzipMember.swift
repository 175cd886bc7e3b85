/// The one shape a frame's gzip member has, so that members can be spliced without inflating them:
///
///     10-byte header · deflate blocks ended by a full flush · 03 00 · CRC-32 · ISIZE
///
/// `03 00` is the empty final block. Without header and the last ten bytes what is left is byte-aligned, refers to
/// nothing before it, and is not final: it can follow and be followed by others (RFC 1951 §3.2, RFC 1952 §2.3).
package enum GzipMember {
    /// Header without flags and time; operating system unknown, so that equal text gives equal bytes everywhere.
    package static let header: [UInt8] = [0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 0xFF]
    /// The empty block of fixed codes that is marked final.
    package static let finalBlock: [UInt8] = [0x03, 0x00]
    /// How a full flush ends: an empty stored block.
    package static let flushEnd: [UInt8] = [0x00, 0x00, 0xFF, 0xFF]
    /// Final block, CRC-32 and ISIZE.
    package static let trailerSizeBytes = 10
    /// What no member is smaller than: an empty text is one empty stored block.
    package static let sizeMinBytes = header.count + 5 + trailerSizeBytes
    /// The most text a member holds; lengths inside stay far from 32 bits.
    package static let rawSizeMaxBytes = 1 << 30

    /// CRC-32 and ISIZE as the last eight bytes of a member state them.
    package struct Trailer: Sendable, Equatable {
        /// Of the text.
        package var crc: UInt32
        /// Of the text; only the lower 32 bits are written.
        package var rawSizeBytes: Int

        /// The trailer of a text.
        package init(crc: UInt32, rawSizeBytes: Int) {
            self.crc = crc
            self.rawSizeBytes = rawSizeBytes
        }

        /// - Throws: `.notSpliceable` if the member has not the outer shape above; its blocks are not looked at.
        package init(of member: RawSpan) throws(GzipError) {
            let size = member.byteCount
            guard size >= GzipMember.sizeMinBytes else { throw .notSpliceable }
            let shape = member.withUnsafeBytes { bytes in
                bytes.prefix(header.count).elementsEqual(header)
                    && bytes[(size - 14)..<(size - 10)].elementsEqual(flushEnd)
                    && bytes[(size - 10)..<(size - 8)].elementsEqual(finalBlock)
            }
            guard shape else { throw .notSpliceable }
            crc = member.littleEndian32(at: size - 8)
            rawSizeBytes = Int(member.littleEndian32(at: size - 4))
        }

        /// - Throws: as `init(of: RawSpan)`.
        package init(of member: [UInt8]) throws(GzipError) {
            let span = member.span
            try self.init(of: span.bytes)
        }

        /// Final block, CRC-32 and ISIZE as they stand at the end of a member.
        package var bytes: [UInt8] {
            var writer = ByteWriter(capacityBytes: GzipMember.trailerSizeBytes)
            writer.append(GzipMember.finalBlock)
            writer.append(crc)
            writer.append(UInt32(truncatingIfNeeded: rawSizeBytes))
            return writer.bytes
        }
    }
}

/// Why bytes are not the gzip they should be.
package enum GzipError: Error, Sendable, Equatable {
    /// No gzip header, or one RFC 1952 does not know.
    case badHeader(offsetBytes: Int)
    /// The bytes end inside a member.
    case truncated
    /// The deflate blocks break off with an error near this byte.
    case corrupt(offsetBytes: Int)
    /// The text is not the one the member's CRC-32 was made of.
    case checksumMismatch
    /// The text is not as long as ISIZE, or the caller, says.
    case sizeMismatch
    /// Something follows the last member that is none.
    case trailingBytes(offsetBytes: Int)
    /// The text would be longer than the limit; nothing beyond it was made.
    case tooLarge(limitBytes: Int)
    /// Sound or not, the member has not the shape that splices.
    case notSpliceable
    /// A C library could not get memory.
    case outOfMemory
}

extension RawSpan {
    /// Four bytes at `offset`, which must lie inside.
    func littleEndian32(at offset: Int) -> UInt32 {
        UInt32(littleEndian: unsafeLoadUnaligned(fromByteOffset: offset, as: UInt32.self))
    }
}
