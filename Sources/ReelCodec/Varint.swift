extension ByteWriter {
    /// Appends 7 bits a byte, least significant first; the high bit says that more follow (LEB128).
    package mutating func appendVarint(_ value: UInt64) {
        var rest = value
        while rest >= 0x80 {
            append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        append(UInt8(rest))
    }
}

extension ByteReader {
    /// - Throws: where the input ends within the number, or it takes more than 64 bits.
    package mutating func readVarint() throws(ShortInput) -> UInt64 {
        var value: UInt64 = 0
        for shift in stride(from: UInt64(0), to: 64, by: 7) {
            let byte = try read(UInt8.self)
            if shift == 63, byte > 1 { break }
            value |= UInt64(byte & 0x7F) << shift
            if byte < 0x80 { return value }
        }
        throw ShortInput(offsetBytes: position)
    }
}
