/// Finds lines that end in CR LF, looking at each byte once.
///
/// A control character other than HTAB, a CR without LF and an LF without CR make a line malformed at once: they are
/// what request smuggling is made of.
struct LineScanner: Sendable {
    enum Found {
        case needsMore
        /// The line without its CR LF, as indices of the bytes given.
        case line(Range<Int>)
        case malformed
        case tooLong
    }

    /// Where the next line begins, counted from the beginning of the range given.
    private(set) var start = 0
    private var scanned = 0

    /// Finds the next line.
    ///
    /// - Parameter range: the same bytes as before from the same beginning, and more behind.
    /// - Parameter sizeMaxBytes: of this line with its CR LF.
    mutating func next(_ bytes: [UInt8], _ range: Range<Int>, sizeMaxBytes: Int) -> Found {
        let from = range.lowerBound
        let limit = from + start + sizeMaxBytes
        let end = min(range.upperBound, limit)
        var index = from + scanned
        while index < end {
            let octet = bytes[index]
            if Octet.isLineText(octet) {
                index += 1
                continue
            }
            guard octet == Octet.carriageReturn else { return .malformed }
            guard index + 1 < end else { break }
            guard bytes[index + 1] == Octet.lineFeed else { return .malformed }
            defer {
                start = index + 2 - from
                scanned = start
            }
            return .line(from + start..<index)
        }
        scanned = index - from
        return range.upperBound >= limit ? .tooLong : .needsMore
    }
}
