/// What a Range header asks of a document (RFC 9110 §14.2).
enum ByteRange: Equatable {
    /// No header, another unit, several ranges, or one that is malformed: the whole document is the answer then.
    case whole
    case part(Range<Int>)
    case unsatisfiable

    /// - Parameter sizeBytes: of the document.
    init(_ field: String?, sizeBytes: Int) {
        self = .whole
        guard let field, field.lowercased().hasPrefix("bytes=") else { return }
        let sides = field.dropFirst(6).trimmingBlanks.split(
            separator: "-", maxSplits: 1, omittingEmptySubsequences: false)
        guard sides.count == 2 else { return }
        switch (UInt64(digits: sides[0]), UInt64(digits: sides[1])) {
        case (let first?, let last?):
            guard first <= last else { return }
            self = ByteRange.part(from: first, to: last, sizeBytes)
        case (let first?, nil) where sides[1].isEmpty: self = ByteRange.part(from: first, to: .max, sizeBytes)
        case (nil, let count?) where sides[0].isEmpty:
            let start = sizeBytes - min(Int(clamping: count), sizeBytes)
            self = start < sizeBytes ? .part(start..<sizeBytes) : .unsatisfiable
        default: return
        }
    }

    private static func part(from first: UInt64, to last: UInt64, _ sizeBytes: Int) -> ByteRange {
        guard first < sizeBytes else { return .unsatisfiable }
        return .part(Int(first)..<min(Int(clamping: last), sizeBytes - 1) + 1)
    }
}
