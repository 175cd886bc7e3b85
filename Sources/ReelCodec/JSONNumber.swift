/// Numbers and literals: what simdjson's structure leaves between the brackets.
enum JSONScalar {
    /// Checks the number or literal that begins at `start`.
    static func check(_ text: UnsafePointer<UInt8>, at start: Int, size: Int) throws(JSONFault) {
        var end = start
        switch text[start] {
        case UInt8(ascii: "t"): end = literal("true", text, at: start, size: size)
        case UInt8(ascii: "f"): end = literal("false", text, at: start, size: size)
        case UInt8(ascii: "n"): end = literal("null", text, at: start, size: size)
        case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"):
            end = numberEnd(text, at: start, size: size)
            guard end > start, endsThere(text, end, size) else { throw JSONFault(.badNumber, at: start) }
            return
        case 0xEF where start == 0: throw JSONFault(.byteOrderMark, at: start)
        default: throw JSONFault(.expectedValue, at: start)
        }
        guard end > start, endsThere(text, end, size) else { throw JSONFault(.badLiteral, at: start) }
    }

    private static func literal(_ name: StaticString, _ text: UnsafePointer<UInt8>, at start: Int, size: Int) -> Int {
        guard size - start >= name.utf8CodeUnitCount else { return start }
        for index in 0..<name.utf8CodeUnitCount where text[start + index] != name.utf8Start[index] { return start }
        return start + name.utf8CodeUnitCount
    }

    @inline(__always) private static func isDigit(_ text: UnsafePointer<UInt8>, _ offset: Int, _ size: Int) -> Bool {
        offset < size && text[offset] &- 0x30 < 10
    }

    /// Where the number ends that begins at `start`; `start` if it is none.
    @inline(__always) private static func numberEnd(_ text: UnsafePointer<UInt8>, at start: Int, size: Int) -> Int {
        var offset = start
        if text[offset] == UInt8(ascii: "-") { offset += 1 }
        guard isDigit(text, offset, size) else { return start }
        if text[offset] == UInt8(ascii: "0") {
            offset += 1
        } else {
            while isDigit(text, offset, size) { offset += 1 }
        }
        if offset < size, text[offset] == UInt8(ascii: ".") {
            offset += 1
            guard isDigit(text, offset, size) else { return start }
            while isDigit(text, offset, size) { offset += 1 }
        }
        if offset < size, text[offset] | 0x20 == UInt8(ascii: "e") {
            offset += 1
            if offset < size, text[offset] == UInt8(ascii: "+") || text[offset] == UInt8(ascii: "-") { offset += 1 }
            guard isDigit(text, offset, size) else { return start }
            while isDigit(text, offset, size) { offset += 1 }
        }
        return offset
    }

    /// Whether a scalar may end before `offset`: at the end, white space, or a structural character.
    @inline(__always) private static func endsThere(_ text: UnsafePointer<UInt8>, _ offset: Int, _ size: Int) -> Bool {
        guard offset < size else { return true }
        switch text[offset] {
        case UInt8(ascii: ","), UInt8(ascii: "}"), UInt8(ascii: "]"), 0x20, 0x0A, 0x0D, 0x09: return true
        // The grammar refuses these with a better reason.
        case UInt8(ascii: ":"), UInt8(ascii: "{"), UInt8(ascii: "["): return true
        default: return false
        }
    }
}

/// A number of JSON text, exactly: ± digits × 10^exponent. Digits beyond what 64 bits hold are dropped and remembered.
struct JSONNumber {
    private(set) var isNegative = false
    private(set) var digits: UInt64 = 0
    private(set) var exponent = 0
    /// Whether what was dropped was more than zeros.
    private(set) var hasMore = false
    /// Below it, one more digit fits.
    private static let digitsLimit = UInt64.max / 10
    /// Exponents are clamped far beyond anything an Int64 holds, so that arithmetic on them cannot overflow.
    private static let exponentLimit = 1_000_000_000

    /// Nil where no number begins. A number must be valid there: the grammar has seen it.
    init?(_ text: UnsafePointer<UInt8>, at start: Int, size: Int) {
        var offset = start
        if text[offset] == UInt8(ascii: "-") {
            isNegative = true
            offset += 1
        }
        guard offset < size, text[offset] &- 0x30 < 10 else { return nil }
        var fraction = 0
        scan: while offset < size {
            let byte = text[offset]
            switch byte {
            case UInt8(ascii: "0")...UInt8(ascii: "9"):
                if digits < JSONNumber.digitsLimit {
                    digits = digits &* 10 &+ UInt64(byte &- 0x30)
                    exponent &-= fraction
                } else {
                    hasMore = hasMore || byte != UInt8(ascii: "0")
                    exponent &+= 1 &- fraction
                }
            case UInt8(ascii: "."): fraction = 1
            case UInt8(ascii: "e"), UInt8(ascii: "E"):
                exponent += JSONNumber.exponent(text, at: offset + 1, size: size)
                break scan
            default: break scan
            }
            offset += 1
        }
    }

    private static func exponent(_ text: UnsafePointer<UInt8>, at start: Int, size: Int) -> Int {
        var offset = start
        let isNegative = text[offset] == UInt8(ascii: "-")
        if isNegative || text[offset] == UInt8(ascii: "+") { offset += 1 }
        var value = 0
        while offset < size, text[offset] &- 0x30 < 10 {
            value = min(value * 10 + Int(text[offset] &- 0x30), exponentLimit)
            offset += 1
        }
        return isNegative ? -value : value
    }

    /// The number times 10^power towards zero, clamped to Int64, and whether a fraction was cut off.
    func scaled(byPowerOfTen power: Int) -> (value: Int64, isCut: Bool) {
        guard digits != 0 else { return (0, false) }
        let limit: (Int64, Bool) = (isNegative ? .min : .max, true)
        var value = digits
        var isCut = hasMore
        var power = exponent + power
        while power > 0 {
            let (product, overflow) = value.multipliedReportingOverflow(by: 10)
            if overflow || product > UInt64(Int64.max) { return limit }
            value = product
            power -= 1
        }
        while power < 0, value != 0 {
            isCut = isCut || value % 10 != 0
            value /= 10
            power += 1
        }
        guard let magnitude = Int64(exactly: value) else { return limit }
        return (isNegative ? -magnitude : magnitude, isCut)
    }

    /// The number if it is one of 0 ... 254, else 255.
    var smallInteger: UInt8 {
        let (value, isCut) = scaled(byPowerOfTen: 0)
        return isCut || value < 0 || value > 254 ? 255 : UInt8(value)
    }

    /// An rrweb timestamp in microseconds: numbers up to 9,999,999,999 are seconds, greater ones milliseconds. What is
    /// finer than a microsecond is cut off.
    var timestampMicroseconds: Int64 {
        let (seconds, isCut) = scaled(byPowerOfTen: 0)
        let isSeconds = seconds < 9_999_999_999 || seconds == 9_999_999_999 && !isCut
        return scaled(byPowerOfTen: isSeconds ? 6 : 3).value
    }

    /// CSS pixels, clamped to what 16 bits hold.
    var pixels: UInt16 { UInt16(clamping: scaled(byPowerOfTen: 0).value) }
}
