import CReelCrypto

/// AES-256-GCM as OpenSSL has it, for the bare chain: what sealing a frame costs at least.
///
/// Used by one thread. The nonce is a counter: nothing sealed here is kept.
final class GCMSealer {
    private let context: OpaquePointer
    private var nonce: UInt64 = 0
    private var output: [UInt8] = []

    init() throws(BenchmarkError) {
        guard let context = EVP_CIPHER_CTX_new() else { throw BenchmarkError("OpenSSL has no memory") }
        self.context = context
        let key = [UInt8](repeating: 7, count: 32)
        guard EVP_EncryptInit_ex(context, EVP_aes_256_gcm(), nil, key, nil) == 1 else {
            throw BenchmarkError("OpenSSL has no AES-256-GCM")
        }
    }

    deinit { EVP_CIPHER_CTX_free(context) }

    /// Seals a text and drops the result.
    ///
    /// - Returns: the size of what was sealed.
    func seal(_ text: [UInt8]) -> Int {
        nonce += 1
        let bytes = (0..<12).map { UInt8(truncatingIfNeeded: nonce >> UInt64(min($0, 7) * 8)) }
        if output.count < text.count + 16 { output = [UInt8](repeating: 0, count: text.count + 16) }
        var size: Int32 = 0
        var tag = [UInt8](repeating: 0, count: 16)
        EVP_EncryptInit_ex(context, nil, nil, nil, bytes)
        EVP_EncryptUpdate(context, &output, &size, text, Int32(text.count))
        EVP_EncryptFinal_ex(context, &tag, &size)
        EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_GET_TAG, 16, &tag)
        return text.count + 16
    }
}
