import Glibc
import ReelCodec
import Testing

struct KeyDerivationTests {
    /// RFC 5869, appendix A.1 to A.3.
    @Test(arguments: [
        (
            String(repeating: "0b", count: 22), "000102030405060708090a0b0c", "f0f1f2f3f4f5f6f7f8f9",
            "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865"
        ),
        (
            hex(0x00...0x4F), hex(0x60...0xAF), hex(0xB0...0xFF),
            "b11e398dc80327a1c8e7f78c596a49344f012eda2d4efad8a050cc4c19afa97c59045a99cac7827271cb41c65e590e09da3275600c2f09"
                + "b8367793a9aca3db71cc30c58179ec3e87c14c01d5c1f3434f1d87"
        ),
        (
            String(repeating: "0b", count: 22), "", "",
            "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8"
        ),
    ]) func hkdfVectorsOfTheRFCHold(secretHex: String, salt: String, label: String, output: String) throws {
        let expected = bytes(ofHex: output)
        let derived = try HKDF.derive(
            from: secret(bytes(ofHex: secretHex)), salt: bytes(ofHex: salt), label: bytes(ofHex: label),
            sizeBytes: expected.count)
        #expect(exposed(derived) == expected)
    }

    @Test func hkdfGivesUpTo255Blocks() throws {
        let key = secret(Array(0..<32))
        let longest = try HKDF.derive(from: key, salt: [1], label: [2], sizeBytes: 8160)
        let short = try HKDF.derive(from: key, salt: [1], label: [2], sizeBytes: 33)
        #expect(longest.count == 8160 && exposed(longest[0..<33]) == exposed(short))
        #expect(try HKDF.derive(from: key, salt: [2], label: [2], sizeBytes: 33) != short)
        #expect(try HKDF.derive(from: key, salt: [1], label: [1], sizeBytes: 33) != short)
    }

    /// RFC 7914 §12; the fourth one takes 1 GiB and runs with `REELD_FULL_SWEEP=1`.
    @Test(arguments: [
        (
            "", "", 4 as UInt8, 1 as UInt8, 1 as UInt8,
            "77d6576238657b203b19ca42c18a0497f16b4844e3074ae8dfdffa3fede21442fcd0069ded0948f8326a753a0fc81f17e8d3e0fb2e0d36"
                + "28cf35e20c38d18906"
        ),
        (
            "password", "NaCl", 10, 8, 16,
            "fdbabe1c9d3472007856e7190d01e9fe7c6ad7cbc8237830e77376634b3731622eaf30d92e22a3886ff109279d9830dac727afb94a83ee6d"
                + "8360cbdfa2cc0640"
        ),
        (
            "pleaseletmein", "SodiumChloride", 14, 8, 1,
            "7023bdcb3afd7348461c06cd81fd38ebfda8fbba904f8e3ea9b543f6545da1f2d5432955613f0fcf62d49705242a9af9e61e85dc0d651e40"
                + "dfcf017b45575887"
        ),
        (
            "pleaseletmein", "SodiumChloride", 20, 8, 1,
            "2101cb9b6a511aaeaddbbe09cf70f881ec568d574a2ffd4dabe5ee9820adaa478e56fd8f4ba5d09ffa1c6d927c40f4c337304049e8a952fb"
                + "cbf45c6fa77a41a4"
        ),
    ]) func scryptVectorsOfTheRFCHold(
        passphrase: String, salt: String, costLog2: UInt8, blockSize: UInt8, parallelism: UInt8, output: String
    ) throws {
        if costLog2 == 20, getenv("REELD_FULL_SWEEP") == nil { return }
        let parameters = ScryptParameters(
            costLog2: costLog2, blockSize: blockSize, parallelism: parallelism, salt: Array(salt.utf8))
        let key = try Scrypt.derive(from: secret(passphrase), parameters, sizeBytes: 64)
        #expect(exposed(key) == bytes(ofHex: output))
    }

    @Test func newParametersAreAcceptableAndNeverTheSame() throws {
        let parameters = try ScryptParameters.new()
        #expect(parameters.isAcceptable && parameters.memoryBytes > 64 << 20 && parameters.memoryBytes < 65 << 20)
        #expect(try ScryptParameters.new().salt != parameters.salt)
        _ = try Scrypt.derive(from: secret("a passphrase"), parameters, sizeBytes: 32)
    }

    /// Parameters of a damaged or forged file: too weak, or a way to take a machine's memory and time.
    @Test(
        arguments: [
            (13, 8, 1, 16), (21, 8, 1, 16), (255, 8, 1, 16), (16, 0, 1, 16), (16, 33, 1, 16), (16, 8, 0, 16),
            (16, 8, 17, 16),
            (20, 9, 1, 16), (19, 17, 1, 16), (16, 8, 1, 15), (16, 8, 1, 17),
        ] as [(UInt8, UInt8, UInt8, Int)])
    func parametersOutOfBoundsAreNotAcceptable(cost: UInt8, blockSize: UInt8, parallelism: UInt8, saltSize: Int) {
        func parameters(_ cost: UInt8, _ blockSize: UInt8, _ parallelism: UInt8, _ saltSize: Int) -> ScryptParameters {
            ScryptParameters(
                costLog2: cost, blockSize: blockSize, parallelism: parallelism,
                salt: Array(repeating: 0, count: saltSize))
        }
        #expect(!parameters(cost, blockSize, parallelism, saltSize).isAcceptable)
        #expect(parameters(14, 1, 1, 16).isAcceptable && parameters(20, 8, 16, 16).isAcceptable)
    }

    @Test func authenticatorsTakeSecrets() throws {
        // RFC 4231, test case 2.
        let code = try MessageAuthenticator(key: secret("Jefe")).code(of: Array("what do ya want for nothing?".utf8))
        #expect(code == bytes(ofHex: "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"))
    }

    private static func hex(_ range: ClosedRange<Int>) -> String {
        range.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }
}
