import ReelCodec
import Testing

struct GzipSpliceTests {
    static func splice(_ members: [[UInt8]], _ splice: GzipSplice) throws -> [UInt8] {
        var splice = splice
        var document = splice.open()
        for member in members {
            document += try splice.add(GzipMember.Trailer(of: member))
            document += member[GzipSplice.blocks(ofMemberSize: member.count)]
        }
        return document + splice.close()
    }

    @Test(arguments: 0...4) func anyNumberOfMembersIsOneDocumentOfThePredictedSize(count: Int) throws {
        let dense = try DenseDeflater()
        let fast = FrameDeflater()
        let texts = (0..<count).map {
            Array(repeatElement(Array("{\"n\":\($0)}".utf8), count: 1 + $0 * 4_000).joined())
        }
        let members = texts.enumerated().map { $0 % 2 == 0 ? fast.member(of: $1) : dense.member(of: $1) }
        let shape = GzipSplice(prefix: Array(#"{"events":["#.utf8), suffix: Array("]}".utf8))
        let document = try GzipSpliceTests.splice(members, shape)
        let expected = Array(#"{"events":["#.utf8) + Array(texts.joined(separator: [0x2C, 0x0A])) + Array("]}".utf8)
        #expect(try GzipBody.inflate(document, limitBytes: expected.count) == expected)
        let membersSize = members.reduce(0) { $0 + $1.count }
        #expect(shape.sizeBytes(memberCount: count, membersSizeBytes: membersSize) == document.count)
        let textsSize = texts.reduce(0) { $0 + $1.count }
        #expect(shape.rawSizeBytes(memberCount: count, membersRawSizeBytes: textsSize) == expected.count)
    }

    @Test func longAndEmptyTextsAroundAreStoredRight() throws {
        for prefixSize in [0, 1, 65_535, 65_536, 200_000] {
            let shape = GzipSplice(prefix: [UInt8](repeating: 0x20, count: prefixSize), separator: [], suffix: [])
            let members = [FrameDeflater().member(of: [0x31]), FrameDeflater().member(of: [0x32])]
            let document = try GzipSpliceTests.splice(members, shape)
            #expect(
                shape.sizeBytes(memberCount: 2, membersSizeBytes: members[0].count + members[1].count)
                    == document.count)
            #expect(
                try GzipBody.inflate(document, limitBytes: 300_000)
                    == [UInt8](repeating: 0x20, count: prefixSize) + [0x31, 0x32])
        }
    }

    /// Other readers of gzip must agree, on real text cut at arbitrary places, for any subset of the frames.
    @Test(.enabled(if: Recordings.arePresent)) func gzipAndPythonReadSplicesOfRealRecordings() throws {
        let directory = try TemporaryDirectory()
        let seed = UInt64.random(in: .min ... .max)
        var generator = SeededGenerator(seed: seed)
        let fast = FrameDeflater()
        let dense = try DenseDeflater()
        for (index, recording) in try Recordings.all().enumerated() {
            var pieces: [[UInt8]] = []
            var rest = recording.bytes[...]
            while !rest.isEmpty {
                let size = min(rest.count, Int.random(in: 1...400_000, using: &generator))
                if Int.random(in: 0..<4, using: &generator) > 0 || index % 3 == 0 {
                    pieces.append(Array(rest.prefix(size)))
                }
                rest = rest.dropFirst(size)
            }
            let members = pieces.map { Bool.random(using: &generator) ? fast.member(of: $0) : dense.member(of: $0) }
            try writeFile("\(directory.path)/\(index).gz", try GzipSpliceTests.splice(members, GzipSplice()))
            let expected = [0x5B] + Array(pieces.joined(separator: [0x2C, 0x0A])) + [0x5D]
            try writeFile("\(directory.path)/\(index).raw", expected)
        }
        let script = """
            import glob, zlib
            for name in glob.glob('*.gz'):
                reader = zlib.decompressobj(31)
                text = reader.decompress(open(name, 'rb').read())
                assert reader.eof and not reader.unused_data, name
                assert text == open(name[:-3] + '.raw', 'rb').read(), name
            """
        try writeFile(directory.path + "/check.py", Array(script.utf8))
        let line = "cd \(directory.path) && gzip -t *.gz && python3 check.py && "
        let compare = "for f in *.gz; do gzip -dc $f | cmp -s - ${f%.gz}.raw || exit 1; done"
        #expect(runShell(line + compare) == 0, "seed \(seed)")
    }
}
