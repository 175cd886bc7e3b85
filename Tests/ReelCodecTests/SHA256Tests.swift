import ReelCodec
import Testing

/// FIPS 180-4 as its examples have it.
struct SHA256Tests {
    @Test(arguments: [
        ("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
        ("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
        (
            "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
            "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"
        ),
    ]) func theKnownAnswers(text: String, answer: String) throws {
        let whole = try SHA256()
        whole.update(Array(text.utf8))
        let pieces = try SHA256()
        for byte in text.utf8 { pieces.update([byte]) }
        #expect(hexadecimal(whole.digest()) == answer && hexadecimal(pieces.digest()) == answer)
    }

    private func hexadecimal(_ bytes: [UInt8]) -> String {
        bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }
}
