import Glibc
import Testing

@testable import ReelCodec

/// XAES-256-GCM against the vectors of its specification (c2sp.org/XAES-256-GCM).
struct XAES256GCMTests {
    private let key = secret(Array(repeating: 1, count: 32))
    private let nonce = Array("ABCDEFGHIJKLMNOPQRSTUVWX".utf8)

    private func seal(_ text: [UInt8], _ key: SecretBytes, _ nonce: [UInt8], _ data: [UInt8]) throws -> [UInt8] {
        try XAES256GCM().sealed(text, key, nonce, data)
    }

    /// Of the first key the top bit of L is clear, of the second it is set.
    @Test(arguments: [
        (1 as UInt8, "", "ce546ef63c9cc60765923609b33a9a1974e96e52daf2fcf7075e2271"),
        (3, "c2sp.org/XAES-256-GCM", "986ec1832593df5443a179437fd083bf3fdb41abd740a21f71eb769d"),
    ]) func theVectorsOfTheSpecificationHold(keyByte: UInt8, data: String, sealed: String) throws {
        let key = secret(Array(repeating: keyByte, count: 32))
        let cipher = try XAES256GCM()
        let text = Array("XAES-256-GCM".utf8)
        let expected = bytes(ofHex: sealed)
        #expect(cipher.sealed(text, key, nonce, Array(data.utf8)) == expected)
        #expect(try cipher.opened(expected, key, nonce, Array(data.utf8)) == text)
    }

    /// `REELD_FULL_SWEEP=1` does the specification's 1,000,000 rounds as well.
    @Test func theAccumulatedVectorsHold() throws {
        let rounds = getenv("REELD_FULL_SWEEP") == nil ? 10_000 : 1_000_000
        let expected =
            rounds == 10_000
            ? "e6b9edf2df6cec60c8cbd864e2211b597fb69a529160cd040d56c0c210081939"
            : "2163ae1445985a30b60585ee67daa55674df06901b890593e824b8a7c885ab15"
        // At most 568 bytes a round; the whole stream comes from Python, which has SHAKE-128.
        let directory = try TemporaryDirectory()
        let script = "import hashlib; open('stream', 'wb').write(hashlib.shake_128().digest(\(rounds * 568)))"
        #expect(runShell("cd \(directory.path) && python3 -c \"\(script)\"") == 0)
        let stream = try readFile(directory.path + "/stream")
        #expect(stream.starts(with: bytes(ofHex: "7f9c2ba4e88f827d616045507605853e")))
        var reader = ByteReader(stream)
        let cipher = try XAES256GCM()
        var sealed: [UInt8] = []
        for _ in 0..<rounds {
            let key = secret(try reader.read(count: 32))
            let nonce = try reader.read(count: 24)
            let text = try reader.read(count: Int(try reader.read(UInt8.self)))
            let data = try reader.read(count: Int(try reader.read(UInt8.self)))
            let one = cipher.sealed(text, key, nonce, data)
            try #require(try cipher.opened(one, key, nonce, data) == text)
            sealed += one
        }
        try writeFile(directory.path + "/sealed", sealed)
        let check = "import hashlib; s = hashlib.shake_128(open('sealed', 'rb').read()); print(s.hexdigest(32))"
        #expect(runShell("cd \(directory.path) && python3 -c \"\(check)\" | grep -qx \(expected)") == 0)
    }

