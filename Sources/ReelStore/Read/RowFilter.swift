import ReelCodec
import ReelFormat

/// A query as one comparison of a row's first 64 bytes, its cache line of filters, with a mask: a million rows are
/// looked at for a filter that matches nothing. What passes is a candidate: hashes may collide.
struct RowFilter {
    /// The line's bytes as sixteen little-endian fields; FORMAT.md §11.
    private typealias Line = SIMD16<UInt32>

    private var mask = Line.zero
    private var value = Line.zero
    /// Bit n for status n.
    private var statuses: UInt8 = 0
    private var tags: [UInt32] = []
    /// The URL words' hashes, for the summary slot.
    private(set) var urlWords: [UInt32] = []

    init(_ query: RecordingQuery, digests: StoreDigests) {
        for status in RecordingStatus.allCases {
            let isWanted = query.statuses.isEmpty ? status != .erased : query.statuses.contains(status)
            if isWanted { statuses |= 1 << status.rawValue }
        }
        require(bits: query.content.rawValue, value: query.content.rawValue, at: 0)
        require(flags: .present, .present)
        if let isPinned = query.isPinned { require(flags: .pinned, isPinned ? .pinned : []) }
        for equality in query.equalities {
            let value = equality.field == .urlWord ? equality.value.lowercased() : equality.value
            let hash = digests.filter(equality.field, value)
            switch equality.field {
            case .user: require(bits: .max, value: hash, at: 12)
            case .session: require(bits: .max, value: hash, at: 16)
            case .project: require(bits: .max, value: hash, at: 20)
            case .ticket: require(bits: .max, value: hash, at: 24)
            case .activity: require(bits: .max, value: hash, at: 28)
            case .brand: require(bits: .max, value: hash, at: 32)
            case .window: require(bits: .max, value: hash, at: 36)
            case .tag: tags.append(hash)
            case .urlWord:
                urlWords.append(hash)
                let bits = URLWords.bloomBits(hash)
                require(bits: UInt32(truncatingIfNeeded: bits), value: UInt32(truncatingIfNeeded: bits), at: 56)
                require(bits: UInt32(bits >> 32), value: UInt32(bits >> 32), at: 60)
            }
        }
    }

    private mutating func require(flags: RowFlags, _ value: RowFlags) {
        // The flags are the second byte of the field that begins with the status.
        require(bits: UInt32(flags.rawValue) << 8, value: UInt32(value.rawValue) << 8, at: 4)
    }

    private mutating func require(bits: UInt32, value wanted: UInt32, at offsetBytes: Int) {
        let lane = offsetBytes / 4
        // Two values for one field: nothing has both.
        let isContradiction = (value[lane] ^ wanted) & mask[lane] & bits != 0
        mask[lane] |= bits
        value[lane] |= wanted
        if isContradiction { statuses = 0 }
    }

    /// - Parameter base: where the row begins in the span.
    func passes(_ span: RawSpan, at base: Int) -> Bool {
        let line = span.unsafeLoadUnaligned(fromByteOffset: base, as: Line.self)
        guard (line & mask) == value, statuses & 1 << (span.field(base + 4, as: UInt8.self) & 7) != 0 else {
            return false
        }
        if tags.isEmpty || span.field(base + 5, as: UInt8.self) & RowFlags.moreTags.rawValue != 0 { return true }
        return tags.allSatisfy { tag in
            (0..<RecordingRow.tagHashCount).contains { span.field(base + 40 + 4 * $0, as: UInt32.self) == tag }
        }
    }
}
