import ReelCodec
import ReelFormat

// The decoders of fixed-width slots take spans, as they read mapped files; a test has arrays.

func decodedHeader(_ bytes: [UInt8]) throws(HeaderDamage) -> FrameHeader {
    let span = bytes.span
    return try FrameHeader(decoding: span.bytes)
}

func decodedEntry(_ bytes: [UInt8]) -> FrameEntry? {
    let span = bytes.span
    return FrameEntry(decoding: span.bytes)
}

func decodedRow(_ bytes: [UInt8]) -> RecordingRow? {
    let span = bytes.span
    return RecordingRow(decoding: span.bytes)
}

func decodedSummary(_ bytes: [UInt8]) -> SummarySlot? {
    let span = bytes.span
    return SummarySlot(decoding: span.bytes)
}

func decodedRingHeader(_ bytes: [UInt8]) -> RingHeader? {
    let span = bytes.span
    return RingHeader(decoding: span.bytes)
}

func readSlot(_ bytes: [UInt8], _ recording: UInt64) -> KeyringSlot.Reading {
    let span = bytes.span
    return KeyringSlot.read(span.bytes, of: recording)
}

func decodedRecord(_ bytes: [UInt8]) -> StoreKeyRecord? {
    let span = bytes.span
    return StoreKeyRecord(decoding: span.bytes)
}

/// A secret of bytes that are none.
func secret(_ bytes: [UInt8]) -> SecretBytes {
    let span = bytes.span
    return SecretBytes(copying: span.bytes)
}

/// The bytes of a secret, for comparing.
func exposed(_ secret: SecretBytes) -> [UInt8] {
    secret.withBytes { span in (0..<span.byteCount).map { span.field($0, as: UInt8.self) } }
}
