import ReelCodec
import ReelFormat

/// Signs in the name of a store: certificates of erasure. The one place that has the signing seed.
package struct StoreSigner: Sendable {
    private let signer: Ed25519Signer

    /// - Parameter seed: `StoreSecrets.signingSeed` of an encrypted store.
    /// - Throws: `.unavailable`.
    package init(seed: SecretBytes) throws(CryptoError) { signer = try Ed25519Signer(seed: seed) }

    /// The signer of a store without encryption: the seed comes from the store's secret. FORMAT.md §3.
    ///
    /// - Throws: `.unavailable`.
    package init(secret: SecretBytes) throws(CryptoError) {
        var seed = try KeyedDigest.key(secret: secret, label: "reeld signing seed")
        try self.init(seed: SecretBytes(wiping: &seed))
    }

    /// The 32 bytes others check signatures with.
    package var publicKey: [UInt8] { signer.publicKey }

    package func signature(of message: [UInt8]) throws(CryptoError) -> [UInt8] { try signer.signature(of: message) }
}

extension StoreIdentity {
    /// What checks the store's signatures: known without its key, also of an encrypted store.
    ///
    /// - Throws: `.unavailable`.
    package func publicKey() throws(CryptoError) -> [UInt8] {
        if let keyRecord { return keyRecord.publicKey }
        return try StoreSigner(secret: SecretBytes(copying: secret.span.bytes)).publicKey
    }
}
