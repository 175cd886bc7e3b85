import ReelCodec

/// A recording's 512 bytes in `index/summaries`: what the list shows of its pages, and the words a URL filter asks for.
/// Changes only when a page is entered. FORMAT.md §12.
package struct SummarySlot: Equatable, Sendable {
    package static let sizeBytes = 512
    /// Bytes of UTF-8 kept of an URL; the rest is cut at a character. Sealed, two of them take the room of the two fields.
    package static let urlSizeMaxBytes = 139
    private static let urlFieldSizeBytes = 160
    private static let urlsAt = 20
    private static let keyIDAt = 500
    private static let sealedSizeBytes = 2 * urlFieldSizeBytes
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
    /// The version of the recording's key that the URLs are sealed with; 0 where they are not.
    package var keyID: UInt64 = 0
    /// Nonce, ciphertext and tag of the URLs, in the place of both fields; else empty.
    private var sealed: [UInt8] = []

    package init(number: UInt64) { self.number = number }

    package var isSealed: Bool { !sealed.isEmpty }

    /// The 512 bytes of a slot.
    package func encoded() -> [UInt8] {
        var writer = ByteWriter(capacityBytes: SummarySlot.sizeBytes)
        let first = Array(firstURL.utf8)
        let last = Array(lastURL.utf8)
        precondition(first.count <= SummarySlot.urlFieldSizeBytes && last.count <= SummarySlot.urlFieldSizeBytes)
        writer.append(number)
        writer.append(lsn)
        writer.append(UInt8(first.count))
        writer.append(UInt8(last.count))
        writer.append(UInt8(words.count))
        writer.append(UInt8(hasMoreWords ? 1 : 0))
        if isSealed {
            writer.append(sealed)
        } else {
            writer.append(first)
            writer.appendZeros(SummarySlot.urlFieldSizeBytes - first.count)
            writer.append(last)
            writer.appendZeros(SummarySlot.urlFieldSizeBytes - last.count)
        }
        for word in words { writer.append(word) }
        writer.appendZeros(SummarySlot.keyIDAt - writer.bytes.count)
        writer.append(keyID)
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
        guard firstSize <= SummarySlot.urlFieldSizeBytes, lastSize <= SummarySlot.urlFieldSizeBytes,
            wordCount <= SummarySlot.wordCountMax
        else { return nil }
        number = span.field(0)
        lsn = span.field(8)
        hasMoreWords = span.field(19, as: UInt8.self) == 1
        keyID = span.field(SummarySlot.keyIDAt)
        if keyID != 0 {
            sealed = (0..<SummarySlot.sealedSizeBytes).map { span.field(SummarySlot.urlsAt + $0, as: UInt8.self) }
        } else {
            firstURL = SummarySlot.text(span, at: SummarySlot.urlsAt, sizeBytes: firstSize)
            let lastAt = SummarySlot.urlsAt + SummarySlot.urlFieldSizeBytes
            lastURL = SummarySlot.text(span, at: lastAt, sizeBytes: lastSize)
        }
        let wordsAt = SummarySlot.urlsAt + SummarySlot.sealedSizeBytes
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

    // MARK: Sealing

    /// The slot with its URLs, and their sizes, sealed under the recording's own key: erased with it.
    ///
    /// The nonce comes from what is sealed, so that an index made anew is equal, byte for byte; two slots share one only where
    /// they are the same.
    ///
    /// - Parameter key: of version `keyID`.
    /// - Throws: `.unavailable`.
    package func sealed(_ cipher: XAES256GCM, _ key: SecretBytes, keyID: UInt64) throws(CryptoError) -> SummarySlot {
        var writer = ByteWriter(capacityBytes: SummarySlot.plainSizeBytes)
        let urls = [Array(firstURL.utf8), Array(lastURL.utf8)]
        for url in urls { writer.append(UInt8(url.count)) }
        for url in urls {
            precondition(url.count <= SummarySlot.urlSizeMaxBytes)
            writer.append(url)
            writer.appendZeros(SummarySlot.urlSizeMaxBytes - url.count)
        }
        let (plain, covered) = (writer.bytes, covered)
        let code = try MessageAuthenticator(key: key).code(of: SummarySlot.nonceLabel + covered + plain)
        let nonce = Array(code.prefix(XAES256GCM.nonceSizeBytes))
        var slot = self
        slot.firstURL = ""
        slot.lastURL = ""
        slot.keyID = keyID
        slot.sealed = nonce
        let (plainSpan, coveredSpan, nonceSpan) = (plain.span, covered.span, nonce.span)
        cipher.seal(
            plainSpan.bytes, key: key, nonce: nonceSpan.bytes, associatedData: coveredSpan.bytes,
            appendingTo: &slot.sealed)
        return slot
    }

    private static let nonceLabel = Array("reeld summary nonce".utf8)

    /// The slot with its URLs; nil where they do not open.
    ///
    /// - Parameter key: of version `keyID`.
    package func opened(_ cipher: XAES256GCM, _ key: SecretBytes) -> SummarySlot? {
        let (sealed, covered) = (sealed, covered)
        let (sealedSpan, coveredSpan) = (sealed.span, covered.span)
        var plain: [UInt8] = []
        do throws(SealBroken) {
            try cipher.open(
                sealedSpan.bytes.extracting(droppingFirst: XAES256GCM.nonceSizeBytes), key: key,
                nonce: sealedSpan.bytes.extracting(0..<XAES256GCM.nonceSizeBytes),
                associatedData: coveredSpan.bytes, appendingTo: &plain)
        } catch {
            return nil
        }
        let sizes = plain[0..<2].map(Int.init)
        guard sizes.allSatisfy({ $0 <= SummarySlot.urlSizeMaxBytes }) else { return nil }
        var slot = self
        slot.sealed = []
        slot.keyID = 0
        let plainSpan = plain.span
        slot.firstURL = SummarySlot.text(plainSpan.bytes, at: 2, sizeBytes: sizes[0])
        slot.lastURL = SummarySlot.text(plainSpan.bytes, at: 2 + SummarySlot.urlSizeMaxBytes, sizeBytes: sizes[1])
        return slot
    }

    private static let plainSizeBytes = 2 + 2 * urlSizeMaxBytes

    /// What the seal covers beside the URLs: 16 bytes.
    private var covered: [UInt8] {
        var writer = ByteWriter(capacityBytes: 16)
        writer.append(number)
        writer.append(lsn)
        return writer.bytes
    }
}
