/// Reads the head of an answer, for the client. As strict as the request parser in what frames the body.
///
/// A state machine without I/O, used like `RequestParser`.
struct ResponseParser {
    struct Head {
        var status: Int
        var headers: Headers
        /// Of the head in the bytes given, with its empty line.
        var sizeBytes: Int
        var closesConnection: Bool
        var isChunked: Bool
        var lengthBytes: Int?
    }

    static let headSizeMaxBytes = 64 << 10

    private var line = LineScanner()
    private var status: Int?
    private var fieldsStart = 0
    private var isVersion10 = false

    /// Reads on; nil while more is needed.
    ///
    /// - Throws: what makes the head none, in words.
    mutating func parse(_ bytes: [UInt8], _ range: Range<Int>) throws(MalformedAnswer) -> Head? {
        while true {
            switch line.next(bytes, range, sizeMaxBytes: Self.headSizeMaxBytes - line.start) {
            case .needsMore: return nil
            case .malformed: throw MalformedAnswer("a line does not end in CR LF or holds a control character")
            case .tooLong: throw MalformedAnswer("the head is larger than \(Self.headSizeMaxBytes) bytes")
            case .line(let text):
                guard let status else {
                    try readStatusLine(bytes[text])
                    fieldsStart = line.start
                    continue
                }
                if text.isEmpty { return try finish(status, bytes, range) }
                do {
                    _ = try FieldFacts.split(bytes, text)
                } catch {
                    throw MalformedAnswer("a header line is not `Name: value`")
                }
            }
        }
    }

    private mutating func readStatusLine(_ text: ArraySlice<UInt8>) throws(MalformedAnswer) {
        let digits = text.dropFirst(9).prefix(3)
        guard text.starts(with: "HTTP/1.0 ".utf8) || text.starts(with: "HTTP/1.1 ".utf8), digits.count == 3,
            digits.allSatisfy(Octet.isDigit), text.count == 12 || text[text.startIndex + 12] == Octet.space
        else { throw MalformedAnswer("the status line is not HTTP/1.1") }
        isVersion10 = text[text.startIndex + 7] == UInt8(ascii: "0")
        status = digits.reduce(0) { $0 * 10 + Int($1 &- 0x30) }
    }

    private func finish(_ status: Int, _ bytes: [UInt8], _ range: Range<Int>) throws(MalformedAnswer) -> Head {
        let fields = range.lowerBound + fieldsStart..<range.lowerBound + line.start - 2
        let headers = Headers(wire: Array(bytes[fields]), 0..<fields.count)
        let connection = headers["Connection"]?.lowercased() ?? ""
        var head = Head(
            status: status, headers: headers, sizeBytes: line.start,
            closesConnection: isVersion10
                || connection.split(whereSeparator: { ", \t".contains($0) }).contains("close"),
            isChunked: false, lengthBytes: nil)
        let codings = headers.values("Transfer-Encoding")
        let lengths = headers.values("Content-Length")
        if let coding = codings.first {
            guard codings.count == 1, coding.lowercased() == "chunked", lengths.isEmpty else {
                throw MalformedAnswer("the length of the body is ambiguous")
            }
            head.isChunked = true
        } else if let length = lengths.first {
            guard lengths.count == 1, length.utf8.allSatisfy(Octet.isDigit), let length = Int(length) else {
                throw MalformedAnswer("Content-Length is not one number")
            }
            head.lengthBytes = length
        }
        return head
    }
}

/// Why an answer cannot be understood.
struct MalformedAnswer: Error {
    let reason: String
    init(_ reason: String) { self.reason = reason }
}
