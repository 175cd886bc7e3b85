/// What a parser found in the bytes it has so far.
enum Parsed<Value> {
    /// Nothing wrong yet, and not the end.
    case needsMore
    case done(Value)
    case refused(HTTPRefusal)
}

/// Reads one request head, strictly by RFC 9112: whatever two readers could take differently is refused.
///
/// A state machine without I/O. It is given the bytes of the head from its first on, each time with what has come since,
/// looks at each byte once, and refuses at the first byte that cannot be right.
struct RequestParser: Sendable {
    struct Limits: Sendable {
        var headSizeMaxBytes: Int
        var targetSizeMaxBytes: Int
        var fieldCountMax: Int
    }

    /// The longest request line beside its target: `OPTIONS`, two spaces, `HTTP/1.1`.
    private static let lineFrameBytes = 17

    private var line = LineScanner()
    private var start: StartLine?
    private var fields = FieldFacts()
    private var fieldsStart = 0
    private var fieldCount = 0

    /// Reads on.
    ///
    /// - Parameter bytes: holds the head's bytes so far in `range`; the same bytes as before, and more behind.
    /// - Returns: with `.done` the head; it takes `head.bytes.count` bytes, and what is behind them is not its.
    mutating func parse(_ bytes: [UInt8], _ range: Range<Int>, limits: Limits) -> Parsed<RequestHead> {
        while true {
            let sizeMax = start == nil ? limits.targetSizeMaxBytes + Self.lineFrameBytes : limits.headSizeMaxBytes
            switch line.next(bytes, range, sizeMaxBytes: min(sizeMax, limits.headSizeMaxBytes - line.start)) {
            case .needsMore: return .needsMore
            case .malformed: return .refused(start == nil ? .badRequestLine : .badField)
            case .tooLong: return .refused(start == nil ? .targetTooLong : .headTooLarge)
            case .line(let text):
                do {
                    guard start != nil else {
                        // A client may end its last body with one CR LF too many (RFC 9112 §2.2); one is passed over.
                        if text.isEmpty, text.lowerBound == range.lowerBound { continue }
                        start = try StartLine(bytes, text, origin: range.lowerBound)
                        fieldsStart = line.start
                        continue
                    }
                    if text.isEmpty { return .done(try finish(bytes, range)) }
                    fieldCount += 1
                    guard fieldCount <= limits.fieldCountMax else { return .refused(.headTooLarge) }
                    try fields.take(bytes, text)
                } catch {
                    return .refused(error)
                }
            }
        }
    }

    private func finish(_ bytes: [UInt8], _ range: Range<Int>) throws(HTTPRefusal) -> RequestHead {
        guard let start else { throw .badRequestLine }
        let framing = try fields.framing(isVersion10: start.isVersion10)
        return RequestHead(
            bytes: Array(bytes[range.lowerBound..<range.lowerBound + line.start]), method: start.method,
            pathRange: start.path, queryRange: start.query, fieldRange: fieldsStart..<line.start - 2,
            framing: framing, isVersion10: start.isVersion10,
            closesConnection: start.isVersion10 || fields.closesConnection,
            expectsContinue: fields.expectsContinue && !start.isVersion10)
    }
}
