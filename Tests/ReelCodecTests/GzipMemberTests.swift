import ReelCodec
import Testing

struct GzipMemberTests {
    /// Texts that meet the deflaters' corners: nothing, one byte, long runs, noise, more than a window.
    static let texts: [[UInt8]] = {
        var generator = SeededGenerator(seed: 7)
        let noise = (0..<300_000).map { _ in UInt8.random(in: .min ... .max, using: &generator) }
        let json = Array(#"{"type":3,"data":{"source":1},"timestamp":1700000000000}"#.utf8)
        return [
            [], [0x7B], json, [UInt8](repeating: 0x20, count: 1_000_000), noise,
            Array(repeatElement(json, count: 20_000).joined()), Array(noise[..<65_536]), Array(noise[..<131_073]),
        ]
    }()

    @Test(arguments: texts.indices, FrameDeflater.Level.allCases)
    func fastMembersHaveTheShapeAndTheText(text: Int, level: FrameDeflater.Level) throws {
        let text = GzipMemberTests.texts[text]
        let deflater = FrameDeflater(level: level)
        let member = deflater.member(of: text)
        #expect(deflater.member(of: text) == member, "what was deflated before must not show")
        try expectMember(member, of: text)
    }

    @Test(arguments: texts.indices) func denseMembersHaveTheShapeAndTheText(text: Int) throws {
        let text = GzipMemberTests.texts[text]
        let deflater = try DenseDeflater()
        let member = deflater.member(of: text)
        #expect(deflater.member(of: text) == member)
        try expectMember(member, of: text)
    }

    private func expectMember(_ member: [UInt8], of text: [UInt8]) throws {
        let trailer = try GzipMember.Trailer(of: member)
        #expect(trailer == GzipMember.Trailer(crc: GzipCRC.checksum(text), rawSizeBytes: text.count))
        #expect(try Inflater().text(of: member, rawSizeBytes: text.count) == text)
        #expect(try GzipBody.inflate(member, limitBytes: text.count) == text)
        let reader = try MemberReader(member)
        var read: [UInt8] = []
        while let piece = try reader.next(sizeMaxBytes: 10_000) { read += piece }
        #expect(read == text)
    }

    @Test func everyFlippedBitIsFound() throws {
        let text = Array(repeatElement(Array("{\"type\":3},\n".utf8), count: 20).joined())
        let member = FrameDeflater().member(of: text)
        let inflater = Inflater()
        for bit in 0..<member.count * 8 {
            var damaged = member
            damaged[bit / 8] ^= 1 << (bit % 8)
            // A flip may leave another spelling of the same text (a header bit of an unused code), never another text.
            if let read = try? inflater.text(of: damaged, rawSizeBytes: text.count) {
                #expect(read == text, "bit \(bit)")
            }
        }
    }

    @Test func everyTruncationIsRefused() throws {
        let text = Array("{\"type\":3,\"timestamp\":1},\n{\"type\":4}".utf8)
        let member = FrameDeflater().member(of: text)
        for size in 0..<member.count {
            #expect(throws: GzipError.self) {
                try Inflater().text(of: Array(member[..<size]), rawSizeBytes: text.count)
            }
            #expect(throws: GzipError.self) { try GzipBody.inflate(Array(member[..<size]), limitBytes: 1_000) }
        }
    }

    @Test func aWrongSizeATrailingByteAndAnEarlyEndAreRefused() throws {
        let text = Array("0123456789".utf8)
        let member = FrameDeflater().member(of: text)
        let inflater = Inflater()
        #expect(throws: GzipError.sizeMismatch) { try inflater.text(of: member, rawSizeBytes: 9) }
        #expect(throws: GzipError.sizeMismatch) { try inflater.text(of: member, rawSizeBytes: 11) }
        #expect(throws: GzipError.notSpliceable) { try inflater.text(of: member + [0], rawSizeBytes: 10) }
        // Inflates well by itself, but its blocks would end a splice: a final block before the flush.
        var early = GzipMember.header + [0x01, 10, 0, 0xF5, 0xFF] + text
        early += [0, 0, 0, 0xFF, 0xFF] + GzipMember.Trailer(crc: GzipCRC.checksum(text), rawSizeBytes: 10).bytes
        #expect(throws: GzipError.notSpliceable) { try inflater.text(of: early, rawSizeBytes: 10) }
        #expect(throws: GzipError.notSpliceable) {
            let reader = try MemberReader(early)
            while try reader.next() != nil {}
        }
    }

    /// Found by the fuzzer: a stored block, and the header of one with codes, whose rest would lie behind the flush.
    @Test(arguments: [[0x02], [0x34, 0xF3, 0x4A, 0x32, 0x02, 0x6C]] as [[UInt8]])
    func aMemberWhoseLastBlockIsCutIsNotReadAsIfItWereWhole(blocks: [UInt8]) throws {
        let member =
            GzipMember.header + blocks + GzipMember.flushEnd + GzipMember.Trailer(crc: 0, rawSizeBytes: 0).bytes
        #expect(throws: GzipError.self) { try Inflater().text(of: member, rawSizeBytes: 0) }
        #expect(throws: GzipError.self) {
            let reader = try MemberReader(member)
            while try reader.next() != nil {}
        }
    }

    /// Found by the fuzzer: blocks that end well only with the bytes behind them, which a splice leaves out.
    @Test func aMemberWhoseLastBlockRunsIntoItsEndIsNotSpliceable() throws {
        let text = Array("6Jb".utf8) + [UInt8](repeating: UInt8(ascii: "2"), count: 116) + [0x0F, 0xFF, 0xC0]
        let blocks: [UInt8] = [0x32, 0xF3, 0x4A, 0x32, 0x02, 0x6C] + GzipMember.flushEnd
        let trailer = GzipMember.Trailer(crc: GzipCRC.checksum(text), rawSizeBytes: text.count)
        let member = GzipMember.header + blocks + trailer.bytes
        #expect(try GzipBody.inflate(member, limitBytes: 1_000) == text)
        #expect(throws: GzipError.self) { try Inflater().text(of: member, rawSizeBytes: text.count) }
        #expect(throws: GzipError.self) {
            let reader = try MemberReader(member)
            while try reader.next() != nil {}
        }
    }

    @Test func inflaterIsUsableAfterDamage() throws {
        let text = GzipMemberTests.texts[5]
        let member = FrameDeflater().member(of: text)
        var damaged = member
        damaged[member.count / 2] ^= 0xFF
        let inflater = Inflater()
        #expect(throws: GzipError.self) { try inflater.text(of: damaged, rawSizeBytes: text.count) }
        #expect(try inflater.text(of: member, rawSizeBytes: text.count) == text)
    }
}
