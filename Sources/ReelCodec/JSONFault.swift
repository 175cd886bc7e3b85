/// Where and why a text is not JSON as RFC 8259 has it.
package struct JSONFault: Error, Sendable, Equatable {
    /// Of the byte that cannot stand there; the size of the text where it ends too early.
    package var offsetBytes: Int
    /// What rule is broken.
    package var reason: Reason

    /// The raw value is a sentence's end for people: "at byte 17: a colon is missing".
    package enum Reason: String, Sendable, CaseIterable {
        case empty = "no JSON value"
        case endsEarly = "the text ends inside a value"
        case invalidUTF8 = "invalid UTF-8"
        case byteOrderMark = "a byte order mark"
        case controlCharacter = "a control character in a string, which must be escaped"
        case unclosedString = "a string without end"
        case badEscape = "an escape that JSON does not know"
        case badNumber = "not a number as JSON writes it"
        case badLiteral = "not true, false or null"
        case expectedValue = "a value is missing"
        case expectedKey = "a member name in quotes is missing"
        case expectedColon = "a colon is missing"
        case expectedCommaOrEnd = "a comma or the end of the array or object is missing"
        case trailing = "something follows the value"
        case tooDeep = "nested deeper than the limit"
        case tooLong = "longer than the limit"
    }

    /// A fault at a byte of the text.
    package init(_ reason: Reason, at offsetBytes: Int) {
        self.reason = reason
        self.offsetBytes = offsetBytes
    }

    /// Finds what the fast index only says is there: bad UTF-8, a raw control character in a string, an unclosed string.
    static func locate(in text: UnsafeBufferPointer<UInt8>) -> JSONFault {
        var stringStart: Int?
        var offset = 0
        while offset < text.count {
            let byte = text[offset]
            if byte >= 0x80 {
                let size = utf8Size(in: text, at: offset)
                if size == 0 { return JSONFault(.invalidUTF8, at: offset) }
                offset += size
                continue
            }
            if stringStart != nil {
                if byte < 0x20 { return JSONFault(.controlCharacter, at: offset) }
                if byte == UInt8(ascii: "\\"), offset + 1 < text.count, text[offset + 1] >= 0x20,
                    text[offset + 1] < 0x80
                {
                    offset += 1
                } else if byte == UInt8(ascii: "\"") {
                    stringStart = nil
                }
            } else if byte == UInt8(ascii: "\"") {
                stringStart = offset
            } else if byte == UInt8(ascii: "\\") {
                return JSONFault(.expectedValue, at: offset)
            }
            offset += 1
        }
        if let stringStart { return JSONFault(.unclosedString, at: stringStart) }
        return JSONFault(.expectedValue, at: 0)
    }

    /// How many bytes the scalar at `offset` has, 0 if it is none (Unicode 15 table 3-7).
    private static func utf8Size(in text: UnsafeBufferPointer<UInt8>, at offset: Int) -> Int {
        func byte(_ index: Int) -> UInt8 { offset + index < text.count ? text[offset + index] : 0 }
        func isContinuation(_ index: Int) -> Bool { byte(index) & 0xC0 == 0x80 }
        let second = byte(1)
        switch byte(0) {
        case 0xC2...0xDF: return isContinuation(1) ? 2 : 0
        case 0xE0: return (0xA0...0xBF).contains(second) && isContinuation(2) ? 3 : 0
        case 0xED: return (0x80...0x9F).contains(second) && isContinuation(2) ? 3 : 0
        case 0xE1...0xEF: return isContinuation(1) && isContinuation(2) ? 3 : 0
        case 0xF0: return (0x90...0xBF).contains(second) && isContinuation(2) && isContinuation(3) ? 4 : 0
        case 0xF1...0xF3: return isContinuation(1) && isContinuation(2) && isContinuation(3) ? 4 : 0
        case 0xF4: return (0x80...0x8F).contains(second) && isContinuation(2) && isContinuation(3) ? 4 : 0
        default: return 0
        }
    }
}
