/// The request line (RFC 9112 §3), in origin-form.
///
/// absolute-form is refused: it would override Host, and only a proxy is ever sent it. So are `OPTIONS *`, which nginx
/// does not take either, and `.` and `..` segments and broken escapes in a path: no client sends them but to be
/// understood differently by two readers.
struct StartLine: Sendable {
    let method: Method
    /// Counted from the head's first byte.
    let path: Range<Int>
    let query: Range<Int>?
    let isVersion10: Bool

    init(_ bytes: [UInt8], _ line: Range<Int>, origin: Int) throws(HTTPRefusal) {
        guard let first = bytes[line].firstIndex(of: Octet.space),
            let second = bytes[(first + 1)..<line.upperBound].firstIndex(of: Octet.space),
            first > line.lowerBound, second > first + 1,
            bytes[line.lowerBound..<first].allSatisfy(Octet.isToken)
        else { throw .badRequestLine }

        isVersion10 = try Self.readVersion(bytes[(second + 1)..<line.upperBound])
        guard let method = Method(bytes[line.lowerBound..<first]) else { throw .unknownMethod }
        self.method = method

        let target = first + 1..<second
        let mark = try Self.checkTarget(bytes, target)
        path = target.lowerBound - origin..<(mark ?? target.upperBound) - origin
        query = mark.map { $0 + 1 - origin..<target.upperBound - origin }
    }

    private static func readVersion(_ text: ArraySlice<UInt8>) throws(HTTPRefusal) -> Bool {
        guard text.count == 8, text.starts(with: "HTTP/".utf8) else { throw .badRequestLine }
        let major = text[text.startIndex + 5]
        let minor = text[text.startIndex + 7]
        guard Octet.isDigit(major), text[text.startIndex + 6] == Octet.dot, Octet.isDigit(minor) else {
            throw .badRequestLine
        }
        switch (major, minor) {
        case (0x31, 0x31): return false
        case (0x31, 0x30): return true
        default: throw .unknownVersion
        }
    }

    /// Returns where the `?` is.
    private static func checkTarget(_ bytes: [UInt8], _ target: Range<Int>) throws(HTTPRefusal) -> Int? {
        guard bytes[target.lowerBound] == Octet.slash else { throw .badTarget }
        var mark: Int?
        // Of the segment so far: its octets, and whether all of them are dots.
        var segmentCount = 0
        var isDots = true
        var index = target.lowerBound + 1
        while index < target.upperBound {
            var octet = bytes[index]
            guard octet > 0x20, octet < 0x7F, octet != Octet.numberSign else { throw .badTarget }
            index += 1
            if octet == Octet.percent {
                guard index + 1 < target.upperBound, let high = Octet.hexValue(bytes[index]),
                    let low = Octet.hexValue(bytes[index + 1])
                else { throw .badTarget }
                octet = high << 4 | low
                guard octet != 0 else { throw .badTarget }
                index += 2
                if mark == nil {
                    isDots = isDots && octet == Octet.dot
                    segmentCount += 1
                }
                continue
            }
            guard mark == nil else { continue }
            if octet == Octet.slash || octet == Octet.question {
                if isDots, (1...2).contains(segmentCount) { throw .badTarget }
                segmentCount = 0
                isDots = true
                if octet == Octet.question { mark = index - 1 }
            } else {
                isDots = isDots && octet == Octet.dot
                segmentCount += 1
            }
        }
        if mark == nil, isDots, (1...2).contains(segmentCount) { throw .badTarget }
        return mark
    }
}
