/// The octets HTTP gives a meaning to, and the classes of RFC 9110 §5.6 and RFC 9112.
enum Octet {
    static let tab: UInt8 = 0x09
    static let lineFeed: UInt8 = 0x0A
    static let carriageReturn: UInt8 = 0x0D
    static let space: UInt8 = 0x20
    static let colon: UInt8 = 0x3A
    static let semicolon: UInt8 = 0x3B
    static let comma: UInt8 = 0x2C
    static let percent: UInt8 = 0x25
    static let slash: UInt8 = 0x2F
    static let dot: UInt8 = 0x2E
    static let question: UInt8 = 0x3F
    static let numberSign: UInt8 = 0x23

    /// tchar: what names of fields and methods are made of.
    @inline(__always) static func isToken(_ octet: UInt8) -> Bool {
        octet < 0x40
            // ! # $ % & ' * + - . and the digits
            ? (0x03FF_6CFA_0000_0000 as UInt64) >> UInt64(octet) & 1 == 1
                // A-Z ^ _ ` a-z | ~
            : octet < 0x80 && (0x57FF_FFFF_C7FF_FFFE as UInt64) >> UInt64(octet & 0x3F) & 1 == 1
    }

    /// What a line may hold: field-vchar, obs-text, SP and HTAB; no other control.
    @inline(__always) static func isLineText(_ octet: UInt8) -> Bool {
        octet >= 0x20 && octet != 0x7F || octet == tab
    }

    @inline(__always) static func isBlank(_ octet: UInt8) -> Bool { octet == space || octet == tab }

    @inline(__always) static func isDigit(_ octet: UInt8) -> Bool { octet &- 0x30 < 10 }

    @inline(__always) static func lowercased(_ octet: UInt8) -> UInt8 {
        octet &- 0x41 < 26 ? octet | 0x20 : octet
    }

    @inline(__always) static func hexValue(_ octet: UInt8) -> UInt8? {
        if isDigit(octet) { return octet &- 0x30 }
        let letter = (octet | 0x20) &- 0x61
        return letter < 6 ? letter + 10 : nil
    }

    /// Whether a run of octets is `text` in any case; `text` is in lower case.
    static func equalsIgnoringCase(_ bytes: [UInt8], _ range: Range<Int>, _ text: String) -> Bool {
        guard range.count == text.utf8.count else { return false }
        var index = range.lowerBound
        for octet in text.utf8 {
            if lowercased(bytes[index]) != octet { return false }
            index += 1
        }
        return true
    }
}
