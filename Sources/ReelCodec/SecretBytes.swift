import CReelCrypto

/// Bytes that must not be seen: a key, a passphrase, a seed. They lie in `SecretArena`'s memory, never change, are wiped
/// when the last holder lets go, and are not printed by anything.
package final class SecretBytes: @unchecked Sendable {
    // What `base` points to is written in init only, before anybody else has the object.
    private let base: UnsafeMutableRawPointer
    package let count: Int

    private init(uninitialized count: Int) {
        // The arena knows no empty pieces.
        base = SecretArena.take(max(count, 1))
        self.count = count
    }

    deinit { SecretArena.giveBack(base, max(count, 1)) }

    /// Takes the bytes over and wipes the array they came in.
    ///
    /// - Parameter bytes: zeros afterwards. An array that is shared with another holder is copied before it is wiped, so that
    ///   the other one keeps the secret.
    package convenience init(wiping bytes: inout [UInt8]) {
        self.init(uninitialized: bytes.count)
        space.copyBytes(from: bytes)
        bytes.wipe()
    }

    /// Copies bytes that lie somewhere else, too.
    package convenience init(copying bytes: RawSpan) {
        self.init(uninitialized: bytes.byteCount)
        bytes.withUnsafeBytes { space.copyMemory(from: $0) }
    }

    /// Makes a secret by filling its memory.
    ///
    /// - Parameter fill: must write every byte, or throw.
    convenience init<Failure: Error>(
        count: Int, fill: (UnsafeMutableRawBufferPointer) throws(Failure) -> Void
    ) throws(Failure) {
        self.init(uninitialized: count)
        try fill(space)
    }

    /// A new secret of the kernel's random bytes.
    ///
    /// - Throws: `.noRandomness`.
    package static func random(count: Int) throws(CryptoError) -> SecretBytes {
        try SecretBytes(count: count) { space throws(CryptoError) in
            guard SecureRandom.fill(space) else { throw .noRandomness }
        }
    }

    /// Lends the bytes; what is copied out of them is wiped by nobody.
    package func withBytes<Result, Failure: Error>(_ body: (RawSpan) throws(Failure) -> Result) throws(Failure)
        -> Result
    {
        defer { withExtendedLifetime(self) {} }
        return try body(UnsafeRawBufferPointer(space).bytes)
    }

    /// The same for this module's calls into C.
    func withPointer<Result>(_ body: (UnsafeRawBufferPointer) -> Result) -> Result {
        defer { withExtendedLifetime(self) {} }
        return body(UnsafeRawBufferPointer(space))
    }

    private var space: UnsafeMutableRawBufferPointer { UnsafeMutableRawBufferPointer(start: base, count: count) }

    /// Part of it, as a secret of its own.
    package subscript(range: Range<Int>) -> SecretBytes {
        precondition(range.lowerBound >= 0 && range.upperBound <= count, "outside the secret")
        return withBytes { SecretBytes(copying: $0.extracting(range)) }
    }

    /// Several secrets in a row, as one.
    package static func joined(_ parts: [SecretBytes]) -> SecretBytes {
        let whole = SecretBytes(uninitialized: parts.reduce(0) { $0 + $1.count })
        var offset = 0
        for part in parts {
            let place = UnsafeMutableRawBufferPointer(rebasing: whole.space[offset..<offset + part.count])
            part.withPointer { place.copyMemory(from: $0) }
            offset += part.count
        }
        return whole
    }
}

extension SecretBytes: Equatable {
    /// Compares in a time that does not tell where they differ.
    package static func == (one: SecretBytes, other: SecretBytes) -> Bool {
        one.count == other.count && CRYPTO_memcmp(one.base, other.base, one.count) == 0
    }
}

extension SecretBytes: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    package var description: String { "secret" }
    package var debugDescription: String { "secret" }
    package var customMirror: Mirror { Mirror(self, children: []) }
}

extension [UInt8] {
    /// Overwrites the bytes with zeros in a way that the compiler does not leave out.
    package mutating func wipe() {
        withUnsafeMutableBytes { OPENSSL_cleanse($0.baseAddress, $0.count) }
    }
}
