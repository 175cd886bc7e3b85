import ReelCodec
import ReelFormat

/// Who a store is, with its secrets as its key opened them.
struct UnlockedStore: Sendable {
    let identity: StoreIdentity
    /// Tokens, writers' names and bodies are digested under it.
    let secret: SecretBytes
    /// What filters ask for is digested under it.
    let indexKey: SecretBytes
    /// Of a sealed store.
    let sealed: (key: StoreKey, secrets: StoreSecrets)?

    /// A store without encryption: its one secret lies in the file `store`.
    init(clear identity: StoreIdentity) {
        self.identity = identity
        secret = SecretBytes(copying: identity.secret.span.bytes)
        indexKey = secret
        sealed = nil
    }

    init(_ identity: StoreIdentity, key: StoreKey, secrets: StoreSecrets) {
        self.identity = identity
        secret = secrets.secret
        indexKey = secrets.indexKey
        sealed = (key, secrets)
    }

    var digests: StoreDigests { StoreDigests(secret: secret, indexKey: indexKey) }

    /// Signs in the store's name.
    var signer: StoreSigner {
        // As for the digests: OpenSSL without Ed25519 is nothing a store could go on with.
        do {
            guard let sealed else { return try StoreSigner(secret: secret) }
            return try StoreSigner(seed: sealed.secrets.signingSeed)
        } catch {
            preconditionFailure("libcrypto: \(error)")
        }
    }

    /// The rings that new keys go into; nil in a store without encryption.
    var rings: RingSet? {
        identity.keyRecord.map {
            RingSet(store: identity.store, keyID: $0.keyID, generation: $0.generation)
        }
    }
}
