/// Steps through values that a walk has found valid.
extension JSONTape {
    /// Calls `body` with each member's name, as it stands between the quotes, and the index of its value; not at all if
    /// something else than an object is at `index`.
    func forEachMember(
        ofObjectAt index: Int, _ body: (_ name: UnsafeBufferPointer<UInt8>, _ value: Int) -> Void
    ) {
        guard self[index] == UInt8(ascii: "{") else { return }
        var next = index + 1
        while let name = string(at: next) {
            body(name, next + 2)
            next = indexAfterValue(at: next + 2)
            guard self[next] == UInt8(ascii: ",") else { return }
            next += 1
        }
    }

    /// Calls `body` with the index of each element; not at all if something else than an array is at `index`.
    func forEachElement(ofArrayAt index: Int, _ body: (_ element: Int) -> Void) {
        guard self[index] == UInt8(ascii: "["), self[index + 1] != UInt8(ascii: "]") else { return }
        var next = index + 1
        while next < count {
            body(next)
            next = indexAfterValue(at: next)
            guard self[next] == UInt8(ascii: ",") else { return }
            next += 1
        }
    }

    /// The text of the number or literal at position `index`.
    func scalarText(at index: Int) -> String {
        guard let start = try? offset(index) else { return "" }
        var end = start
        while end < size, !", \n\r\t]}".utf8.contains(text[end]) { end += 1 }
        return String(decoding: UnsafeBufferPointer(start: text + start, count: end - start), as: UTF8.self)
    }

    /// The byte at position `index`; nil outside the tape.
    subscript(index: Int) -> UInt8? {
        guard index >= 0, let offset = try? offset(index) else { return nil }
        return text[offset]
    }

    /// The index after the value at `index`.
    private func indexAfterValue(at index: Int) -> Int {
        var index = index
        var depth = 0
        repeat {
            switch self[index] {
            case UInt8(ascii: "{"), UInt8(ascii: "["): depth += 1
            case UInt8(ascii: "}"), UInt8(ascii: "]"): depth -= 1
            case nil: return count
            default: break
            }
            index += 1
        } while depth > 0
        return index
    }
}
