import CReelCrypto

/// A key that signs: Ed25519 (RFC 8032), without prehash and context.
package final class Ed25519Signer: @unchecked Sendable {
    // libcrypto only reads a key that is complete; each signing has a context of its own.
    private let key: OpaquePointer
    /// The 32 bytes that others check signatures with.
    package let publicKey: [UInt8]

    /// - Parameter seed: the 32 secret bytes that RFC 8032 §5.1.5 calls the private key.
    /// - Throws: `.unavailable`.
    package init(seed: SecretBytes) throws(CryptoError) {
        precondition(seed.count == Ed25519.seedSizeBytes, "an Ed25519 seed has 32 bytes")
        let key = seed.withPointer { seed in
            EVP_PKEY_new_raw_private_key(
                EVP_PKEY_ED25519, nil, seed.baseAddress?.assumingMemoryBound(to: UInt8.self), seed.count)
        }
        guard let key else { throw .unavailable }
        self.key = key
        var publicKey = [UInt8](repeating: 0, count: Ed25519.publicKeySizeBytes)
        var size = publicKey.count
        let isDone = EVP_PKEY_get_raw_public_key(key, &publicKey, &size) == 1 && size == publicKey.count
        self.publicKey = publicKey
        guard isDone else { throw .unavailable }
    }

    deinit { EVP_PKEY_free(key) }

    /// The 64 bytes of the message's signature, always the same ones.
    ///
    /// - Throws: `.unavailable`.
    package func signature(of message: [UInt8]) throws(CryptoError) -> [UInt8] {
        guard let context = EVP_MD_CTX_new() else { throw .unavailable }
        defer { EVP_MD_CTX_free(context) }
        var signature = [UInt8](repeating: 0, count: Ed25519.signatureSizeBytes)
        var size = signature.count
        guard EVP_DigestSignInit(context, nil, nil, nil, key) == 1,
            EVP_DigestSign(context, &signature, &size, message, message.count) == 1, size == signature.count
        else { throw .unavailable }
        return signature
    }
}

/// What anybody can do with an Ed25519 public key (RFC 8032).
package enum Ed25519 {
    package static let seedSizeBytes = 32
    package static let publicKeySizeBytes = 32
    package static let signatureSizeBytes = 64

    /// Whether the signature was made of this message with the public key's seed; false also for bytes of other sizes.
    package static func isValid(_ signature: [UInt8], of message: [UInt8], publicKey: [UInt8]) -> Bool {
        guard signature.count == signatureSizeBytes, publicKey.count == publicKeySizeBytes,
            let key = EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nil, publicKey, publicKey.count)
        else { return false }
        defer { EVP_PKEY_free(key) }
        guard let context = EVP_MD_CTX_new() else { return false }
        defer { EVP_MD_CTX_free(context) }
        return EVP_DigestVerifyInit(context, nil, nil, nil, key) == 1
            && EVP_DigestVerify(context, signature, signature.count, message, message.count) == 1
    }
}
