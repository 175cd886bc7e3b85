import CReelCrypto

/// HMAC-SHA-256 of short strings under a key that is derived from the store's secret and a label, so that digests of one
/// purpose say nothing about those of another: write tokens, hashes of filterable strings. One a thread.
package final class KeyedDigest {
    /// Of a digest.
    package static let sizeBytes = 32
    /// Of a store's secret.
    package static let secretSizeBytes = 32

    private let authenticator: MessageAuthenticator

    /// - Parameters:
    ///   - secret: `secretSizeBytes` bytes of the store.
    ///   - label: names the purpose; constant for ever.
    /// - Throws: `.unavailable`.
    package init(secret: SecretBytes, label: String) throws(CryptoError) {
        authenticator = try MessageAuthenticator(key: KeyedDigest.key(secret: secret, label: label))
    }

    /// The 32 bytes of `message`'s digest.
    package func digest(of message: [UInt8]) -> [UInt8] { authenticator.code(of: message) }

    /// The 32 bytes of the digest of `message` in UTF-8.
    package func digest(of message: String) -> [UInt8] { authenticator.code(of: Array(message.utf8)) }

    /// The digest's first eight bytes, little-endian: what fits an index.
    package func digest64(of message: String) -> UInt64 { KeyedDigest.first64(digest(of: message)) }

    /// Whether two digests are equal, in a time that does not tell where they differ.
    package static func areEqual(_ one: [UInt8], _ other: [UInt8]) -> Bool {
        one.count == other.count && CRYPTO_memcmp(one, other, one.count) == 0
    }

    /// The 32 bytes of the key that a purpose has.
    package static func key(secret: SecretBytes, label: String) throws(CryptoError) -> [UInt8] {
        precondition(secret.count == secretSizeBytes, "a store secret has 32 bytes")
        return try MessageAuthenticator(key: secret).code(of: Array(label.utf8))
    }

    static func first64(_ digest: [UInt8]) -> UInt64 {
        digest.prefix(8).reversed().reduce(0) { $0 << 8 | UInt64($1) }
    }
}
