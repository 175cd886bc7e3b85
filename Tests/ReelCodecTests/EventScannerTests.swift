import ReelCodec
import Testing

/// The text of a JSON document, for tables.
func bytes(_ text: String) -> [UInt8] { Array(text.utf8) }

struct EventScannerTests {
    private static let first = #"{"type":4,"data":{"href":"http://a/"},"timestamp":1700000000000}"#
    private static let second = #"{"timestamp":1700000000001.5,"type":3, "data":{"source":2,"type":2}}"#

    @Test(arguments: [
        "[\(first),\(second)]", " [ \(first) ,\r\n\t\(second) ] ", #"{"events":[\#(first),\#(second)]}"#,
        "{ \"sdk\" : [1,{\"events\":[]}], \"events\" : [\n\(first),\n\(second)\n]\n}", "\(first)\n\(second)",
        "\r\n\(first)\r\n\n  \(second) \n", #"{"\u0065vents":[\#(first),\#(second)]}"#,
        #"{"events":7,"writer":"w","events":[\#(first),\#(second)]}"#,
        #"{"events":[{"bad":1}],"events":[\#(first),\#(second)]}"#,
    ])
    func everyFormOfABatchGivesTheSameRun(body: String) throws {
        let run = try EventScanner().scan(bytes(body)).run
        #expect(run.text == bytes(EventScannerTests.first + ",\n" + EventScannerTests.second))
        let firstSize = EventScannerTests.first.utf8.count
        #expect(
            run.events == [
                EventFact(
                    offsetBytes: 0, sizeBytes: firstSize, timestampMicroseconds: 1_700_000_000_000_000, type: 4,
                    source: 255),
                EventFact(
                    offsetBytes: firstSize + 2, sizeBytes: EventScannerTests.second.utf8.count,
                    timestampMicroseconds: 1_700_000_000_001_500, type: 3, source: 2),
            ])
        #expect(try EventScanner().rescan(run.text).events == run.events)
        #expect(try EventScanner().rescan(run.text).summary == run.summary)
    }

    @Test(arguments: ["[]", " [ ] ", #"{"events":[]}"#]) func noEventsIsAnEmptyRun(body: String) throws {
        let run = try EventScanner().scan(bytes(body)).run
        #expect(run.text.isEmpty && run.events.isEmpty && run.summary == EventSummary())
        #expect(try EventScanner().rescan([]).events.isEmpty)
    }

    @Test func whatIsInsideAnEventIsKeptByteForByte() throws {
        let events = [
            #"{"type":3,"type":5,"timestamp":1,"x":"\ud800","y":"\u00e9\/","z": -0.0e+00 ,"é":"🎉"}"#,
            #"{ "timestamp" : 2 , "type" : 99999999999999999999999 , "n":[ ] , "o":{ } , "s":"\\\"" }"#,
            "{\"timestamp\":3,\r\n\t\"type\":0}",
        ]
        let run = try EventScanner().scan(bytes("[" + events.joined(separator: " , ") + "]")).run
        #expect(run.text == bytes(events.joined(separator: ",\n")))
        #expect(run.events.map(\.type) == [5, 255, 0])
    }

    @Test func theEnvelopeTellsWriterAndBatch() throws {
        let scanner = EventScanner()
        let batch = try scanner.scan(bytes(#"{"events":[],"batch":12,"writer":"a\u0062","batch":13}"#))
        #expect(batch.writer == "ab")
        #expect(batch.batch == 13)
        #expect(try scanner.scan(bytes(#"{"events":[],"batch":null,"writer":null}"#)).batch == nil)
        for value in ["\"1\"", "-1", "1.5", "true", "[]", "1e30"] {
            #expect(throws: ScanError.badEnvelope(member: "batch")) {
                try scanner.scan(bytes(#"{"events":[],"batch":\#(value)}"#))
            }
        }
        #expect(throws: ScanError.badEnvelope(member: "writer")) {
            try scanner.scan(bytes(#"{"events":[],"writer":5}"#))
        }
    }

    @Test(arguments: ["{}", #"{"events":{}}"#, #"{"events":[],"events":3}"#, "3", "\"x\"", "null", "{\n\"a\":1}"])
    func whatHoldsNoEventsIsNoBatch(body: String) {
        #expect(throws: ScanError.notABatch(offsetBytes: 0)) { try EventScanner().scan(bytes(body), format: .json) }
    }

    @Test func badEventsAreToldWithTheirPlaces() throws {
        let good = EventScannerTests.first
        let body = #"[7,{"type":1},{"timestamp":1},\#(good),{"type":"1","timestamp":1},{"type":1,"timestamp":null},[]]"#
        let expected: [(Int, Int, BadEvent.Reason)] = [
            (0, 1, .notAnObject), (1, 3, .timestampMissing), (2, 14, .typeMissing),
            (4, 31 + good.utf8.count, .typeNotANumber), (5, 58 + good.utf8.count, .timestampNotANumber),
            (6, 86 + good.utf8.count, .notAnObject),
        ]
        let dropped = try EventScanner().scan(bytes(body), policy: .drop)
        #expect(dropped.run.text == bytes(good))
        #expect(dropped.run.summary.eventCount == 1)
        #expect(dropped.dropped.count == expected.count)
        #expect(
            dropped.dropped.first == expected.map { BadEvent(index: $0.0, offsetBytes: $0.1, reason: $0.2) })
        #expect(throws: ScanError.badEvents(dropped.dropped)) { try EventScanner().scan(bytes(body)) }
    }

    @Test func onlyTheFirstHundredBadEventsAreListed() throws {
        let body = "[" + Array(repeating: "1", count: 1_000).joined(separator: ",") + "]"
        let dropped = try EventScanner().scan(bytes(body), policy: .drop).dropped
        #expect(dropped.count == 1_000)
        #expect(dropped.first.count == 100)
    }

    @Test func aBrokenLineIsOneBadEvent() throws {
        let good = EventScannerTests.first
        let body = bytes("\(good)\n{\"type\":1,\n\(good) {}\nnull\n\(good)\n\"\u{1}\"\n") + [0xFF, 0x0A]
        let batch = try EventScanner().scan(body, policy: .drop)
        #expect(batch.run.text == bytes("\(good),\n\(good)"))
        let size = good.utf8.count
        #expect(
            batch.dropped.first.map(\.reason) == [
                .syntax(JSONFault(.endsEarly, at: size + 11)), .syntax(JSONFault(.trailing, at: 2 * size + 13)),
                .notAnObject, .syntax(JSONFault(.controlCharacter, at: 3 * size + 23)),
                .syntax(JSONFault(.invalidUTF8, at: 3 * size + 26)),
            ])
        #expect(batch.dropped.first.map(\.index) == [1, 2, 3, 5, 6])
        #expect(throws: ScanError.badEvents(batch.dropped)) { try EventScanner().scan(body) }
    }

    @Test func anEventBeyondTheLimitIsItsOwnError() throws {
        let good = EventScannerTests.first
        let limit = good.utf8.count
        #expect(try EventScanner(eventSizeMaxBytes: limit).scan(bytes("[\(good)]")).run.events.count == 1)
        for policy in [EventScanner.BadEventPolicy.refuse, .drop] {
            #expect(
                throws: ScanError.eventTooLarge(
                    index: 1, offsetBytes: limit + 2, sizeBytes: limit + 1, limitBytes: limit)
            ) {
                try EventScanner(eventSizeMaxBytes: limit).scan(
                    bytes("[\(good),{ \(good.dropFirst())]"), policy: policy)
            }
        }
    }

    @Test func depthIsCountedFromTheEventsOwnBracket() throws {
        func event(_ depth: Int) -> String {
            let inner = String(repeating: "[", count: depth - 1) + String(repeating: "]", count: depth - 1)
            return #"{"timestamp":1,"type":3,"data":"# + inner + "}"
        }
        let scanner = EventScanner()
        #expect(try scanner.scan(bytes("[\(event(512))]")).run.events.count == 1)
        #expect(try scanner.scan(bytes(#"{"events":[\#(event(512))]}"#)).run.events.count == 1)
        #expect(throws: ScanError.syntax(JSONFault(.tooDeep, at: 1 + 31 + 511))) {
            try scanner.scan(bytes("[\(event(513))]"))
        }
    }

    @Test func aScannerIsUsableAfterAFault() throws {
        let scanner = EventScanner()
        #expect(throws: ScanError.self) { try scanner.scan(bytes("[{\"a\":[[[[")) }
        #expect(try scanner.scan(bytes("[\(EventScannerTests.first)]")).run.events.count == 1)
    }
}
