import ReelCodec

/// The key that everything in an encrypted store hangs on, as it was read from a file or computed from a passphrase. It seals
/// nothing itself: what does is derived from it for one store and one purpose. FORMAT.md §21.
package final class StoreKey: Sendable {
    package static let sizeBytes = 32

    /// Tells keys apart without telling anything of them.
    package let fingerprint: KeyFingerprint

    private let key: SecretBytes

    /// - Parameter key: 32 bytes that nobody can guess.
    /// - Throws: `.unavailable`.
    package init(_ key: SecretBytes) throws(CryptoError) {
        precondition(key.count == StoreKey.sizeBytes, "a store key has 32 bytes")
        self.key = key
        fingerprint = KeyFingerprint(
            try HKDF.derive(
                from: key, salt: [], label: Array("reeld key fingerprint".utf8),
                sizeBytes: KeyFingerprint.sizeBytes))
    }

    /// The key of a passphrase; takes as long as the parameters say.
    ///
    /// - Throws: `.unavailable`: also where there is no memory.
    package convenience init(passphrase: SecretBytes, _ parameters: ScryptParameters) throws(CryptoError) {
        try self.init(try Scrypt.derive(from: passphrase, parameters, sizeBytes: StoreKey.sizeBytes))
    }

    /// A key for one purpose in one store.
    ///
    /// - Throws: `.unavailable`.
    package func subkey(_ purpose: Purpose, of store: StoreID) throws(CryptoError) -> SecretBytes {
        var salt = ByteWriter(capacityBytes: 16)
        salt.append(store.high)
        salt.append(store.low)
        return try HKDF.derive(
            from: key, salt: salt.bytes, label: Array(purpose.rawValue.utf8), sizeBytes: XAES256GCM.keySizeBytes)
    }

    /// What keys are derived for; the texts are labels and never change.
    package enum Purpose: String, CaseIterable, Sendable {
        /// Seals the data keys in the keyring.
        case dataKeys = "reeld data keys"
        /// Seals the store's own secrets in its key record.
        case storeSecrets = "reeld store secrets"
    }
}

/// 16 bytes by which a store knows its key again.
package struct KeyFingerprint: Hashable, Sendable, CustomStringConvertible {
    package static let sizeBytes = 16

    package let bytes: [UInt8]

    package init(_ bytes: [UInt8]) {
        precondition(bytes.count == KeyFingerprint.sizeBytes, "a fingerprint has 16 bytes")
        self.bytes = bytes
    }

    fileprivate init(_ digest: SecretBytes) {
        self.init(digest.withBytes { span in (0..<span.byteCount).map { span.field($0, as: UInt8.self) } })
    }

    /// Eight groups of four digits: `9f2c-…`.
    package var description: String {
        let digits = bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }
        return stride(from: 0, to: digits.count, by: 2).map { digits[$0] + digits[$0 + 1] }.joined(separator: "-")
    }
}
