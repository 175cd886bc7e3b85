import ReelCodec

/// A recording's 512 bytes in `index/summaries`: what the list shows of its pages, and the words a URL filter asks for.
/// Changes only when a page is entered. FORMAT.md §12.
package struct SummarySlot: Equatable, Sendable {
    package static let sizeBytes = 512
    /// Bytes of UTF-8 kept of an URL; the rest is cut at a character.
    package static let urlSizeMaxBytes = 160
    /// Distinct words kept; a recording with more says so.
    package static let wordCountMax = 40

    package var number: UInt64
    /// The LSN of the last frame that changed the slot; the row names the same one, unless a crash came between.
    package var lsn: UInt64 = 0
    package var firstURL = ""
    package var lastURL = ""
    /// Keyed hashes of host labels and path words in the order they were met.
    package var words: [UInt32] = []
    /// There were more words than fit.
    package var hasMoreWords = false

    package init(number: UInt64) { self.number = number }

    /// The 512 bytes of a slot.
    package func encoded() -> [UInt8] {
        var writer = ByteWriter(capacityBytes: SummarySlot.sizeBytes)
        let first = Array(firstURL.utf8)
        let last = Array(lastURL.utf8)
        precondition(first.count <= SummarySlot.urlSizeMaxBytes && last.count <= SummarySlot.urlSizeMaxBytes)
        writer.append(number)
        writer.append(lsn)
        writer.append(UInt8(first.count))
        writer.append(UInt8(last.count))
        writer.append(UInt8(words.count))
        writer.append(UInt8(hasMoreWords ? 1 : 0))
        writer.append(first)
        writer.appendZeros(SummarySlot.urlSizeMaxBytes - first.count)
        writer.append(last)
        writer.appendZeros(SummarySlot.urlSizeMaxBytes - last.count)
        for word in words { writer.append(word) }
        writer.appendZeros(SummarySlot.sizeBytes - 4 - writer.bytes.count)
        writer.append(CRC32C.checksum(writer.bytes))
        return writer.bytes
    }

    /// - Parameter span: 512 bytes.
    /// - Returns: nil where the checksum does not hold.
    package init?(decoding span: RawSpan) {
        guard span.field(508, as: UInt32.self) == CRC32C.checksum(span.extracting(0..<508)) else { return nil }
        let firstSize = Int(span.field(16, as: UInt8.self))
        let lastSize = Int(span.field(17, as: UInt8.self))
        let wordCount = Int(span.field(18, as: UInt8.self))
        guard firstSize <= SummarySlot.urlSizeMaxBytes, lastSize <= SummarySlot.urlSizeMaxBytes,
            wordCount <= SummarySlot.wordCountMax
        else { return nil }
        number = span.field(0)
        lsn = span.field(8)
        hasMoreWords = span.field(19, as: UInt8.self) == 1
        firstURL = SummarySlot.text(span, at: 20, sizeBytes: firstSize)
        lastURL = SummarySlot.text(span, at: 20 + SummarySlot.urlSizeMaxBytes, sizeBytes: lastSize)
        let wordsAt = 20 + 2 * SummarySlot.urlSizeMaxBytes
        words = (0..<wordCount).map { span.field(wordsAt + 4 * $0) }
    }

    private static func text(_ span: RawSpan, at offset: Int, sizeBytes: Int) -> String {
        String(decoding: (0..<sizeBytes).map { span.field(offset + $0, as: UInt8.self) }, as: UTF8.self)
    }

    /// An URL cut to what the slot holds, at a character.
    package static func cut(_ url: String) -> String {
        guard url.utf8.count > urlSizeMaxBytes else { return url }
        var end = url.utf8.index(url.utf8.startIndex, offsetBy: urlSizeMaxBytes)
        while end.samePosition(in: url.unicodeScalars) == nil { end = url.utf8.index(before: end) }
        return String(url[..<end])
    }
}
