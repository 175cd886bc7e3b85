import CReelCrypto

/// HKDF with SHA-256 (RFC 5869): keys for several purposes out of one secret, none of which tells anything about another.
package enum HKDF {
    /// Derives a secret.
    ///
    /// - Parameters:
    ///   - secret: what is as hard to guess as a key.
    ///   - salt: need not be secret; keeps apart what is derived from the same secret in different places.
    ///   - label: names the purpose; constant for ever. RFC 5869 calls it info.
    ///   - sizeBytes: at most 8,160.
    /// - Throws: `.unavailable`.
    package static func derive(
        from secret: SecretBytes, salt: [UInt8], label: [UInt8], sizeBytes: Int
    ) throws(CryptoError) -> SecretBytes {
        precondition(sizeBytes <= 255 * 32, "HKDF-SHA-256 gives at most 8,160 bytes")
        return try SecretBytes(count: sizeBytes) { space throws(CryptoError) in
            guard secret.withPointer({ fill(space, from: $0, salt: salt, label: label) }) else { throw .unavailable }
        }
    }

    private static func fill(
        _ space: UnsafeMutableRawBufferPointer, from secret: UnsafeRawBufferPointer, salt: [UInt8], label: [UInt8]
    ) -> Bool {
        guard let algorithm = EVP_KDF_fetch(nil, "HKDF", nil) else { return false }
        defer { EVP_KDF_free(algorithm) }
        guard let context = EVP_KDF_CTX_new(algorithm) else { return false }
        defer { EVP_KDF_CTX_free(context) }
        // Parameters keep pointers, so what they point to is held until the end; names are static for the same reason.
        var (salt, label, digest) = (salt, label, Array("SHA256".utf8CString))
        return salt.withUnsafeMutableBytes { salt in
            label.withUnsafeMutableBytes { label in
                digest.withUnsafeMutableBufferPointer { digest in
                    // An empty text has no pointer, and stands for itself when it is left out.
                    let texts = [
                        (name("key"), UnsafeMutableRawBufferPointer(mutating: secret)), (name("salt"), salt),
                        (name("info"), label),
                    ].filter { !$0.1.isEmpty }
                    let parameters =
                        [OSSL_PARAM_construct_utf8_string(name("digest"), digest.baseAddress, 0)]
                        + texts.map { OSSL_PARAM_construct_octet_string($0.0, $0.1.baseAddress, $0.1.count) }
                        + [OSSL_PARAM_construct_end()]
                    let output = space.baseAddress?.assumingMemoryBound(to: UInt8.self)
                    return EVP_KDF_derive(context, output, space.count, parameters) == 1
                }
            }
        }
    }

    private static func name(_ text: StaticString) -> UnsafePointer<CChar> {
        UnsafeRawPointer(text.utf8Start).assumingMemoryBound(to: CChar.self)
    }
}
