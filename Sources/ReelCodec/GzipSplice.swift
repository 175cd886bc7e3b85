/// One valid gzip document out of members, by copying bytes: a prefix, the members' blocks with a separator between,
/// a suffix, and a trailer for it all. Nothing is inflated or deflated.
///
/// The caller sends `open()`, then for each member what `add` returns and the member's own blocks, then `close()`:
///
///     header · stored(prefix) · blocks₀ · stored(separator) · blocks₁ … · stored(suffix) · 03 00 · CRC · ISIZE
///
/// A value, without I/O; the members' bytes never pass through it. See `GzipMember` for why this is sound.
package struct GzipSplice: Sendable {
    private let prefix: [UInt8]
    private let suffix: [UInt8]
    private let separator: StoredText
    private var crc: UInt32 = 0
    private var rawSizeBytes = 0
    private var hasMember = false

    /// - Parameters: text around the document and between members; the defaults make a JSON array of a recording's runs.
    package init(prefix: [UInt8] = [0x5B], separator: [UInt8] = [0x2C, 0x0A], suffix: [UInt8] = [0x5D]) {
        self.prefix = prefix
        self.suffix = suffix
        self.separator = StoredText(separator)
    }

    /// What goes out first.
    package mutating func open() -> [UInt8] {
        let prefix = StoredText(prefix)
        count(prefix)
        return GzipMember.header + prefix.blocks
    }

    /// What goes out before the blocks of the next member (`GzipSplice.blocks(ofMemberSize:)`).
    package mutating func add(_ trailer: GzipMember.Trailer) -> [UInt8] {
        let needsSeparator = hasMember
        if needsSeparator { count(separator) }
        hasMember = true
        crc = GzipCRC.combine(crc, trailer.crc, secondSizeBytes: trailer.rawSizeBytes)
        rawSizeBytes += trailer.rawSizeBytes
        return needsSeparator ? separator.blocks : []
    }

    /// What goes out last.
    package mutating func close() -> [UInt8] {
        let suffix = StoredText(suffix)
        count(suffix)
        return suffix.blocks + GzipMember.Trailer(crc: crc, rawSizeBytes: rawSizeBytes).bytes
    }

    /// Where a member's blocks lie in it: what is sent of it.
    package static func blocks(ofMemberSize memberSizeBytes: Int) -> Range<Int> {
        GzipMember.header.count..<memberSizeBytes - GzipMember.trailerSizeBytes
    }

    /// How long the whole document is as gzip, known before the first byte goes out.
    ///
    /// - Parameter membersSizeBytes: the sum of the whole members' sizes.
    package func sizeBytes(memberCount: Int, membersSizeBytes: Int) -> Int {
        let around = GzipMember.header.count + GzipMember.trailerSizeBytes
        return around + StoredText.sizeBytes(prefix.count) + StoredText.sizeBytes(suffix.count)
            + max(0, memberCount - 1) * separator.blocks.count + membersSizeBytes - memberCount * around
    }

    /// How long the whole document is as plain text.
    ///
    /// - Parameter membersRawSizeBytes: the sum of the members' texts' sizes.
    package func rawSizeBytes(memberCount: Int, membersRawSizeBytes: Int) -> Int {
        prefix.count + suffix.count + max(0, memberCount - 1) * separator.rawSizeBytes + membersRawSizeBytes
    }

    private mutating func count(_ text: StoredText) {
        crc = GzipCRC.combine(crc, text.crc, secondSizeBytes: text.rawSizeBytes)
        rawSizeBytes += text.rawSizeBytes
    }
}

/// Text as stored deflate blocks (RFC 1951 §3.2.4), 65,535 bytes at most in each.
private struct StoredText: Sendable {
    let blocks: [UInt8]
    let crc: UInt32
    let rawSizeBytes: Int
    private static let blockSizeMaxBytes = 65_535

    init(_ text: [UInt8]) {
        var writer = ByteWriter(capacityBytes: StoredText.sizeBytes(text.count))
        for start in stride(from: 0, to: text.count, by: StoredText.blockSizeMaxBytes) {
            let piece = text[start..<min(start + StoredText.blockSizeMaxBytes, text.count)]
            writer.append(0 as UInt8)
            writer.append(UInt16(piece.count))
            writer.append(~UInt16(piece.count))
            writer.append(Array(piece))
        }
        blocks = writer.bytes
        crc = GzipCRC.checksum(text)
        rawSizeBytes = text.count
    }

    static func sizeBytes(_ textSizeBytes: Int) -> Int {
        textSizeBytes + 5 * ((textSizeBytes + blockSizeMaxBytes - 1) / blockSizeMaxBytes)
    }
}
