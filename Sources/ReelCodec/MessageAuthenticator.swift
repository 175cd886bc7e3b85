import CReelCrypto

/// Why cryptography is not to be had; nothing a caller did.
package enum CryptoError: Error, Sendable, Equatable {
    /// libcrypto has not the algorithm, or no memory.
    case unavailable
    /// The system gives no random bytes.
    case noRandomness
}

/// HMAC-SHA-256 (RFC 2104, FIPS 180-4) under one key. Reusable, one a thread.
package final class MessageAuthenticator {
    /// Of a code.
    package static let sizeBytes = 32

    private let context: OpaquePointer

    /// - Parameter key: of any size; libcrypto keeps a copy, in `SecretArena`'s memory.
    /// - Throws: `.unavailable`.
    package init(key: SecretBytes) throws(CryptoError) {
        guard let context = key.withPointer(MessageAuthenticator.makeContext) else { throw .unavailable }
        self.context = context
    }

    init(key: [UInt8]) throws(CryptoError) {
        guard let context = key.withUnsafeBytes(MessageAuthenticator.makeContext) else { throw .unavailable }
        self.context = context
    }

    private static func makeContext(_ key: UnsafeRawBufferPointer) -> OpaquePointer? {
        // Without a pointer the context would be left without a key.
        let bytes = key.baseAddress?.assumingMemoryBound(to: UInt8.self)
        guard let algorithm = EVP_MAC_fetch(nil, "HMAC", nil) else { return nil }
        defer { EVP_MAC_free(algorithm) }
        guard let context = EVP_MAC_CTX_new(algorithm) else { return nil }
        // The parameter keeps both pointers, so both texts must live until the context has read them.
        var digest = Array("SHA256".utf8CString)
        let status = "digest".withCString { name in
            digest.withUnsafeMutableBufferPointer { digest in
                let parameters = [
                    OSSL_PARAM_construct_utf8_string(name, digest.baseAddress, 0), OSSL_PARAM_construct_end(),
                ]
                return EVP_MAC_init(context, bytes, key.count, parameters)
            }
        }
        guard status == 1 else {
            EVP_MAC_CTX_free(context)
            return nil
        }
        return context
    }

    deinit { EVP_MAC_CTX_free(context) }

    /// The 32 bytes of `message`'s code.
    package func code(of message: [UInt8]) -> [UInt8] {
        var size = 0
        // Without a key the context begins anew under the one it has.
        var isDone = EVP_MAC_init(context, nil, 0, nil) == 1
        isDone = isDone && EVP_MAC_update(context, message, message.count) == 1
        let code = [UInt8](unsafeUninitializedCapacity: MessageAuthenticator.sizeBytes) { output, count in
            isDone = isDone && EVP_MAC_final(context, output.baseAddress, &size, output.count) == 1
            count = MessageAuthenticator.sizeBytes
        }
        precondition(isDone && size == MessageAuthenticator.sizeBytes, "HMAC fails in memory")
        return code
    }
}
