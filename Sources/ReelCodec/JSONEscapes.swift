import Glibc

/// The escapes in JSON strings (RFC 8259 §7).
enum JSONEscapes {
    /// The first backslash that begins no escape.
    ///
    /// Strings need not be found for this: a backslash outside of them is no JSON either way, and the grammar sees it.
    static func firstBad(in text: UnsafeBufferPointer<UInt8>) -> Int? {
        guard let base = text.baseAddress else { return nil }
        var offset = 0
        while let found = memchr(base + offset, 0x5C, text.count - offset) {
            offset = UnsafePointer(found.assumingMemoryBound(to: UInt8.self)) - base
            guard offset + 1 < text.count else { return offset }
            switch base[offset + 1] {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"), UInt8(ascii: "b"), UInt8(ascii: "f"),
                UInt8(ascii: "n"), UInt8(ascii: "r"), UInt8(ascii: "t"):
                offset += 2
            case UInt8(ascii: "u"):
                guard offset + 6 <= text.count, unit(base + offset + 2) != nil else { return offset }
                offset += 6
            default: return offset
            }
        }
        return nil
    }

    /// The characters between a string's quotes, escapes resolved; a lone surrogate becomes U+FFFD.
    ///
    /// - Parameter content: valid UTF-8 with valid escapes.
    static func decode(_ content: UnsafeBufferPointer<UInt8>) -> String {
        guard let base = content.baseAddress, memchr(base, 0x5C, content.count) != nil else {
            return String(decoding: content, as: UTF8.self)
        }
        var units: [UInt8] = []
        units.reserveCapacity(content.count)
        var offset = 0
        while offset < content.count {
            let byte = base[offset]
            guard byte == 0x5C, offset + 1 < content.count else {
                units.append(byte)
                offset += 1
                continue
            }
            switch base[offset + 1] {
            case UInt8(ascii: "b"): units.append(0x08)
            case UInt8(ascii: "f"): units.append(0x0C)
            case UInt8(ascii: "n"): units.append(0x0A)
            case UInt8(ascii: "r"): units.append(0x0D)
            case UInt8(ascii: "t"): units.append(0x09)
            case UInt8(ascii: "u"):
                offset = appendUnicode(base, content.count, at: offset, to: &units)
                continue
            case let character: units.append(character)
            }
            offset += 2
        }
        return String(decoding: units, as: UTF8.self)
    }

    /// Appends the scalar of the `\u` escape, or the pair of them, at `offset`; returns where the next character is.
    private static func appendUnicode(
        _ base: UnsafePointer<UInt8>, _ count: Int, at offset: Int, to units: inout [UInt8]
    ) -> Int {
        guard offset + 6 <= count, let first = unit(base + offset + 2) else { return count }
        var scalar = UInt32(first)
        var next = offset + 6
        if first & 0xFC00 == 0xD800, next + 6 <= count, base[next] == 0x5C, base[next + 1] == UInt8(ascii: "u"),
            let second = unit(base + next + 2), second & 0xFC00 == 0xDC00
        {
            scalar = 0x10000 + (UInt32(first & 0x3FF) << 10 | UInt32(second & 0x3FF))
            next += 6
        }
        units.append(contentsOf: UTF8.encode(Unicode.Scalar(scalar) ?? "\u{FFFD}") ?? UTF8.encodedReplacementCharacter)
        return next
    }

    /// The value of four hexadecimal digits.
    private static func unit(_ digits: UnsafePointer<UInt8>) -> UInt16? {
        var value: UInt16 = 0
        for index in 0..<4 {
            let digit = digits[index]
            switch digit {
            case UInt8(ascii: "0")...UInt8(ascii: "9"): value = value << 4 | UInt16(digit - 0x30)
            case UInt8(ascii: "a")...UInt8(ascii: "f"): value = value << 4 | UInt16(digit - 0x57)
            case UInt8(ascii: "A")...UInt8(ascii: "F"): value = value << 4 | UInt16(digit - 0x37)
            default: return nil
            }
        }
        return value
    }
}
