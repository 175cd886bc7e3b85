import ReelCodec
import Testing

/// The scanner's verdict against Python's json, on generated documents and broken ones.
struct JSONDifferentialTests {
    private static let checker = """
        import json, struct, sys
        def refuse(name): raise ValueError(name)
        data = open(sys.argv[1], 'rb').read()
        offset = 0
        verdicts = bytearray()
        while offset < len(data):
            size, = struct.unpack_from('<I', data, offset)
            text = data[offset + 4:offset + 4 + size]
            offset += 4 + size
            try:
                json.loads(text.decode('utf-8'), parse_constant=refuse, parse_int=str, parse_float=str)
                verdicts.append(1)
            except (ValueError, UnicodeDecodeError):
                verdicts.append(0)
        open(sys.argv[2], 'wb').write(verdicts)
        """

    @Test func pythonAgreesOnGeneratedAndMutatedDocuments() throws {
        let seed = UInt64.random(in: .min ... .max)
        var maker = DocumentMaker(generator: SeededGenerator(seed: seed))
        let documents = (0..<20_000).map { index in index % 4 == 0 ? maker.document() : maker.mutated(maker.document())
        }
        var input = ByteWriter()
        for document in documents {
            input.append(UInt32(document.count))
            input.append(document)
        }
        let directory = try TemporaryDirectory()
        try writeFile(directory.path + "/check.py", Array(JSONDifferentialTests.checker.utf8))
        try writeFile(directory.path + "/documents", input.bytes)
        #expect(runShell("cd \(directory.path) && timeout 60 python3 check.py documents verdicts") == 0)
        let verdicts = try readFile(directory.path + "/verdicts")
        try #require(verdicts.count == documents.count)
        let scanner = EventScanner()
        var accepted = 0
        for (document, verdict) in zip(documents, verdicts) {
            var isJSON = true
            do throws(ScanError) {
                _ = try scanner.scan(document, format: .json, policy: .drop)
            } catch {
                if case .syntax = error { isJSON = false }
            }
            accepted += isJSON ? 1 : 0
            #expect(isJSON == (verdict == 1), "seed \(seed): \(String(decoding: document, as: UTF8.self)) \(document)")
        }
        // Both verdicts must have been tried.
        #expect((4_000...18_000).contains(accepted), "\(accepted) of \(documents.count) accepted")
    }
}

/// Makes JSON documents, and breaks them.
private struct DocumentMaker {
    var generator: SeededGenerator

    mutating func document() -> [UInt8] {
        var text: [UInt8] = []
        value(depth: 0, into: &text)
        return text
    }

    mutating func mutated(_ document: [UInt8]) -> [UInt8] {
        let special: [UInt8] =
            Array("{}[]:,\"\\ue+-.0123 \n\ttfnNI/".utf8) + [
                0x00, 0x0C, 0x1A, 0x1F, 0x7F, 0x80, 0xC3, 0xED, 0xA0, 0xF4, 0xFF,
            ]
        var text = document
        for _ in 0..<Int.random(in: 1...2, using: &generator) where !text.isEmpty {
            let at = Int.random(in: text.indices, using: &generator)
            let byte = special[Int.random(in: special.indices, using: &generator)]
            switch Int.random(in: 0..<5, using: &generator) {
            case 0: text[at] = byte
            case 1: text.insert(byte, at: at)
            case 2: text.remove(at: at)
            case 3: text.removeLast(text.count - at)
            default: text.insert(contentsOf: text[at..<min(at + 5, text.count)], at: at)
            }
        }
        return text
    }

    private mutating func value(depth: Int, into text: inout [UInt8]) {
        space(into: &text)
        switch Int.random(in: depth == 0 ? 5..<7 : 0..<(depth < 5 ? 7 : 5), using: &generator) {
        case 0: text += Array(["true", "false", "null"][Int.random(in: 0..<3, using: &generator)].utf8)
        case 1, 2: number(into: &text)
        case 3, 4: string(into: &text)
        case 5: list("[", "]", into: &text) { $0.value(depth: depth + 1, into: &$1) }
        default:
            list("{", "}", into: &text) { maker, text in
                maker.space(into: &text)
                maker.string(into: &text)
                maker.space(into: &text)
                text.append(UInt8(ascii: ":"))
                maker.value(depth: depth + 1, into: &text)
            }
        }
        space(into: &text)
    }

    private mutating func list(
        _ open: Unicode.Scalar, _ close: Unicode.Scalar, into text: inout [UInt8],
        _ element: (inout DocumentMaker, inout [UInt8]) -> Void
    ) {
        text.append(UInt8(ascii: open))
        for index in 0..<Int.random(in: 0...4, using: &generator) {
            if index > 0 { text.append(UInt8(ascii: ",")) }
            element(&self, &text)
        }
        text.append(UInt8(ascii: close))
    }

    private mutating func space(into text: inout [UInt8]) {
        guard Int.random(in: 0..<4, using: &generator) == 0 else { return }
        text.append([0x20, 0x09, 0x0A, 0x0D][Int.random(in: 0..<4, using: &generator)])
    }

    private mutating func number(into text: inout [UInt8]) {
        let numbers = [
            "0", "-0", "7", "-12", "3.25", "1e5", "-2.5E-7", "10e+0", "123456789012345678901234567890", "0.1",
        ]
        text += Array(numbers[Int.random(in: numbers.indices, using: &generator)].utf8)
    }

    private mutating func string(into text: inout [UInt8]) {
        let pieces = [
            "a", "events", #"\n"#, #"\""#, #"\\"#, #"\/"#, #"\u00e9"#, #"\ud83d\ude00"#, #"\ud800"#, "é", "🎉", "\u{7f}",
            " ",
            "{[,:]}", "long text that fills more than one block of sixty-four bytes, so that carries are met",
        ]
        text.append(UInt8(ascii: "\""))
        for _ in 0..<Int.random(in: 0...4, using: &generator) {
            text += Array(pieces[Int.random(in: pieces.indices, using: &generator)].utf8)
        }
        text.append(UInt8(ascii: "\""))
    }
}
