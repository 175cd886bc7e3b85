import CReelISAL
import CReelZlib

/// CRC-32 as gzip has it (RFC 1952 §8): polynomial 0x04C11DB7, reflected.
package enum GzipCRC {
    /// The checksum of `bytes` following text whose checksum is `crc`; 0 stands for no text.
    package static func checksum(_ bytes: RawSpan, after crc: UInt32 = 0) -> UInt32 {
        bytes.withUnsafeBytes { checksum($0, after: crc) }
    }

    /// The checksum of `bytes` following text whose checksum is `crc`; 0 stands for no text.
    package static func checksum(_ bytes: [UInt8], after crc: UInt32 = 0) -> UInt32 {
        bytes.withUnsafeBytes { checksum($0, after: crc) }
    }

    /// The checksum of two texts put together, from theirs and the size of the second; nothing is read.
    package static func combine(_ first: UInt32, _ second: UInt32, secondSizeBytes: Int) -> UInt32 {
        UInt32(truncatingIfNeeded: crc32_combine(UInt(first), UInt(second), secondSizeBytes))
    }

    static func checksum(_ bytes: UnsafeRawBufferPointer, after crc: UInt32) -> UInt32 {
        guard let base = bytes.baseAddress else { return crc }
        return crc32_gzip_refl(crc, base.assumingMemoryBound(to: UInt8.self), UInt64(bytes.count))
    }
}
