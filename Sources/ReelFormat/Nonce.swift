import ReelCodec

/// The 24 random bytes a sealed frame's cipher starts from.
package struct Nonce: Equatable, Sendable {
    package var first: UInt64 = 0
    package var second: UInt64 = 0
    package var third: UInt64 = 0

    package init(first: UInt64 = 0, second: UInt64 = 0, third: UInt64 = 0) {
        self.first = first
        self.second = second
        self.third = third
    }

    /// A new one.
    ///
    /// - Throws: `.noRandomness`.
    package static func random() throws(CryptoError) -> Nonce {
        let random = try SecureRandom.bytes(count: XAES256GCM.nonceSizeBytes)
        let words = random.span
        return Nonce(first: words.bytes.field(0), second: words.bytes.field(8), third: words.bytes.field(16))
    }

    /// The 24 bytes as they lie on the disk.
    package var bytes: [UInt8] {
        var writer = ByteWriter(capacityBytes: XAES256GCM.nonceSizeBytes)
        writer.append(first)
        writer.append(second)
        writer.append(third)
        return writer.bytes
    }
}
