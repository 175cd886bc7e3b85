/// What the header fields say about the message itself: its length, its host, its connection. All other fields are only
/// checked for form.
struct FieldFacts: Sendable {
    private enum Coding: Sendable { case none, chunked, unknown }

    private var hostCount = 0
    private var lengthBytes: Int?
    private var coding = Coding.none
    private(set) var closesConnection = false
    private(set) var expectsContinue = false

    /// Takes one field line.
    mutating func take(_ bytes: [UInt8], _ line: Range<Int>) throws(HTTPRefusal) {
        let field = try Self.split(bytes, line)
        // Tabs around a value are legal, but nginx takes them for a part of it. Where two readers must not differ they
        // count as part here too, which makes the value wrong.
        let plain = Self.trim(bytes, field.name.upperBound + 1..<line.upperBound, of: { $0 == Octet.space })
        switch field.name.count {
        case 4 where Octet.equalsIgnoringCase(bytes, field.name, "host"):
            hostCount += 1
            guard hostCount == 1, HostName.isValid(bytes[plain]) else { throw .badHost }
        case 6 where Octet.equalsIgnoringCase(bytes, field.name, "expect"):
            guard Octet.equalsIgnoringCase(bytes, plain, "100-continue") else { throw .unknownExpectation }
            expectsContinue = true
        case 10 where Octet.equalsIgnoringCase(bytes, field.name, "connection"):
            if Self.list(bytes, field.value, contains: "close") { closesConnection = true }
        case 14 where Octet.equalsIgnoringCase(bytes, field.name, "content-length"):
            guard lengthBytes == nil else { throw .badLength }
            lengthBytes = try Self.readLength(bytes[plain])
        case 17 where Octet.equalsIgnoringCase(bytes, field.name, "transfer-encoding"):
            let isChunked = Octet.equalsIgnoringCase(bytes, plain, "chunked")
            coding = coding == .none && isChunked ? .chunked : .unknown
        default: break
        }
    }

    /// The body's framing once all fields are there (RFC 9112 §6.3).
    func framing(isVersion10: Bool) throws(HTTPRefusal) -> RequestHead.Framing {
        guard hostCount == 1 || isVersion10 else { throw .badHost }
        if coding != .none, lengthBytes != nil || isVersion10 { throw .ambiguousLength }
        switch coding {
        case .unknown: throw .unknownTransferCoding
        case .chunked: return .chunked
        case .none: return lengthBytes.map { $0 == 0 ? .none : .length($0) } ?? .none
        }
    }

    /// Parts `name ":" OWS value OWS`. A line that begins with a blank is a fold, and has no name.
    static func split(_ bytes: [UInt8], _ line: Range<Int>) throws(HTTPRefusal) -> (name: Range<Int>, value: Range<Int>)
    {
        var colon = line.lowerBound
        while colon < line.upperBound, Octet.isToken(bytes[colon]) { colon += 1 }
        guard colon > line.lowerBound, colon < line.upperBound, bytes[colon] == Octet.colon else { throw .badField }
        return (line.lowerBound..<colon, trim(bytes, colon + 1..<line.upperBound, of: Octet.isBlank))
    }

    @inline(__always) private static func trim(_ bytes: [UInt8], _ range: Range<Int>, of isBlank: (UInt8) -> Bool)
        -> Range<Int>
    {
        var (start, end) = (range.lowerBound, range.upperBound)
        while start < end, isBlank(bytes[start]) { start += 1 }
        while end > start, isBlank(bytes[end - 1]) { end -= 1 }
        return start..<end
    }

    private static func readLength(_ text: ArraySlice<UInt8>) throws(HTTPRefusal) -> Int {
        guard !text.isEmpty else { throw .badLength }
        var length = 0
        for octet in text {
            guard Octet.isDigit(octet) else { throw .badLength }
            let (tens, overflowsTens) = length.multipliedReportingOverflow(by: 10)
            let (sum, overflowsSum) = tens.addingReportingOverflow(Int(octet &- 0x30))
            guard !overflowsTens, !overflowsSum else { throw .badLength }
            length = sum
        }
        return length
    }

    private static func list(_ bytes: [UInt8], _ value: Range<Int>, contains token: String) -> Bool {
        var start = value.lowerBound
        while start < value.upperBound {
            let comma = bytes[start..<value.upperBound].firstIndex(of: Octet.comma) ?? value.upperBound
            let element = trim(bytes, start..<comma, of: Octet.isBlank)
            if Octet.equalsIgnoringCase(bytes, element, token) { return true }
            start = comma + 1
        }
        return false
    }
}
