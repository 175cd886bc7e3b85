import CReelCrypto

/// How much work and memory a passphrase's key takes to compute, and its salt: scrypt's parameters (RFC 7914 §2).
package struct ScryptParameters: Equatable, Sendable {
    /// Of a salt.
    package static let saltSizeBytes = 16

    /// The binary logarithm of N.
    package var costLog2: UInt8
    /// r
    package var blockSize: UInt8
    /// p
    package var parallelism: UInt8
    package var salt: [UInt8]

    package init(costLog2: UInt8, blockSize: UInt8, parallelism: UInt8, salt: [UInt8]) {
        self.costLog2 = costLog2
        self.blockSize = blockSize
        self.parallelism = parallelism
        self.salt = salt
    }

    /// What a new store takes: 64 MiB for less than a second, and a random salt.
    ///
    /// - Throws: `.noRandomness`.
    package static func new() throws(CryptoError) -> ScryptParameters {
        ScryptParameters(
            costLog2: 16, blockSize: 8, parallelism: 2, salt: try SecureRandom.bytes(count: saltSizeBytes))
    }

    /// The memory that computing takes: 128 · r · N, and what p adds.
    package var memoryBytes: UInt64 {
        128 * UInt64(blockSize) * ((1 << UInt64(min(costLog2, 63 - 15))) + UInt64(parallelism) + 2)
    }

    /// Whether a program should compute with these: neither so weak that guessing is cheap, nor such that a damaged or
    /// forged file takes a machine's memory or minutes of its time.
    package var isAcceptable: Bool {
        (14...20).contains(costLog2) && (1...32).contains(blockSize) && (1...16).contains(parallelism)
            && memoryBytes <= ScryptParameters.memoryMaxBytes && salt.count == ScryptParameters.saltSizeBytes
    }

    /// 1 GiB, and a little for p.
    package static let memoryMaxBytes: UInt64 = 1 << 30 | 1 << 20
}

/// scrypt (RFC 7914): a key from a passphrase, in a way that makes guessing costly.
package enum Scrypt {
    /// - Throws: `.unavailable`: no memory, or parameters that scrypt does not have.
    package static func derive(
        from passphrase: SecretBytes, _ parameters: ScryptParameters, sizeBytes: Int
    ) throws(CryptoError) -> SecretBytes {
        try SecretBytes(count: sizeBytes) { space throws(CryptoError) in
            let isDone = passphrase.withPointer { passphrase in
                EVP_PBE_scrypt(
                    passphrase.baseAddress?.assumingMemoryBound(to: CChar.self), passphrase.count,
                    parameters.salt, parameters.salt.count, 1 << UInt64(min(parameters.costLog2, 63)),
                    UInt64(parameters.blockSize), UInt64(parameters.parallelism), parameters.memoryBytes + 1 << 20,
                    space.baseAddress?.assumingMemoryBound(to: UInt8.self), space.count)
            }
            guard isDone == 1 else { throw .unavailable }
        }
    }
}
