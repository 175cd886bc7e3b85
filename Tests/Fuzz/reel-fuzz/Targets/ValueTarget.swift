import ReelCodec

/// Small JSON texts as values: the same verdict and the same value as the plain reading, and what is written reads back.
enum ValueTarget {
    static func run(_ bytes: [UInt8]) {
        let depthMax = Int(bytes.first ?? 0) % 40
        let text = Array(bytes.dropFirst())
        let plain = PlainJSON.parse(text).flatMap { $0.depth <= depthMax ? $0 : nil }
        let value: JSONValue
        do throws(JSONFault) {
            value = try JSONValue(parsing: text, depthMax: depthMax)
        } catch {
            claim(plain == nil, "JSON is refused: \(error)")
            return claim((0...text.count).contains(error.offsetBytes), "a fault at \(error.offsetBytes)")
        }
        let node = claimed(plain, "what is no JSON is taken")
        claim(isSame(value, node, text), "the value is another one")
        var writer = JSONWriter()
        writer.value(value)
        let again = claimed("what was written is read") { try JSONValue(parsing: writer.bytes, depthMax: depthMax) }
        claim(again == value, "a value changes when it is written")
        let size = text.count
        claim((try? JSONValue(parsing: text, sizeMaxBytes: size - 1, depthMax: depthMax)) == nil, "the limit is missed")
        claim((try? JSONValue(parsing: text, sizeMaxBytes: size, depthMax: depthMax)) == value, "the limit is too low")
        if let integer = value.integer, case .number(let digits) = value, let plain = Int64(digits) {
            claim(integer == plain, "\(digits) becomes \(integer)")
        }
        _ = value.double
    }

    private static func isSame(_ value: JSONValue, _ node: PlainJSON.Node, _ text: [UInt8]) -> Bool {
        switch (value, node.value) {
        case (.null, .null): true
        case (.bool(let one), .bool(let other)): one == other
        case (.number(let digits), .number): digits.utf8.elementsEqual(text[node.range])
        case (.string(let one), .string(let other)): one.utf8.elementsEqual(other.utf8)
        case (.array(let elements), .array(let nodes)):
            elements.count == nodes.count && zip(elements, nodes).allSatisfy { isSame($0, $1, text) }
        case (.object(let members), .object(let nodes)):
            members.count == nodes.count
                && zip(members, nodes).allSatisfy {
                    $0.name.utf8.elementsEqual($1.name.utf8) && isSame($0.value, $1.value, text)
                }
        default: false
        }
    }
}
