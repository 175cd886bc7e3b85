import ReelCodec

/// The payload of a `loss` frame: what was lost and where it had lain; the frame's header says which events those were.
/// FORMAT.md §6 "Loss".
package struct LossPayload: Equatable, Sendable {
    package static let sizeBytes = 40

    /// The segment the damaged bytes lay in; 0 where that is not known.
    package var segment: UInt64 = 0
    /// Where in it they began.
    package var offsetBytes: UInt64 = 0
    /// How many they were; all of them are in the quarantine.
    package var sizeBytes: UInt64 = 0
    /// Of the lost frame; 0 where that is not known.
    package var lsn: UInt64 = 0
    /// Of the lost frame; nil where that is not known.
    package var kind: FrameKind?

    package init() {}

    /// The payload as it is stored, uncompressed.
    package func encoded() -> [UInt8] {
        var writer = ByteWriter(capacityBytes: LossPayload.sizeBytes)
        writer.append(segment)
        writer.append(offsetBytes)
        writer.append(sizeBytes)
        writer.append(lsn)
        writer.append(UInt64(kind?.rawValue ?? 0))
        return writer.bytes
    }

    /// - Throws: where there are less than 40 bytes.
    package init(decoding bytes: [UInt8]) throws(ShortInput) {
        var reader = ByteReader(bytes)
        segment = try reader.read()
        offsetBytes = try reader.read()
        sizeBytes = try reader.read()
        lsn = try reader.read()
        kind = FrameKind(rawValue: UInt8(truncatingIfNeeded: try reader.read(UInt64.self)))
    }
}