    /// Key, nonce, associated data, every byte of the sealed text, and its length.
    @Test func everyChangedBitBreaksTheSeal() throws {
        let cipher = try XAES256GCM()
        let (text, data, keyBytes) = (Array("some text of a frame".utf8), Array("header".utf8), [UInt8](0..<32))
        let sealed = cipher.sealed(text, secret(keyBytes), nonce, data)
        func opens(_ sealed: [UInt8], _ key: [UInt8], _ nonce: [UInt8], _ data: [UInt8]) -> Bool {
            (try? cipher.opened(sealed, secret(key), nonce, data)) == text
        }
        #expect(opens(sealed, keyBytes, nonce, data))
        for bit in 0..<sealed.count * 8 { #expect(!opens(flipped(sealed, bit), keyBytes, nonce, data), "\(bit)") }
        for bit in 0..<256 { #expect(!opens(sealed, flipped(keyBytes, bit), nonce, data), "\(bit)") }
        for bit in 0..<192 { #expect(!opens(sealed, keyBytes, flipped(nonce, bit), data), "\(bit)") }
        for bit in 0..<data.count * 8 { #expect(!opens(sealed, keyBytes, nonce, flipped(data, bit)), "\(bit)") }
        for size in 0..<sealed.count { #expect(!opens(Array(sealed[..<size]), keyBytes, nonce, data), "\(size)") }
        #expect(!opens(sealed + [0], keyBytes, nonce, data))
        #expect(!opens(sealed, keyBytes, nonce, data + [0]))
        #expect(opens(sealed, keyBytes, nonce, data))
    }

    @Test func whatDoesNotOpenLeavesNothingBehind() throws {
        let cipher = try XAES256GCM()
        let text = Array("not for anybody's eyes, as it was forged".utf8)
        var sealed = cipher.sealed(text, key, nonce, [])
        sealed[sealed.count - 1] ^= 1
        var output: [UInt8] = [1, 2, 3]
        output.reserveCapacity(100)
        let spans = (sealed.span, nonce.span, [UInt8]().span)
        #expect(throws: SealBroken()) {
            try cipher.open(
                spans.0.bytes, key: key, nonce: spans.1.bytes, associatedData: spans.2.bytes, appendingTo: &output)
        }
        #expect(output == [1, 2, 3])
        // The room behind the array's end, which the plaintext was decrypted into.
        let rest = output.withUnsafeBytes { buffer in
            buffer.baseAddress.map { Array(UnsafeRawBufferPointer(start: $0 + 3, count: text.count)) }
        }
        #expect(rest == Array(repeating: 0, count: text.count))
        #expect(throws: SealBroken()) {
            try cipher.openSecret(
                spans.0.bytes, key: key, nonce: spans.1.bytes, associatedData: spans.2.bytes)
        }
    }

    @Test func outputIsAppendedAndSecretsOpenIntoSecrets() throws {
        let cipher = try XAES256GCM()
        var output: [UInt8] = [9]
        let spans = ([UInt8](0..<32).span, nonce.span, [UInt8]().span)
        cipher.seal(
            spans.0.bytes, key: key, nonce: spans.1.bytes, associatedData: spans.2.bytes, appendingTo: &output)
        #expect(output.count == 1 + 32 + XAES256GCM.tagSizeBytes && output[0] == 9)
        let sealed = Array(output[1...])
        let span = sealed.span
        let opened = try cipher.openSecret(
            span.bytes, key: key, nonce: spans.1.bytes, associatedData: spans.2.bytes)
        #expect(opened == secret(Array(0..<32)))
        #expect(try cipher.opened(sealed, key, nonce, []) == Array(0..<32))
    }

    /// Texts larger than EVP's counters go in pieces.
    @Test func piecesSealAsTheWholeDoes() throws {
        let text = [UInt8](repeating: 7, count: 1000)
        let data = [UInt8](repeating: 8, count: 333)
        let sealed = try seal(text, key, nonce, data)
        for size in [1, 16, 17, 999, 1000] {
            let cipher = try XAES256GCM(pieceMaxBytes: size)
            #expect(cipher.sealed(text, key, nonce, data) == sealed, "\(size)")
            #expect(try cipher.opened(sealed, key, nonce, data) == text, "\(size)")
        }
    }

    @Test func aCipherThatForgotItsKeyTakesTheNext() throws {
        let cipher = try XAES256GCM()
        let sealed = cipher.sealed([1, 2, 3], key, nonce, [4])
        cipher.forgetKey()
        #expect(cipher.sealed([1, 2, 3], key, nonce, [4]) == sealed)
        cipher.forgetKey()
        #expect(try cipher.opened(sealed, key, nonce, [4]) == [1, 2, 3])
    }

    /// One cipher, many keys, in turn: nothing of one message shows in the next.
    @Test func keysAndDirectionsMayAlternate() throws {
        let cipher = try XAES256GCM()
        let keys = try (0..<5).map { _ in try SecretBytes.random(count: 32) }
        let texts = (0..<5).map { [UInt8](repeating: UInt8($0), count: $0 * 100) }
        let sealed = try zip(keys, texts).map { try seal($1, $0, nonce, []) }
        for round in 0..<50 {
            let (mine, others) = (round % 5, (round + 2) % 5)
            #expect(cipher.sealed(texts[mine], keys[mine], nonce, []) == sealed[mine])
            #expect(try cipher.opened(sealed[others], keys[others], nonce, []) == texts[others])
            #expect(throws: SealBroken.self) { try cipher.opened(sealed[others], keys[mine], nonce, []) }
        }
    }

    private func flipped(_ bytes: [UInt8], _ bit: Int) -> [UInt8] {
        var bytes = bytes
        bytes[bit / 8] ^= 1 << UInt8(bit % 8)
        return bytes
    }
}

extension XAES256GCM {
    fileprivate func sealed(_ text: [UInt8], _ key: SecretBytes, _ nonce: [UInt8], _ data: [UInt8]) -> [UInt8] {
        var output: [UInt8] = []
        let (text, nonce, data) = (text.span, nonce.span, data.span)
        seal(text.bytes, key: key, nonce: nonce.bytes, associatedData: data.bytes, appendingTo: &output)
        return output
    }

    fileprivate func opened(_ sealed: [UInt8], _ key: SecretBytes, _ nonce: [UInt8], _ data: [UInt8]) throws
        -> [UInt8]
    {
        var output: [UInt8] = []
        let (sealed, nonce, data) = (sealed.span, nonce.span, data.span)
        try open(sealed.bytes, key: key, nonce: nonce.bytes, associatedData: data.bytes, appendingTo: &output)
        return output
    }
}
