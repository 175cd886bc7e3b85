import CReelCrypto

/// XAES-256-GCM as C2SP specifies it (c2sp.org/XAES-256-GCM): AES-256-GCM under a key that is derived from the secret key and the
/// first half of a nonce of 24 bytes, so that nonces may be chosen at random for ever. One a thread.
///
///     L = AES-256(K, 0);  K1 = L doubled in GF(2^128), as CMAC does
///     Kx = AES-256(K, K1 ^ (00 01 58 00 · N[0..<12])) · AES-256(K, K1 ^ (00 02 58 00 · N[0..<12]))
///     sealed = AES-256-GCM(Kx, N[12..<24], plaintext, associated data) · tag
///
/// The seal is not key-committing: whoever makes up the bytes can make them open under two keys.
package final class XAES256GCM {
    package static let keySizeBytes = 32
    package static let nonceSizeBytes = 24
    /// What sealed bytes are longer than the plaintext.
    package static let tagSizeBytes = 16

    private let block: OpaquePointer
    private let sealer: OpaquePointer
    private let opener: OpaquePointer
    /// K1, then the two blocks to be encrypted, then Kx, each in its place for the length of a call.
    private let scratch: UnsafeMutableRawPointer
    private static let scratchSizeBytes = 80
    /// EVP counts in Int32.
    private let pieceMaxBytes: Int

    /// - Throws: `.unavailable`.
    package convenience init() throws(CryptoError) { try self.init(pieceMaxBytes: 1 << 30) }

    init(pieceMaxBytes: Int) throws(CryptoError) {
        self.pieceMaxBytes = pieceMaxBytes
        guard let block = EVP_CIPHER_CTX_new(), let sealer = EVP_CIPHER_CTX_new(), let opener = EVP_CIPHER_CTX_new()
        else { throw .unavailable }
        self.block = block
        self.sealer = sealer
        self.opener = opener
        scratch = SecretArena.take(XAES256GCM.scratchSizeBytes)
        guard EVP_EncryptInit_ex(block, EVP_aes_256_ecb(), nil, nil, nil) == 1,
            EVP_CIPHER_CTX_set_padding(block, 0) == 1,
            EVP_EncryptInit_ex(sealer, EVP_aes_256_gcm(), nil, nil, nil) == 1,
            EVP_DecryptInit_ex(opener, EVP_aes_256_gcm(), nil, nil, nil) == 1
        else { throw .unavailable }
    }

    // Freeing a context wipes its key schedule.
    deinit {
        EVP_CIPHER_CTX_free(block)
        EVP_CIPHER_CTX_free(sealer)
        EVP_CIPHER_CTX_free(opener)
        SecretArena.giveBack(scratch, XAES256GCM.scratchSizeBytes)
    }

    /// Appends ciphertext and tag to `output`.
    ///
    /// - Parameters:
    ///   - key: 32 bytes.
    ///   - nonce: 24 bytes, random, never used twice under the key.
    ///   - associatedData: what the seal covers and does not hold.
    package func seal(
        _ plaintext: RawSpan, key: SecretBytes, nonce: RawSpan, associatedData: RawSpan,
        appendingTo output: inout [UInt8]
    ) {
        let sealedSizeBytes = plaintext.byteCount + XAES256GCM.tagSizeBytes
        plaintext.withUnsafeBytes { plaintext in
            begin(sealer, key, nonce, associatedData)
            output.append(addingCapacity: sealedSizeBytes) { space in
                space.withUnsafeMutableBufferPointer { space, size in
                    update(sealer, plaintext, space.baseAddress)
                    var rest: Int32 = 0
                    let tag = space.baseAddress.map { $0 + plaintext.count }
                    let isDone =
                        EVP_EncryptFinal_ex(sealer, tag, &rest) == 1
                        && EVP_CIPHER_CTX_ctrl(sealer, EVP_CTRL_AEAD_GET_TAG, Int32(XAES256GCM.tagSizeBytes), tag) == 1
                    precondition(isDone && rest == 0, "AES-GCM fails in memory")
                    size += sealedSizeBytes
                }
            }
        }
    }

    /// Appends the plaintext to `output`, once the tag was found to be right; `output` is as it was where it is not.
    ///
    /// - Parameter sealed: ciphertext and tag.
    /// - Throws: where key, nonce, associated data or a byte is another than was sealed.
    package func open(
        _ sealed: RawSpan, key: SecretBytes, nonce: RawSpan, associatedData: RawSpan, appendingTo output: inout [UInt8]
    ) throws(SealBroken) {
        guard sealed.byteCount >= XAES256GCM.tagSizeBytes else { throw SealBroken() }
        let plainSizeBytes = sealed.byteCount - XAES256GCM.tagSizeBytes
        var isSound = false
        sealed.withUnsafeBytes { sealed in
            begin(opener, key, nonce, associatedData)
            output.append(addingCapacity: plainSizeBytes) { space in
                space.withUnsafeMutableBufferPointer { space, size in
                    let room = UnsafeMutableRawBufferPointer(start: space.baseAddress, count: plainSizeBytes)
                    isSound = finishOpening(sealed, into: room)
                    if isSound { size += plainSizeBytes }
                }
            }
        }
        guard isSound else { throw SealBroken() }
    }

    /// Opens what is itself a secret: the plaintext lies nowhere else.
    ///
    /// - Throws: as `open` does.
    package func openSecret(
        _ sealed: RawSpan, key: SecretBytes, nonce: RawSpan, associatedData: RawSpan
    ) throws(SealBroken) -> SecretBytes {
        guard sealed.byteCount >= XAES256GCM.tagSizeBytes else { throw SealBroken() }
        return try SecretBytes(count: sealed.byteCount - XAES256GCM.tagSizeBytes) { space throws(SealBroken) in
            begin(opener, key, nonce, associatedData)
            let isSound = sealed.withUnsafeBytes { finishOpening($0, into: space) }
            guard isSound else { throw SealBroken() }
        }
    }

    /// Overwrites what the contexts still hold of the last key; for whoever keeps them idle after a key was destroyed.
    package func forgetKey() {
        let zeros = [UInt8](repeating: 0, count: XAES256GCM.keySizeBytes)
        let isDone =
            EVP_EncryptInit_ex(block, nil, nil, zeros, nil) == 1
            && EVP_EncryptInit_ex(sealer, nil, nil, zeros, nil) == 1
            && EVP_DecryptInit_ex(opener, nil, nil, zeros, nil) == 1
        precondition(isDone, "AES takes no key")
    }

    /// Derives the message's key, and gives it, its nonce and the associated data to a GCM context.
    private func begin(
        _ context: OpaquePointer, _ key: SecretBytes, _ nonce: RawSpan, _ associatedData: RawSpan
    ) {
        precondition(key.count == XAES256GCM.keySizeBytes, "an XAES-256-GCM key has 32 bytes")
        precondition(nonce.byteCount == XAES256GCM.nonceSizeBytes, "an XAES-256-GCM nonce has 24 bytes")
        nonce.withUnsafeBytes { nonce in
            deriveKey(key, nonce)
            let messageKey = (scratch + 48).assumingMemoryBound(to: UInt8.self)
            let messageNonce = nonce.baseAddress?.assumingMemoryBound(to: UInt8.self)
            // A context that gets no new cipher keeps the one it has, and -1 its direction.
            let isReady = EVP_CipherInit_ex(context, nil, nil, messageKey, messageNonce.map { $0 + 12 }, -1)
            precondition(isReady == 1, "AES-GCM takes no key")
            OPENSSL_cleanse(messageKey, XAES256GCM.keySizeBytes)
        }
        associatedData.withUnsafeBytes { update(context, $0, nil) }
    }

    /// Leaves Kx at 48 of the scratch.
    private func deriveKey(_ key: SecretBytes, _ nonce: UnsafeRawBufferPointer) {
        var written: Int32 = 0
        let bytes = scratch.assumingMemoryBound(to: UInt8.self)
        scratch.initializeMemory(as: UInt8.self, repeating: 0, count: 16)
        var isDone = key.withPointer { key in
            EVP_EncryptInit_ex(block, nil, nil, key.baseAddress?.assumingMemoryBound(to: UInt8.self), nil) == 1
        }
        isDone = isDone && EVP_EncryptUpdate(block, bytes, &written, bytes, 16) == 1
        let high = UInt64(bigEndian: scratch.loadUnaligned(as: UInt64.self))
        let low = UInt64(bigEndian: scratch.loadUnaligned(fromByteOffset: 8, as: UInt64.self))
        let mask = (high: high << 1 | low >> 63, low: low << 1 ^ (high >> 63) * 0b1000_0111)
        // 12 bytes of nonce: 4 beside counter and label, 8 behind.
        let first = UInt64(UInt32(bigEndian: nonce.loadUnaligned(as: UInt32.self)))
        let rest = UInt64(bigEndian: nonce.loadUnaligned(fromByteOffset: 4, as: UInt64.self))
        for counter in [1, 2] as [UInt64] {
            let at = Int(counter) * 16
            let message = counter << 48 | 0x5800 << 32 | first
            scratch.storeBytes(of: (mask.high ^ message).bigEndian, toByteOffset: at, as: UInt64.self)
            scratch.storeBytes(of: (mask.low ^ rest).bigEndian, toByteOffset: at + 8, as: UInt64.self)
        }
        isDone = isDone && EVP_EncryptUpdate(block, bytes + 48, &written, bytes + 16, 32) == 1
        precondition(isDone && written == 32, "AES fails in memory")
    }

    /// Decrypts, compares the tag, and wipes the plaintext again where it is wrong.
    private func finishOpening(_ sealed: UnsafeRawBufferPointer, into space: UnsafeMutableRawBufferPointer) -> Bool {
        let ciphertext = UnsafeRawBufferPointer(rebasing: sealed[..<space.count])
        let tag = UnsafeMutableRawPointer(
            mutating: UnsafeRawBufferPointer(rebasing: sealed[space.count...]).baseAddress)
        update(opener, ciphertext, space.baseAddress?.assumingMemoryBound(to: UInt8.self))
        var rest: Int32 = 0
        var nothing: UInt8 = 0
        let isSound =
            EVP_CIPHER_CTX_ctrl(opener, EVP_CTRL_AEAD_SET_TAG, Int32(XAES256GCM.tagSizeBytes), tag) == 1
            && EVP_DecryptFinal_ex(opener, &nothing, &rest) == 1
        if !isSound { OPENSSL_cleanse(space.baseAddress, space.count) }
        return isSound
    }

    /// - Parameter output: nil for associated data.
    private func update(
        _ context: OpaquePointer, _ input: UnsafeRawBufferPointer, _ output: UnsafeMutablePointer<UInt8>?
    ) {
        var output = output
        var rest = input
        var written: Int32 = 0
        while let base = rest.baseAddress, !rest.isEmpty {
            let size = min(rest.count, pieceMaxBytes)
            let piece = base.assumingMemoryBound(to: UInt8.self)
            let isDone = EVP_CipherUpdate(context, output, &written, piece, Int32(size)) == 1
            precondition(isDone && Int(written) == size, "AES-GCM fails in memory")
            output = output.map { $0 + size }
            rest = UnsafeRawBufferPointer(rebasing: rest[size...])
        }
    }
}

/// Sealed bytes that do not open: damaged, or sealed under another key, nonce or associated data. Which one, nobody can
/// tell.
package struct SealBroken: Error, Equatable, Sendable {
    package init() {}
}
