import ReelCodec
import Testing

struct ChecksumTests {
    private let nineDigits = Array("123456789".utf8)

    @Test func knownAnswersHold() {
        #expect(CRC32C.checksum(nineDigits) == 0xE306_9283)
        #expect(GzipCRC.checksum(nineDigits) == 0xCBF4_3926)
        #expect(CRC32C.checksum([] as [UInt8]) == 0)
        #expect(GzipCRC.checksum([] as [UInt8]) == 0)
        // RFC 3720 §B.4: 32 bytes of zeros, and of ones.
        #expect(CRC32C.checksum([UInt8](repeating: 0, count: 32)) == 0x8A91_36AA)
        #expect(CRC32C.checksum([UInt8](repeating: 0xFF, count: 32)) == 0x62A8_AB43)
    }

    @Test(arguments: 0...9) func piecesGiveTheChecksumOfTheWhole(cut: Int) {
        var crc = CRC32C()
        crc.update(Array(nineDigits[..<cut]))
        crc.update(Array(nineDigits[cut...]))
        #expect(crc.value == 0xE306_9283)

        let first = GzipCRC.checksum(Array(nineDigits[..<cut]))
        let second = Array(nineDigits[cut...])
        #expect(GzipCRC.checksum(second, after: first) == 0xCBF4_3926)
        #expect(GzipCRC.combine(first, GzipCRC.checksum(second), secondSizeBytes: second.count) == 0xCBF4_3926)
    }
}
