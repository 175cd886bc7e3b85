/// RFC 8259 with a function a rule: slow, and plain enough to be seen to be right. What the scanner is compared with.
struct PlainJSON {
    struct NotJSON: Error {}

    indirect enum Value {
        case object([(name: String, value: Node)])
        case array([Node])
        case string(String)
        case number
        case bool(Bool)
        case null
    }

    struct Node {
        var value: Value
        /// Where it stands in the text, its own octets only.
        var range: Range<Int>
        /// Arrays and objects in one another, itself included.
        var depth: Int
    }

    /// What no reader here accepts; it keeps the recursion off the stack's end.
    private static let depthMax = 600

    private let text: [UInt8]
    private var at = 0

    private init(_ text: [UInt8]) { self.text = text }

    /// The value of a text that is one, nil for any other.
    static func parse(_ text: [UInt8]) -> Node? {
        guard String(validating: text, as: UTF8.self) != nil else { return nil }
        var parser = PlainJSON(text)
        do {
            let node = try parser.element(0)
            return parser.at == text.count ? node : nil
        } catch {
            return nil
        }
    }

    private var next: UInt8? { at < text.count ? text[at] : nil }

    private mutating func skip(_ character: Unicode.Scalar) -> Bool {
        guard next == UInt8(ascii: character) else { return false }
        at += 1
        return true
    }

    private mutating func require(_ holds: Bool) throws { if !holds { throw NotJSON() } }

    private mutating func blanks() { while let byte = next, [0x20, 0x09, 0x0A, 0x0D].contains(byte) { at += 1 } }

    /// element = ws value ws
    private mutating func element(_ depth: Int) throws -> Node {
        blanks()
        let node = try value(depth)
        blanks()
        return node
    }

    private mutating func value(_ depth: Int) throws -> Node {
        try require(depth < PlainJSON.depthMax)
        let start = at
        let value: Value
        var inner = -1
        switch next {
        case UInt8(ascii: "{"):
            let members = try members(depth)
            inner = members.map(\.value.depth).max() ?? 0
            value = .object(members)
        case UInt8(ascii: "["):
            let elements = try elements(depth)
            inner = elements.map(\.depth).max() ?? 0
            value = .array(elements)
        case UInt8(ascii: "\""): value = .string(try string())
        case UInt8(ascii: "t"): value = try literal("true", .bool(true))
        case UInt8(ascii: "f"): value = try literal("false", .bool(false))
        case UInt8(ascii: "n"): value = try literal("null", .null)
        default:
            try number()
            value = .number
        }
        return Node(value: value, range: start..<at, depth: inner + 1)
    }

    private mutating func elements(_ depth: Int) throws -> [Node] {
        at += 1
        blanks()
        if skip("]") { return [] }
        var elements: [Node] = []
        repeat { elements.append(try element(depth + 1)) } while skip(",")
        try require(skip("]"))
        return elements
    }

    private mutating func members(_ depth: Int) throws -> [(name: String, value: Node)] {
        at += 1
        blanks()
        if skip("}") { return [] }
        var members: [(name: String, value: Node)] = []
        repeat {
            blanks()
            try require(next == UInt8(ascii: "\""))
            let name = try string()
            blanks()
            try require(skip(":"))
            members.append((name, try element(depth + 1)))
        } while skip(",")
        try require(skip("}"))
        return members
    }

    private mutating func literal(_ word: String, _ value: Value) throws -> Value {
        for byte in word.utf8 {
            try require(next == byte)
            at += 1
        }
        return value
    }

    private mutating func digits() throws {
        let start = at
        while let byte = next, (0x30...0x39).contains(byte) { at += 1 }
        try require(at > start)
    }

    /// number = [ - ] ( 0 | 1-9 digits ) [ . digits ] [ e [ + - ] digits ]
    private mutating func number() throws {
        _ = skip("-")
        if !skip("0") { try digits() }
        if skip(".") { try digits() }
        if skip("e") || skip("E") {
            if !skip("+") { _ = skip("-") }
            try digits()
        }
    }

    private mutating func string() throws -> String {
        at += 1
        // Code units of UTF-16, as escapes name them; a lone surrogate becomes U+FFFD when they become a string.
        var units: [UInt16] = []
        var plain: [UInt8] = []
        while let byte = next {
            at += 1
            try require(byte >= 0x20)
            if byte == UInt8(ascii: "\"") {
                units += String(decoding: plain, as: UTF8.self).utf16
                return String(decoding: units, as: UTF16.self)
            }
            if byte == UInt8(ascii: "\\") {
                units += String(decoding: plain, as: UTF8.self).utf16
                plain = []
                units.append(try escape())
            } else {
                plain.append(byte)
            }
        }
        throw NotJSON()
    }

    private mutating func escape() throws -> UInt16 {
        guard let byte = next else { throw NotJSON() }
        at += 1
        switch Unicode.Scalar(byte) {
        case "\"", "\\", "/": return UInt16(byte)
        case "b": return 0x08
        case "f": return 0x0C
        case "n": return 0x0A
        case "r": return 0x0D
        case "t": return 0x09
        case "u":
            let digits = text[at..<min(at + 4, text.count)]
            guard digits.count == 4, digits.allSatisfy({ Character(Unicode.Scalar($0)).isHexDigit && $0 < 0x80 }),
                let unit = UInt16(String(decoding: digits, as: UTF8.self), radix: 16)
            else { throw NotJSON() }
            at += 4
            return unit
        default: throw NotJSON()
        }
    }
}
