import CReelISAL

/// CRC-32C (Castagnoli), the checksum of headers and stored payloads: polynomial 0x1EDC6F41, reflected, as iSCSI
/// (RFC 3720 §12.1) has it. Computed by ISA-L with the CPU's own instruction.
package struct CRC32C: Sendable, Equatable {
    private var state: UInt32 = 0xFFFF_FFFF

    package init() {}

    /// The checksum of the bytes added so far.
    package var value: UInt32 { ~state }

    /// Adds bytes; adding them in pieces gives the same checksum as adding them at once.
    package mutating func update(_ bytes: RawSpan) {
        bytes.withUnsafeBytes { state = CRC32C.advance(state, over: $0) }
    }

    /// Adds bytes; see `update(_: RawSpan)`.
    package mutating func update(_ bytes: [UInt8]) {
        bytes.withUnsafeBytes { state = CRC32C.advance(state, over: $0) }
    }

    /// The checksum of `bytes` alone.
    package static func checksum(_ bytes: RawSpan) -> UInt32 {
        var crc = CRC32C()
        crc.update(bytes)
        return crc.value
    }

    /// The checksum of `bytes` alone.
    package static func checksum(_ bytes: [UInt8]) -> UInt32 {
        var crc = CRC32C()
        crc.update(bytes)
        return crc.value
    }

    private static func advance(_ state: UInt32, over bytes: UnsafeRawBufferPointer) -> UInt32 {
        var state = state
        var rest = bytes
        // ISA-L takes an Int32 length, so more than 1 GiB goes in pieces.
        while let base = rest.baseAddress, !rest.isEmpty {
            let size = min(rest.count, 1 << 30)
            let pointer = UnsafeMutablePointer(mutating: base.assumingMemoryBound(to: UInt8.self))
            state = crc32_iscsi(pointer, Int32(size), state)
            rest = UnsafeRawBufferPointer(rebasing: rest[size...])
        }
        return state
    }
}
