/// Reads decisions out of the fuzzer's bytes; zeros once they are used up.
struct FuzzInput {
    private var rest: ArraySlice<UInt8>

    init(_ bytes: [UInt8]) { rest = bytes[...] }

    var isEmpty: Bool { rest.isEmpty }

    mutating func byte() -> UInt8 { rest.popFirst() ?? 0 }

    mutating func bool() -> Bool { byte() & 1 == 1 }

    /// A number from 0 on, of as many bytes as the limit needs.
    mutating func number(below limit: Int) -> Int {
        var value = 0
        var reach = 1
        while reach < limit {
            value = value << 8 | Int(byte())
            reach <<= 8
        }
        return value % limit
    }

    /// Eight bytes.
    mutating func word() -> UInt64 { (0..<8).reduce(0) { value, _ in value << 8 | UInt64(byte()) } }

    /// Up to so many bytes, as there are.
    mutating func bytes(_ count: Int) -> [UInt8] {
        defer { rest = rest.dropFirst(count) }
        return Array(rest.prefix(count))
    }

    /// All that is left.
    mutating func remaining() -> [UInt8] { bytes(rest.count) }
}
