/// The input ended before a field did, or a length in it points outside.
package struct ShortInput: Error, Equatable, Sendable {
    package var offsetBytes: Int
    package init(offsetBytes: Int) { self.offsetBytes = offsetBytes }
}

/// Reads little-endian fields and checks every length; disk and wire bytes are never overlaid with a struct.
package struct ByteReader {
    private let bytes: ArraySlice<UInt8>
    package private(set) var position: Int

    package init(_ bytes: ArraySlice<UInt8>) {
        self.bytes = bytes
        position = bytes.startIndex
    }

    package init(_ bytes: [UInt8]) { self.init(bytes[...]) }

    package var remainingBytes: Int { bytes.endIndex - position }

    package mutating func read<Value: FixedWidthInteger>(_: Value.Type = Value.self) throws(ShortInput) -> Value {
        let size = MemoryLayout<Value>.size
        guard remainingBytes >= size else { throw ShortInput(offsetBytes: position) }
        var value = Value.zero
        for index in stride(from: position + size - 1, through: position, by: -1) {
            value = value << 8 | Value(truncatingIfNeeded: bytes[index])
        }
        position += size
        return value
    }

    package mutating func read(count: Int) throws(ShortInput) -> [UInt8] {
        guard count >= 0, remainingBytes >= count else { throw ShortInput(offsetBytes: position) }
        defer { position += count }
        return Array(bytes[position..<position + count])
    }

    package mutating func skip(_ count: Int) throws(ShortInput) {
        guard count >= 0, remainingBytes >= count else { throw ShortInput(offsetBytes: position) }
        position += count
    }
}
