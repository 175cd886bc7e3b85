/// Header fields in their order, kept as the bytes of the wire (`Name: value CR LF` each), so that a head is parsed and
/// written without a string for any field that nobody asks for.
package struct Headers: Sendable {
    private var bytes: [UInt8]
    private var range: Range<Int>

    package init() {
        bytes = []
        range = 0..<0
    }

    /// Takes validated field lines out of a message's head.
    init(wire bytes: [UInt8], _ range: Range<Int>) {
        self.bytes = bytes
        self.range = range
    }

    /// Adds a field behind the others.
    ///
    /// - Parameter name: a token, from the program and not from a peer (anything else traps).
    /// - Parameter value: a control character in it becomes a space, so that no value can begin a field of its own.
    package mutating func append(_ name: String, _ value: String) {
        precondition(!name.isEmpty && name.utf8.allSatisfy(Octet.isToken), "not a field name: \(name)")
        if range.count != bytes.count { bytes = Array(bytes[range]) }
        bytes.append(contentsOf: name.utf8)
        bytes.append(Octet.colon)
        bytes.append(Octet.space)
        let start = bytes.count
        bytes.append(contentsOf: value.utf8)
        for index in start..<bytes.count where !Octet.isLineText(bytes[index]) { bytes[index] = Octet.space }
        bytes.append(Octet.carriageReturn)
        bytes.append(Octet.lineFeed)
        range = 0..<bytes.count
    }

    /// The first value under a name in any case, without blanks around it. Of a field that is a list, use `values`.
    package subscript(name: String) -> String? {
        let lowercase = name.lowercased()
        var lines = Lines(bytes: bytes, position: range.lowerBound, end: range.upperBound)
        while let line = lines.next() {
            if Octet.equalsIgnoringCase(bytes, line.name, lowercase) {
                return String(decoding: bytes[line.value], as: UTF8.self)
            }
        }
        return nil
    }

    /// All values under a name in any case, in order.
    package func values(_ name: String) -> [String] {
        let lowercase = name.lowercased()
        var found: [String] = []
        var lines = Lines(bytes: bytes, position: range.lowerBound, end: range.upperBound)
        while let line = lines.next() {
            guard Octet.equalsIgnoringCase(bytes, line.name, lowercase) else { continue }
            found.append(String(decoding: bytes[line.value], as: UTF8.self))
        }
        return found
    }

    /// All fields, for printing and tests.
    package var all: [(name: String, value: String)] {
        var lines = Lines(bytes: bytes, position: range.lowerBound, end: range.upperBound)
        var found: [(name: String, value: String)] = []
        while let line = lines.next() {
            found.append(
                (
                    String(decoding: bytes[line.name], as: UTF8.self),
                    String(decoding: bytes[line.value], as: UTF8.self)
                ))
        }
        return found
    }

    /// Puts the field lines behind a start line.
    func write(to output: inout [UInt8]) {
        if range.count == bytes.count {
            output.append(contentsOf: bytes)
        } else {
            output.append(contentsOf: bytes[range])
        }
    }

    /// Walks validated field lines; the ranges leave out the blanks around a value.
    private struct Lines {
        let bytes: [UInt8]
        var position: Int
        let end: Int

        mutating func next() -> (name: Range<Int>, value: Range<Int>)? {
            guard position < end else { return nil }
            var colon = position
            while bytes[colon] != Octet.colon { colon += 1 }
            var stop = colon
            while bytes[stop] != Octet.carriageReturn { stop += 1 }
            let name = position..<colon
            position = stop + 2
            var start = colon + 1
            while start < stop, Octet.isBlank(bytes[start]) { start += 1 }
            while stop > start, Octet.isBlank(bytes[stop - 1]) { stop -= 1 }
            return (name, start..<stop)
        }
    }
}

extension Headers: ExpressibleByDictionaryLiteral {
    package init(dictionaryLiteral elements: (String, String)...) {
        self.init()
        for (name, value) in elements { append(name, value) }
    }
}
