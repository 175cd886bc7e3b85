/// A version 7 UUID (RFC 9562 §5.7): 48 bits of Unix milliseconds, then chance. Ordered as its text is.
package struct UUIDv7: Sendable, Hashable {
    /// Milliseconds, version, chance.
    package let high: UInt64
    /// Variant and chance.
    package let low: UInt64

    /// Makes a new one.
    ///
    /// - Throws: `.noRandomness`.
    package init(unixMilliseconds: UInt64) throws(CryptoError) {
        let random = try SecureRandom.bytes(count: 10).map(UInt64.init)
        let first = random[0] << 8 | random[1]
        let rest = random[2...].reduce(0) { $0 << 8 | $1 }
        high = unixMilliseconds << 16 | 0x7000 | first & 0x0FFF
        low = 1 << 63 | rest >> 2
    }

    /// Nil unless version and variant are those of version 7.
    package init?(high: UInt64, low: UInt64) {
        guard high >> 12 & 0xF == 7, low >> 62 == 0b10 else { return nil }
        self.high = high
        self.low = low
    }

    /// Reads 16 bytes, most significant first; nil if they are not a version 7 UUID.
    package init?(bytes: [UInt8]) {
        guard bytes.count == 16 else { return nil }
        self.init(
            high: bytes[..<8].reduce(0) { $0 << 8 | UInt64($1) }, low: bytes[8...].reduce(0) { $0 << 8 | UInt64($1) })
    }

    /// Reads `xxxxxxxx-xxxx-7xxx-xxxx-xxxxxxxxxxxx`, either case; nil for anything else.
    package init?(_ text: String) {
        let characters = Array(text.utf8)
        guard characters.count == 36 else { return nil }
        var bytes: [UInt8] = []
        var nibble: UInt8?
        for (index, character) in characters.enumerated() {
            if [8, 13, 18, 23].contains(index) {
                guard character == UInt8(ascii: "-") else { return nil }
                continue
            }
            let value: UInt8
            switch character {
            case UInt8(ascii: "0")...UInt8(ascii: "9"): value = character - UInt8(ascii: "0")
            case UInt8(ascii: "a")...UInt8(ascii: "f"): value = character - UInt8(ascii: "a") + 10
            case UInt8(ascii: "A")...UInt8(ascii: "F"): value = character - UInt8(ascii: "A") + 10
            default: return nil
            }
            if let first = nibble {
                bytes.append(first << 4 | value)
                nibble = nil
            } else {
                nibble = value
            }
        }
        self.init(bytes: bytes)
    }

    /// When it was made, as it says itself.
    package var unixMilliseconds: UInt64 { high >> 16 }

    /// 16 bytes, most significant first.
    package var bytes: [UInt8] {
        [high, low].flatMap { word in
            stride(from: 56, through: 0, by: -8).map { UInt8(truncatingIfNeeded: word >> UInt64($0)) }
        }
    }
}

extension UUIDv7: CustomStringConvertible {
    /// Lower case, with dashes.
    package var description: String {
        let digits = Array("0123456789abcdef".utf8)
        var text: [UInt8] = []
        for (index, byte) in bytes.enumerated() {
            if [4, 6, 8, 10].contains(index) { text.append(UInt8(ascii: "-")) }
            text.append(digits[Int(byte >> 4)])
            text.append(digits[Int(byte & 0xF)])
        }
        return String(decoding: text, as: UTF8.self)
    }
}

extension UUIDv7: Comparable {
    package static func < (one: UUIDv7, other: UUIDv7) -> Bool { (one.high, one.low) < (other.high, other.low) }
}
