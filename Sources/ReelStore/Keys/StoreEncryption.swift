import ReelCodec
import ReelFormat

/// Whether a store is sealed, and by what its key is had.
package enum StoreEncryption: Sendable {
    /// What is recorded lies on the disk as it came.
    case off
    case key(StoreKey)
    /// The key is computed with the store's own parameters; a new store gets some.
    case passphrase(SecretBytes)

    /// The key, and how the store's key record says it is had.
    ///
    /// - Parameter record: of a store that is there; nil makes parameters for a new one.
    /// - Returns: nil without encryption.
    func key(for record: StoreKeyRecord?) throws(OpenError) -> (key: StoreKey, source: StoreKeyRecord.Source)? {
        do throws(CryptoError) {
            switch self {
            case .off: return nil
            case .key(let key): return (key, .key)
            case .passphrase(let passphrase):
                var parameters: ScryptParameters?
                if case .passphrase(let known)? = record?.source { parameters = known }
                // Of a store that was made with a key, to tell by its fingerprint that this is another.
                let used = try parameters.orNew()
                return (try StoreKey(passphrase: passphrase, used), .passphrase(used))
            }
        } catch {
            throw .crypto(error)
        }
    }
}

extension ScryptParameters? {
    // The right side of ?? loses the type of what it throws.
    fileprivate func orNew() throws(CryptoError) -> ScryptParameters {
        if let self { return self }
        return try ScryptParameters.new()
    }
}
