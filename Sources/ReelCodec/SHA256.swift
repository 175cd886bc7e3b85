import CReelCrypto

/// SHA-256 (FIPS 180-4) of bytes that come in pieces.
package final class SHA256 {
    package static let sizeBytes = 32

    private let context: OpaquePointer

    /// - Throws: `.unavailable`.
    package init() throws(CryptoError) {
        guard let context = EVP_MD_CTX_new() else { throw .unavailable }
        self.context = context
        guard EVP_DigestInit_ex(context, EVP_sha256(), nil) == 1 else { throw .unavailable }
    }

    deinit { EVP_MD_CTX_free(context) }

    package func update(_ bytes: some Collection<UInt8>) {
        let done = bytes.withContiguousStorageIfAvailable {
            EVP_DigestUpdate(context, $0.baseAddress, $0.count) == 1
        }
        if let done { return precondition(done, "SHA-256 fails in memory") }
        update(Array(bytes))
    }

    /// The 32 bytes of the digest; to be called once, at the end.
    package func digest() -> [UInt8] {
        var digest = [UInt8](repeating: 0, count: SHA256.sizeBytes)
        var size: UInt32 = 0
        let isDone = EVP_DigestFinal_ex(context, &digest, &size) == 1
        precondition(isDone && Int(size) == SHA256.sizeBytes, "SHA-256 fails in memory")
        return digest
    }
}
