/// Appends JSON to bytes; the caller keeps brackets and names in pairs, the writer sets the commas.
///
///     var json = JSONWriter()
///     json.object { json in
///         json.member("number", 7)
///         json.member("tags") { json in json.array { json in json.string("slow") } }
///     }
package struct JSONWriter: Sendable {
    /// What was written so far, UTF-8.
    package private(set) var bytes: [UInt8] = []
    /// Whether the next name or value follows another one.
    private var needsComma = false

    /// - Parameter capacityBytes: room to begin with; it grows.
    package init(capacityBytes: Int = 256) { bytes.reserveCapacity(capacityBytes) }

    /// Writes an object; `body` writes its members.
    package mutating func object<Failure: Error>(_ body: (inout JSONWriter) throws(Failure) -> Void) throws(Failure) {
        open("{")
        try body(&self)
        close("}")
    }

    /// Writes an array; `body` writes its elements.
    package mutating func array<Failure: Error>(_ body: (inout JSONWriter) throws(Failure) -> Void) throws(Failure) {
        open("[")
        try body(&self)
        close("]")
    }

    /// Writes a member's name; exactly one value must follow.
    package mutating func name(_ name: String) {
        string(name)
        bytes.append(UInt8(ascii: ":"))
        needsComma = false
    }

    /// Writes a string; only what must be escaped is.
    package mutating func string(_ text: String) {
        separate()
        bytes.append(UInt8(ascii: "\""))
        var text = text
        text.withUTF8 { escape($0) }
        bytes.append(UInt8(ascii: "\""))
    }

    /// Writes an integer, all digits of it.
    package mutating func integer(_ value: some FixedWidthInteger) { raw(String(value)) }

    /// Writes true or false.
    package mutating func bool(_ value: Bool) { raw(value ? "true" : "false") }

    /// Writes null.
    package mutating func null() { raw("null") }

    /// Writes the shortest text that reads as the same number; null for what JSON has no number for.
    package mutating func double(_ value: Double) { raw(value.isFinite ? value.description : "null") }

    /// Writes text that is one JSON value already.
    package mutating func raw(_ json: [UInt8]) {
        separate()
        bytes.append(contentsOf: json)
    }

    /// Writes a value; numbers as they were written.
    package mutating func value(_ value: JSONValue) {
        switch value {
        case .null: null()
        case .bool(let value): bool(value)
        case .number(let text): raw(text)
        case .string(let text): string(text)
        case .array(let elements):
            array { json in
                for element in elements { json.value(element) }
            }
        case .object(let members):
            object { json in
                for member in members { json.member(member.name, member.value) }
            }
        }
    }

    /// Writes a member that is a string.
    package mutating func member(_ name: String, _ text: String) {
        self.name(name)
        string(text)
    }

    /// Writes a member that is an integer.
    package mutating func member(_ name: String, _ number: some FixedWidthInteger) {
        self.name(name)
        integer(number)
    }

    /// Writes a member that is true or false.
    package mutating func member(_ name: String, _ value: Bool) {
        self.name(name)
        bool(value)
    }

    /// Writes a member of any value.
    package mutating func member(_ name: String, _ value: JSONValue) {
        self.name(name)
        self.value(value)
    }

    /// Writes a member whose one value `body` writes.
    package mutating func member<Failure: Error>(
        _ name: String, _ body: (inout JSONWriter) throws(Failure) -> Void
    ) throws(Failure) {
        self.name(name)
        try body(&self)
    }

    private mutating func raw(_ json: String) {
        separate()
        bytes.append(contentsOf: json.utf8)
    }

    private mutating func open(_ bracket: Unicode.Scalar) {
        separate()
        bytes.append(UInt8(ascii: bracket))
        needsComma = false
    }

    private mutating func close(_ bracket: Unicode.Scalar) {
        bytes.append(UInt8(ascii: bracket))
        needsComma = true
    }

    private mutating func separate() {
        if needsComma { bytes.append(UInt8(ascii: ",")) }
        needsComma = true
    }

    private mutating func escape(_ text: UnsafeBufferPointer<UInt8>) {
        var start = 0
        for index in text.indices {
            let byte = text[index]
            guard byte < 0x20 || byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") else { continue }
            bytes.append(contentsOf: text[start..<index])
            start = index + 1
            bytes.append(UInt8(ascii: "\\"))
            switch byte {
            case 0x08: bytes.append(UInt8(ascii: "b"))
            case 0x09: bytes.append(UInt8(ascii: "t"))
            case 0x0A: bytes.append(UInt8(ascii: "n"))
            case 0x0C: bytes.append(UInt8(ascii: "f"))
            case 0x0D: bytes.append(UInt8(ascii: "r"))
            case 0x00..<0x20:
                let digits = Array("0123456789abcdef".utf8)
                bytes.append(contentsOf: "u00".utf8)
                bytes.append(digits[Int(byte >> 4)])
                bytes.append(digits[Int(byte & 0xF)])
            default: bytes.append(byte)
            }
        }
        bytes.append(contentsOf: text[start...])
    }
}
