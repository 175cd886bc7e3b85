import ReelCodec
import Testing

struct KeyedDigestTests {
    private let secret = SecretBytes(copying: [UInt8](0..<32).span.bytes)

    /// Digest under a derived key, computed by Python's hmac: hmac(hmac(secret, "a label"), "message").
    @Test func digestsAreHMACUnderADerivedKey() throws {
        let directory = try TemporaryDirectory()
        let script = """
            import hashlib, hmac
            key = hmac.digest(bytes(range(32)), b'a label', 'sha256')
            open('digest', 'wb').write(hmac.digest(key, b'message', 'sha256'))
            """
        try writeFile(directory.path + "/digest.py", Array(script.utf8))
        #expect(runShell("cd \(directory.path) && python3 digest.py") == 0)
        let expected = try readFile(directory.path + "/digest")
        let digest = try KeyedDigest(secret: secret, label: "a label")
        #expect(digest.digest(of: "message") == expected)
        #expect(digest.digest(of: Array("message".utf8)) == expected, "a digest must not show in the next one")
        #expect(digest.digest64(of: "message") == expected.prefix(8).reversed().reduce(0) { $0 << 8 | UInt64($1) })
        #expect(try KeyedDigest(secret: secret, label: "another").digest(of: "message") != expected)
    }

    @Test func equalityLooksAtEveryByte() {
        let digest = [UInt8](repeating: 7, count: 32)
        #expect(KeyedDigest.areEqual(digest, digest))
        #expect(KeyedDigest.areEqual([], []))
        #expect(!KeyedDigest.areEqual(digest, Array(digest.dropLast())))
        for index in digest.indices {
            var other = digest
            other[index] ^= 0x80
            #expect(!KeyedDigest.areEqual(digest, other))
        }
    }

    @Test func randomBytesAreNotTheSameTwice() throws {
        #expect(try SecureRandom.bytes(count: 16) != SecureRandom.bytes(count: 16))
        #expect(try SecureRandom.bytes(count: 0).isEmpty)
        #expect(try SecureRandom.bytes(count: 1_000).count == 1_000)
    }
}

struct BodyHasherTests {
    private let secret = SecretBytes(copying: [UInt8](repeating: 9, count: 32).span.bytes)

    /// The stored hashes of a log outlive versions of this program: these values must never change. Computed with
    /// `openssl mac GMAC` and Python's hmac.
    @Test func hashesAreForEver() throws {
        let hasher = try BodyHasher(secret: secret)
        #expect(hasher.hash(of: []) == 4329864943814139629)
        #expect(hasher.hash(of: Array("{\"type\":4}".utf8)) == 13926307081975133877)
    }

    @Test func everyByteAndTheLengthAndTheSecretCount() throws {
        let hasher = try BodyHasher(secret: secret)
        let text = [UInt8](repeating: 0, count: 100)
        var seen: Set<UInt64> = [hasher.hash(of: text)]
        for index in text.indices {
            var other = text
            other[index] = 1
            seen.insert(hasher.hash(of: other))
            seen.insert(hasher.hash(of: Array(text[..<index])))
        }
        #expect(seen.count == 201)
        #expect(hasher.hash(of: text) == hasher.hash(of: text))
        let other = SecretBytes(copying: [UInt8](repeating: 8, count: 32).span.bytes)
        #expect(try BodyHasher(secret: other).hash(of: text) != hasher.hash(of: text))
    }
}
