import ReelCodec
import Testing

@Suite(.enabled(if: Recordings.arePresent)) struct RealRecordingTests {
    /// The events of a JSON array as the plainest of matchers finds them.
    private func naiveEvents(_ text: [UInt8]) -> [ArraySlice<UInt8>] {
        var events: [ArraySlice<UInt8>] = []
        var depth = 0
        var start = 0
        var isInString = false
        var isEscaped = false
        for (index, byte) in text.enumerated() {
            if isInString {
                if !isEscaped, byte == UInt8(ascii: "\"") { isInString = false }
                isEscaped = !isEscaped && byte == UInt8(ascii: "\\")
            } else if byte == UInt8(ascii: "\"") {
                isInString = true
            } else if byte == UInt8(ascii: "{") || byte == UInt8(ascii: "[") {
                depth += 1
                if depth == 2 { start = index }
            } else if byte == UInt8(ascii: "}") || byte == UInt8(ascii: "]") {
                if depth == 2 { events.append(text[start...index]) }
                depth -= 1
            }
        }
        return events
    }

    @Test func everyEventIsSlicedAsANaiveMatcherDoes() throws {
        let scanner = EventScanner()
        for recording in try Recordings.all() {
            let run = try scanner.scan(recording.bytes).run
            let expected = naiveEvents(recording.bytes)
            #expect(run.text == Array(expected.joined(separator: [0x2C, 0x0A])), "\(recording.name)")
            let slices = run.events.map { run.text[$0.offsetBytes..<$0.offsetBytes + $0.sizeBytes] }
            #expect(slices.elementsEqual(expected) { $0.elementsEqual($1) }, "\(recording.name)")
            let again = try scanner.rescan(run.text)
            #expect(again.events == run.events && again.summary == run.summary, "\(recording.name)")
        }
    }

    /// However a recording is cut, folding the runs gives the same counters.
    @Test func summariesFoldWhereverRunsAreCut() throws {
        let scanner = EventScanner()
        let seed = UInt64.random(in: .min ... .max)
        var generator = SeededGenerator(seed: seed)
        for recording in try Recordings.all() {
            let run = try scanner.scan(recording.bytes).run
            var folded = EventSummary()
            var rest = run.events[...]
            while !rest.isEmpty {
                let batch = rest.prefix(Int.random(in: 1...60, using: &generator))
                rest = rest.dropFirst(batch.count)
                let lines = batch.map { run.text[$0.offsetBytes..<$0.offsetBytes + $0.sizeBytes] }
                folded.append(try scanner.scan(Array(lines.joined(separator: [0x0A]))).run.summary)
            }
            #expect(folded == run.summary, "\(recording.name), seed \(seed)")
        }
    }

    @Test func pythonReadsTheSameFacts() throws {
        let directory = try TemporaryDirectory()
        let script = """
            import decimal, json, sys
            out = open('facts', 'w')
            for name in sys.argv[1:]:
                for event in json.load(open(name), parse_float=decimal.Decimal):
                    time = event['timestamp']
                    source = event['data'].get('source', 255) if event['type'] == 3 else 255
                    print(event['type'], source, int(time * (1000000 if time <= 9999999999 else 1000)), file=out)
            """
        try writeFile(directory.path + "/facts.py", Array(script.utf8))
        let recordings = try Recordings.all()
        let names = recordings.map { "'\(Recordings.directory)/\($0.name)'" }.joined(separator: " ")
        #expect(runShell("cd \(directory.path) && python3 facts.py \(names)") == 0)
        let scanner = EventScanner()
        let lines = try recordings.flatMap { recording in
            try scanner.scan(recording.bytes).run.events.map { "\($0.type) \($0.source) \($0.timestampMicroseconds)\n" }
        }
        #expect(try readFile(directory.path + "/facts") == bytes(lines.joined()))
    }
}
