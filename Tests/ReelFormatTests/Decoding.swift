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
