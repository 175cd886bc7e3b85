import CReelCrypto

/// The keyed 64-bit hash of a run's text that tells a repeated batch from another one under the same number.
///
///     first 8 bytes, little-endian, of HMAC-SHA-256(key₁, AES-256-GMAC(key₂, IV 0, text) · length as 64 bits)
///
/// GMAC under a fixed IV is a universal hash and reads several GB/s where SHA-256 reads one; the HMAC over it hides the
/// tag, without which a fixed IV would give the hash key away. Both keys come from the store's secret, so the hash
/// tells nobody without it what was recorded. Reusable, one a thread.
package final class BodyHasher {
    private static let tagSizeBytes = 16

    private let context: OpaquePointer
    private let authenticator: MessageAuthenticator
    private let initializationVector = [UInt8](repeating: 0, count: 12)

    /// - Parameter secret: `KeyedDigest.secretSizeBytes` bytes of the store.
    /// - Throws: `.unavailable`.
    package init(secret: SecretBytes) throws(CryptoError) {
        authenticator = try MessageAuthenticator(key: KeyedDigest.key(secret: secret, label: "reeld body hash, outer"))
        let key = try KeyedDigest.key(secret: secret, label: "reeld body hash, inner")
        guard let context = EVP_CIPHER_CTX_new() else { throw .unavailable }
        guard EVP_EncryptInit_ex(context, EVP_aes_256_gcm(), nil, key, initializationVector) == 1 else {
            EVP_CIPHER_CTX_free(context)
            throw .unavailable
        }
        self.context = context
    }

    deinit { EVP_CIPHER_CTX_free(context) }

    /// The hash of `text`.
    package func hash(of text: RawSpan) -> UInt64 {
        text.withUnsafeBytes { hash(of: $0) }
    }

    /// The hash of `text`.
    package func hash(of text: [UInt8]) -> UInt64 {
        text.withUnsafeBytes { hash(of: $0) }
    }

    private func hash(of text: UnsafeRawBufferPointer) -> UInt64 {
        var written: Int32 = 0
        // The key stays in the context.
        var isDone = EVP_EncryptInit_ex(context, nil, nil, nil, initializationVector) == 1
        var rest = text
        while let base = rest.baseAddress, !rest.isEmpty {
            let size = min(rest.count, 1 << 30)
            let piece = base.assumingMemoryBound(to: UInt8.self)
            isDone = isDone && EVP_EncryptUpdate(context, nil, &written, piece, Int32(size)) == 1
            rest = UnsafeRawBufferPointer(rebasing: rest[size...])
        }
        var message = [UInt8](repeating: 0, count: BodyHasher.tagSizeBytes)
        isDone = isDone && EVP_EncryptFinal_ex(context, &message, &written) == 1
        let tagSize = Int32(BodyHasher.tagSizeBytes)
        isDone = isDone && EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_GET_TAG, tagSize, &message) == 1
        precondition(isDone, "GMAC fails in memory")
        var length = UInt64(text.count).littleEndian
        withUnsafeBytes(of: &length) { message.append(contentsOf: $0) }
        return KeyedDigest.first64(authenticator.code(of: message))
    }
}
