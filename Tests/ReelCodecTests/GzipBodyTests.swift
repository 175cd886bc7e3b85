import ReelCodec
import Testing

struct GzipBodyTests {
    private let text = Array(#"[{"type":4,"timestamp":1700000000000,"data":{}}]"#.utf8)

    @Test(arguments: ["gzip -c", "gzip -9c", "gzip -1c", "gzip -nc"])
    func whatGzipMakesIsRead(command: String) throws {
        let directory = try TemporaryDirectory()
        let long = Array(repeatElement(text, count: 30_000).joined())
        try writeFile(directory.path + "/in.json", long)
        #expect(runShell("\(command) \(directory.path)/in.json > \(directory.path)/out.gz") == 0)
        let body = try readFile(directory.path + "/out.gz")
        #expect(GzipBody.isGzip(body))
        #expect(try GzipBody.inflate(body, limitBytes: long.count) == long)
        #expect(throws: GzipError.tooLarge(limitBytes: long.count - 1)) {
            try GzipBody.inflate(body, limitBytes: long.count - 1)
        }
        for size in stride(from: 0, to: body.count, by: 97) {
            #expect(throws: GzipError.self) { try GzipBody.inflate(Array(body[..<size]), limitBytes: long.count) }
        }
    }

    @Test func membersFollowOneAnother() throws {
        let deflater = FrameDeflater()
        let body = deflater.member(of: text) + deflater.member(of: []) + deflater.member(of: [0x0A])
        #expect(try GzipBody.inflate(body, limitBytes: 1_000) == text + [0x0A])
        #expect(throws: GzipError.trailingBytes(offsetBytes: body.count)) {
            try GzipBody.inflate(body + [1, 2, 3], limitBytes: 1_000)
        }
        #expect(throws: GzipError.tooLarge(limitBytes: text.count)) {
            try GzipBody.inflate(body, limitBytes: text.count)
        }
    }

    @Test func optionalHeaderFieldsAreSteppedOver() throws {
        let member = FrameDeflater().member(of: text)
        var header: [UInt8] = [0x1F, 0x8B, 8, 0x1E, 0, 0, 0, 0, 0, 3]
        header += [4, 0, 1, 2, 3, 4] + Array("name".utf8) + [0] + Array("note".utf8) + [0]
        let checksum = GzipCRC.checksum(header)
        header += [UInt8(truncatingIfNeeded: checksum), UInt8(truncatingIfNeeded: checksum >> 8)]
        let body = header + member[10...]
        #expect(try GzipBody.inflate(body, limitBytes: 1_000) == text)
        var damaged = body
        damaged[12] ^= 1
        #expect(throws: GzipError.badHeader(offsetBytes: 0)) { try GzipBody.inflate(damaged, limitBytes: 1_000) }
    }

    @Test func aBombCostsItsLimit() throws {
        let bomb = try DenseDeflater().member(of: [UInt8](repeating: 0x20, count: 50_000_000))
        #expect(bomb.count < 100_000)
        #expect(throws: GzipError.tooLarge(limitBytes: 1 << 20)) { try GzipBody.inflate(bomb, limitBytes: 1 << 20) }
    }

    @Test func damageIsNamed() throws {
        let member = FrameDeflater().member(of: text)
        #expect(throws: GzipError.badHeader(offsetBytes: 0)) { try GzipBody.inflate(text, limitBytes: 100) }
        #expect(throws: GzipError.truncated) { try GzipBody.inflate([0x1F, 0x8B], limitBytes: 100) }
        var damaged = member
        damaged[member.count - 5] ^= 1
        #expect(throws: GzipError.checksumMismatch) { try GzipBody.inflate(damaged, limitBytes: 100) }
        damaged = member
        damaged[member.count - 1] ^= 1
        #expect(throws: GzipError.sizeMismatch) { try GzipBody.inflate(damaged, limitBytes: 100) }
        damaged = member
        damaged[2] = 7
        #expect(throws: GzipError.badHeader(offsetBytes: 0)) { try GzipBody.inflate(damaged, limitBytes: 100) }
        // A deflate block of the reserved kind 3.
        #expect(throws: GzipError.self) { try GzipBody.inflate(GzipMember.header + [0x07, 0, 0], limitBytes: 100) }
    }

    /// Found by the fuzzer: where the input ends inside a code that cannot be, ISA-L counts it below zero.
    @Test func aBodyThatEndsInsideABadCodeIsCorruptWithinItsBytes() throws {
        let blocks: [UInt8] = [
            0xAB, 0x56, 0x2A, 0xA9, 0x51, 0xD6, 0x48, 0x33, 0x55, 0x2C, 0xB2, 0x2A, 0xC9, 0xCC, 0x4D, 0x2D,
            0x2E, 0x49, 0xCC, 0x2D, 0x50, 0xB2, 0x32, 0x34, 0x37, 0x23, 0x40, 0x00, 0x1D, 0x51, 0x83, 0xE9,
            0x67, 0x30, 0x00, 0xFB, 0xB2, 0xC8, 0xC0, 0xC8, 0x02, 0x00, 0x00,
        ]
        let body = GzipMember.header + blocks
        do {
            _ = try GzipBody.inflate(body, limitBytes: 1 << 16)
            Issue.record("a corrupt body is taken")
        } catch GzipError.corrupt(let offset) {
            #expect((GzipMember.header.count...body.count).contains(offset))
        }
    }
}
