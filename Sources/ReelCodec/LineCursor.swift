import Glibc

/// Steps through the lines of a text that hold more than white space.
struct LineCursor {
    private let text: UnsafeBufferPointer<UInt8>
    private var position = 0

    init(_ text: UnsafeBufferPointer<UInt8>) { self.text = text }

    /// The next line from its first byte that is no white space up to, without, its line feed.
    mutating func next() -> Range<Int>? {
        guard let base = text.baseAddress else { return nil }
        while position < text.count, LineCursor.isWhiteSpace(text[position]) { position += 1 }
        guard position < text.count else { return nil }
        let start = position
        let found = memchr(base + start, 0x0A, text.count - start)
        let end = found.map { UnsafePointer($0.assumingMemoryBound(to: UInt8.self)) - base } ?? text.count
        position = end
        return start..<end
    }

    private static func isWhiteSpace(_ byte: UInt8) -> Bool {
        byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09
    }
}
