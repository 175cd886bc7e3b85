import ReelCodec
import ReelFormat

/// A query as comparisons on the first 64 bytes of a row. What passes is a candidate: hashes may collide.
struct RowFilter {
    private var equalities: [(offsetBytes: Int, hash: UInt32)] = []
    private var tags: [UInt32] = []
    private var urlBits: UInt64 = 0
    private var statuses: UInt8 = 0
    private var content: UInt32
    private var flagMask: UInt8 = RowFlags.present.rawValue
    private var flagValue: UInt8 = RowFlags.present.rawValue
    /// The URL words' hashes, for the summary slot.
    private(set) var urlWords: [UInt32] = []

    init(_ query: RecordingQuery, digests: StoreDigests) {
        content = query.content.rawValue
        for status in RecordingStatus.allCases {
            let isWanted = query.statuses.isEmpty ? status != .erased : query.statuses.contains(status)
            if isWanted { statuses |= 1 << status.rawValue }
        }
        if let isPinned = query.isPinned {
            flagMask |= RowFlags.pinned.rawValue
            if isPinned { flagValue |= RowFlags.pinned.rawValue }
        }
        for equality in query.equalities {
            let value = equality.field == .urlWord ? equality.value.lowercased() : equality.value
            let hash = digests.filter(equality.field, value)
            switch equality.field {
            case .user: equalities.append((12, hash))
            case .session: equalities.append((16, hash))
            case .project: equalities.append((20, hash))
            case .ticket: equalities.append((24, hash))
            case .activity: equalities.append((28, hash))
            case .brand: equalities.append((32, hash))
            case .window: equalities.append((36, hash))
            case .tag: tags.append(hash)
            case .urlWord:
                urlWords.append(hash)
                urlBits |= URLWords.bloomBits(hash)
            }
        }
    }

    /// Whether a row that is in no file passes.
    func passes(_ row: RecordingRow) -> Bool {
        let bytes = row.encoded()
        let span = bytes.span
        return passes(span.bytes, at: 0)
    }

    /// - Parameter base: where the row begins in the span.
    func passes(_ span: RawSpan, at base: Int) -> Bool {
        guard span.field(base + 5, as: UInt8.self) & flagMask == flagValue,
            statuses & 1 << (span.field(base + 4, as: UInt8.self) & 7) != 0
        else { return false }
        if content != 0, span.field(base, as: UInt32.self) & content != content { return false }
        for equality in equalities where span.field(base + equality.offsetBytes, as: UInt32.self) != equality.hash {
            return false
        }
        if urlBits != 0, span.field(base + 56, as: UInt64.self) & urlBits != urlBits { return false }
        if tags.isEmpty || span.field(base + 5, as: UInt8.self) & RowFlags.moreTags.rawValue != 0 { return true }
        return tags.allSatisfy { tag in
            (0..<RecordingRow.tagHashCount).contains { span.field(base + 40 + 4 * $0, as: UInt32.self) == tag }
        }
    }
}
