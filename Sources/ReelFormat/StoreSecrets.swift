import ReelCodec

/// What an encrypted store keeps secret about itself; sealed in its key record. FORMAT.md §21 "Key record".
package struct StoreSecrets: Sendable {
    /// Of each of the four.
    package static let partSizeBytes = 32
    static let sizeBytes = 4 * partSizeBytes

    /// What `secret` is in a store without encryption (§3): tokens, writers' names and bodies are digested under it.
    package var secret: SecretBytes
    /// The index's hashes of what filters ask for, and whatever else in the index is keyed.
    package var indexKey: SecretBytes
    /// Chains the audit log.
    package var auditKey: SecretBytes
    /// Signs certificates of erasure (Ed25519).
    package var signingSeed: SecretBytes

    /// Those of a new store.
    ///
    /// - Parameter secret: of a store that had one already.
    /// - Throws: `.noRandomness`.
    package static func new(secret: SecretBytes? = nil) throws(CryptoError) -> StoreSecrets {
        StoreSecrets(
            secret: try secret.orRandom(),
            indexKey: try SecretBytes.random(count: partSizeBytes),
            auditKey: try SecretBytes.random(count: partSizeBytes),
            signingSeed: try SecretBytes.random(count: partSizeBytes))
    }

    private init(secret: SecretBytes, indexKey: SecretBytes, auditKey: SecretBytes, signingSeed: SecretBytes) {
        self.secret = secret
        self.indexKey = indexKey
        self.auditKey = auditKey
        self.signingSeed = signingSeed
    }

    /// - Parameter joined: the 128 bytes that `joined` gives.
    init(_ joined: SecretBytes) {
        func part(_ index: Int) -> SecretBytes {
            joined[index * StoreSecrets.partSizeBytes..<(index + 1) * StoreSecrets.partSizeBytes]
        }
        self.init(secret: part(0), indexKey: part(1), auditKey: part(2), signingSeed: part(3))
    }

    var joined: SecretBytes { SecretBytes.joined([secret, indexKey, auditKey, signingSeed]) }
}

extension SecretBytes? {
    // The right side of ?? loses the type of what it throws.
    fileprivate func orRandom() throws(CryptoError) -> SecretBytes {
        if let self { return self }
        return try SecretBytes.random(count: StoreSecrets.partSizeBytes)
    }
}
