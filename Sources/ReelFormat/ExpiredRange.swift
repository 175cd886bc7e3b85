import ReelCodec

/// Why retention removed a recording. FORMAT.md §5 "Expired range".
package enum ExpiryCause: UInt8, Sendable, CaseIterable {
    /// Of a later program.
    case unknown = 0
    /// It was as old as a recording may become.
    case age = 1
    /// The log was larger than it may become.
    case size = 2
    /// The file system had less free than is to be kept.
    case freeSpace = 3

    /// As journal, metrics and answers name it.
    package var name: String {
        switch self {
        case .unknown: "unknown"
        case .age: "age"
        case .size: "size"
        case .freeSpace: "free-space"
        }
    }
}

/// Neighbouring recordings that retention removed. FORMAT.md §5 "Expired range".
package struct ExpiredRange: Hashable, Sendable {
    package static let sizeBytes = 32

    /// The first and last of them.
    package var recordings: ClosedRange<UInt64>
    /// When the last of them was removed, the server's clock, microseconds since 1970.
    package var expiredMicroseconds: Int64
    package var cause: ExpiryCause

    package init(_ recordings: ClosedRange<UInt64>, expiredMicroseconds: Int64, cause: ExpiryCause) {
        self.recordings = recordings
        self.expiredMicroseconds = expiredMicroseconds
        self.cause = cause
    }

    func append(to writer: inout ByteWriter) {
        writer.append(recordings.lowerBound)
        writer.append(recordings.upperBound)
        writer.append(expiredMicroseconds)
        writer.append(cause.rawValue)
        writer.appendZeros(7)
    }

    /// - Returns: nil where the numbers are not in order, which no program writes.
    init?(reading reader: inout ByteReader) throws(ShortInput) {
        let first: UInt64 = try reader.read()
        let last: UInt64 = try reader.read()
        expiredMicroseconds = try reader.read()
        cause = ExpiryCause(rawValue: try reader.read()) ?? .unknown
        try reader.skip(7)
        guard first >= 1, first <= last else { return nil }
        recordings = first...last
    }
}

/// The payload of an `expire` frame: the recordings that one pass of retention removed. FORMAT.md §6 "Expiry".
package struct ExpirePayload: Equatable, Sendable {
    package var ranges: [ExpiredRange]

    package init(_ ranges: [ExpiredRange]) { self.ranges = ranges }

    /// The payload as it is stored, uncompressed.
    package func encoded() -> [UInt8] {
        var writer = ByteWriter(capacityBytes: 8 + ExpiredRange.sizeBytes * ranges.count)
        writer.append(UInt64(ranges.count))
        for range in ranges { range.append(to: &writer) }
        return writer.bytes
    }

    /// - Throws: where the bytes end before what they count; bytes behind it are not looked at.
    package init(decoding bytes: [UInt8]) throws(ShortInput) {
        var reader = ByteReader(bytes)
        let count = try reader.read(UInt64.self)
        ranges = []
        for _ in 0..<count {
            if let range = try ExpiredRange(reading: &reader) { ranges.append(range) }
        }
    }
}
