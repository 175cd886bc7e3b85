/// Reads a chunked body (RFC 9112 §7.1), strictly: sizes are plain hexadecimal digits, lines end in CR LF, and nothing
/// stands between a chunk's data and its CR LF.
///
/// A state machine without I/O; it looks at each byte once and takes no byte behind the body's end. Chunk extensions and
/// trailer fields are checked for form and thrown away.
struct ChunkDecoder: Sendable {
    private enum State: Sendable {
        case size(digits: Int, value: Int)
        case sizeExtension(value: Int, count: Int)
        case sizeLineFeed(value: Int)
        case data(left: Int)
        case dataReturn
        case dataLineFeed
        case trailer
        case trailerLineFeed
        case end
    }

    /// Extensions and trailers carry nothing for us; these bounds only keep them from being a free ride.
    private static let extensionSizeMaxBytes = 256
    private static let trailerSizeMaxBytes = 8_192
    private static let sizeDigitsMax = 15

    private var state = State.size(digits: 0, value: 0)
    private var trailerLine: [UInt8] = []
    private var trailerSizeBytes = 0

    /// Reads on, appending data to `body`.
    ///
    /// - Parameter range: what is there; its lower bound moves to the first byte not taken.
    /// - Parameter limitBytes: of `body`; a chunk that would pass it is refused by its size line.
    /// - Returns: whether the body has ended.
    mutating func decode(_ bytes: [UInt8], _ range: inout Range<Int>, limitBytes: Int, into body: inout [UInt8])
        throws(HTTPRefusal) -> Bool
    {
        var index = range.lowerBound
        defer { range = index..<range.upperBound }
        while index < range.upperBound {
            if case .end = state { return true }
            if case .data(let left) = state {
                let count = min(left, range.upperBound - index)
                body.append(contentsOf: bytes[index..<index + count])
                index += count
                state = count == left ? .dataReturn : .data(left: left - count)
                continue
            }
            let octet = bytes[index]
            index += 1
            state = try next(octet, room: limitBytes - body.count)
        }
        if case .end = state { return true }
        return false
    }

    private mutating func next(_ octet: UInt8, room: Int) throws(HTTPRefusal) -> State {
        switch state {
        case .size(let digits, let value):
            if let digit = Octet.hexValue(octet) {
                guard digits < Self.sizeDigitsMax else { throw .badChunk }
                return .size(digits: digits + 1, value: value << 4 | Int(digit))
            }
            guard digits > 0 else { throw .badChunk }
            if octet == Octet.semicolon { return .sizeExtension(value: value, count: 0) }
            guard octet == Octet.carriageReturn else { throw .badChunk }
            return .sizeLineFeed(value: value)
        case .sizeExtension(let value, let count):
            if octet == Octet.carriageReturn { return .sizeLineFeed(value: value) }
            guard Octet.isLineText(octet), count < Self.extensionSizeMaxBytes else { throw .badChunk }
            return .sizeExtension(value: value, count: count + 1)
        case .sizeLineFeed(let value):
            guard octet == Octet.lineFeed else { throw .badChunk }
            guard value <= room else { throw .bodyTooLarge }
            return value == 0 ? .trailer : .data(left: value)
        case .dataReturn:
            guard octet == Octet.carriageReturn else { throw .badChunk }
            return .dataLineFeed
        case .dataLineFeed:
            guard octet == Octet.lineFeed else { throw .badChunk }
            return .size(digits: 0, value: 0)
        case .trailer:
            trailerSizeBytes += 1
            guard trailerSizeBytes <= Self.trailerSizeMaxBytes else { throw .headTooLarge }
            if octet == Octet.carriageReturn { return .trailerLineFeed }
            guard Octet.isLineText(octet) else { throw .badField }
            trailerLine.append(octet)
            return .trailer
        case .trailerLineFeed:
            guard octet == Octet.lineFeed else { throw .badField }
            if trailerLine.isEmpty { return .end }
            _ = try FieldFacts.split(trailerLine, 0..<trailerLine.count)
            trailerLine.removeAll(keepingCapacity: true)
            return .trailer
        case .data, .end:
            preconditionFailure("data is taken in runs, and nothing behind the end")
        }
    }
}
