/// One JSON text with the positions of its structure, and a cursor that walks it and checks the grammar (RFC 8259).
///
/// What the indexer has checked already: UTF-8, that strings end, no control characters in them, escapes. What is
/// checked here: the order of brackets, commas, colons and values, numbers, literals, depth.
///
/// Lives inside one function beside the text and the indexer it points into.
struct JSONTape: ~Copyable {
    let text: UnsafePointer<UInt8>
    let size: Int
    private let positions: UnsafePointer<UInt32>
    let count: Int
    /// For each open container, whether the one around it is an object.
    private let containers: UnsafeMutablePointer<Bool>
    /// Index of the next position that was not consumed.
    var cursor = 0

    init(
        text: UnsafePointer<UInt8>, size: Int, positions: UnsafePointer<UInt32>, count: Int,
        containers: UnsafeMutablePointer<Bool>
    ) {
        self.text = text
        self.size = size
        self.positions = positions
        self.count = count
        self.containers = containers
    }

    /// Where in the text position `index` is.
    @inline(__always) func offset(_ index: Int) throws(JSONFault) -> Int {
        guard index < count else { throw JSONFault(.endsEarly, at: size) }
        return Int(positions[index])
    }

    /// The byte under the cursor; nil at the end.
    var byte: UInt8? { cursor < count ? text[Int(positions[cursor])] : nil }

    /// Consumes the byte under the cursor if it is this one.
    mutating func consume(_ expected: Unicode.Scalar) -> Bool {
        guard byte == UInt8(ascii: expected) else { return false }
        cursor += 1
        return true
    }

    /// - Throws: `.trailing` unless the cursor is at the end.
    func expectEnd() throws(JSONFault) {
        guard cursor == count else { throw JSONFault(.trailing, at: try offset(cursor)) }
    }

    /// Walks over the value under the cursor, telling `observer` of its members.
    mutating func walk<Observer: MemberObserver>(
        _ observer: inout Observer, depthMax: Int = JSONIndexer.depthMax
    ) throws(JSONFault) {
        var index = cursor
        var depth = 0
        var isObject = false
        value: while true {
            let start = try offset(index)
            index += 1
            switch text[start] {
            case UInt8(ascii: "\""): break
            case UInt8(ascii: "{"):
                guard depth < depthMax else { throw JSONFault(.tooDeep, at: start) }
                depth += 1
                containers[depth] = isObject
                isObject = true
                if text[try offset(index)] != UInt8(ascii: "}") {
                    try name(&index, depth: depth, &observer)
                    continue value
                }
                index += 1
                isObject = containers[depth]
                depth -= 1
            case UInt8(ascii: "["):
                guard depth < depthMax else { throw JSONFault(.tooDeep, at: start) }
                depth += 1
                containers[depth] = isObject
                isObject = false
                if text[try offset(index)] != UInt8(ascii: "]") { continue value }
                index += 1
                isObject = containers[depth]
                depth -= 1
            default: try JSONScalar.check(text, at: start, size: size)
            }
            while depth > 0 {
                let after = try offset(index)
                index += 1
                let byte = text[after]
                if byte == UInt8(ascii: ",") {
                    if isObject { try name(&index, depth: depth, &observer) }
                    continue value
                }
                guard byte == (isObject ? UInt8(ascii: "}") : UInt8(ascii: "]")) else {
                    throw JSONFault(.expectedCommaOrEnd, at: after)
                }
                isObject = containers[depth]
                depth -= 1
            }
            cursor = index
            return
        }
    }

    /// Walks over the value under the cursor.
    mutating func walk(depthMax: Int = JSONIndexer.depthMax) throws(JSONFault) {
        var nobody = Unobserved()
        try walk(&nobody, depthMax: depthMax)
    }

    /// Steps over a member's name and colon.
    @inline(__always) private borrowing func name<Observer: MemberObserver>(
        _ index: inout Int, depth: Int, _ observer: inout Observer
    ) throws(JSONFault) {
        let start = try offset(index)
        guard text[start] == UInt8(ascii: "\"") else { throw JSONFault(.expectedKey, at: start) }
        let colon = try offset(index + 1)
        guard text[colon] == UInt8(ascii: ":") else { throw JSONFault(.expectedColon, at: colon) }
        if depth <= Observer.depthMax {
            let name = contentOfString(from: start, before: colon)
            observer.member(named: name, depth: depth, value: index + 2)
        }
        index += 2
    }

    /// Steps over a member's name and colon and returns the name as it stands between its quotes.
    mutating func memberName() throws(JSONFault) -> UnsafeBufferPointer<UInt8> {
        let start = try offset(cursor)
        var nobody = Unobserved()
        var index = cursor
        try name(&index, depth: 1, &nobody)
        cursor = index
        return contentOfString(from: start, before: try offset(cursor - 1))
    }

    /// What stands between the quotes of the string that opens at `start`, where `next` is the position after it.
    @inline(__always) func contentOfString(from start: Int, before next: Int) -> UnsafeBufferPointer<UInt8> {
        var close = next - 1
        while text[close] != UInt8(ascii: "\"") { close -= 1 }
        return UnsafeBufferPointer(start: text + start + 1, count: close - start - 1)
    }

    /// The content of the string whose position is `index`; nil if something else is there.
    func string(at index: Int) -> UnsafeBufferPointer<UInt8>? {
        guard index >= 0, index < count else { return nil }
        let start = Int(positions[index])
        guard text[start] == UInt8(ascii: "\"") else { return nil }
        let next = index + 1 < count ? Int(positions[index + 1]) : size
        return contentOfString(from: start, before: next)
    }

    /// The number whose position is `index`; nil if something else is there.
    func number(at index: Int) -> JSONNumber? {
        guard index >= 0, index < count else { return nil }
        return JSONNumber(text, at: Int(positions[index]), size: size)
    }
}

/// Is told of the members of objects in a walk.
protocol MemberObserver {
    /// Members of objects nested deeper than this are not told; the outermost value is at depth 1.
    static var depthMax: Int { get }

    /// - Parameters:
    ///   - name: as it stands between the quotes, escapes and all.
    ///   - value: the index of the value's position; it was not walked yet.
    mutating func member(named name: UnsafeBufferPointer<UInt8>, depth: Int, value: Int)
}

private struct Unobserved: MemberObserver {
    static var depthMax: Int { 0 }
    mutating func member(named name: UnsafeBufferPointer<UInt8>, depth: Int, value: Int) {}
}
