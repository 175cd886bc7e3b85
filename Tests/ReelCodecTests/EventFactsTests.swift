import ReelCodec
import Testing

struct EventFactsTests {
    private func summary(_ events: [String]) throws -> EventSummary {
        try EventScanner().scan(bytes("[" + events.joined(separator: ",") + "]")).run.summary
    }

    @Test(arguments: [
        ("1700000000000", 1_700_000_000_000_000), ("1700000000000.1239", 1_700_000_000_000_123),
        ("1.7e12", 1_700_000_000_000_000),
        ("17000000000000000E-4", 1_700_000_000_000_000), ("1900000001", 1_900_000_001_000_000),
        ("1700000000.25", 1_700_000_000_250_000),
        ("9999999999", 9_999_999_999_000_000), ("9999999999.0", 9_999_999_999_000_000),
        ("9999999999.1", 9_999_999_999_100),
        ("10000000000", 10_000_000_000_000), ("0", 0), ("-0.0", 0), ("-5", -5_000_000), ("0.0000001", 0),
        ("1e300", Int64.max), ("-1e300", Int64.min), ("1e-300", 0), ("9223372036854775807000", Int64.max),
        ("1e99999999999999999999", Int64.max), ("1e-99999999999999999999", 0),
        ("1700000000000.000000000000000000000000001", 1_700_000_000_000_000),
    ])
    func timestampsAreExactMicroseconds(text: String, expected: Int64) throws {
        let run = try EventScanner().scan(bytes(#"[{"type":0,"timestamp":\#(text)}]"#)).run
        #expect(run.events.first?.timestampMicroseconds == expected)
    }

    @Test(arguments: [
        ("0", 0), ("7", 7), ("254", 254), ("255", 255), ("256", 255), ("-1", 255), ("3.0", 3), ("3e0", 3), ("30e-1", 3),
        ("3.5", 255),
        ("1e9", 255), ("-0", 0),
    ])
    func typesAndSourcesAreSmallIntegersOr255(text: String, expected: UInt8) throws {
        let scanner = EventScanner()
        let typed = try scanner.scan(bytes(#"[{"type":\#(text),"timestamp":1}]"#)).run
        #expect(typed.events.first?.type == expected)
        let sourced = try scanner.scan(bytes(#"[{"type":3,"timestamp":1,"data":{"source":\#(text)}}]"#)).run
        #expect(sourced.events.first?.source == expected)
        #expect(sourced.summary.sources == 1 << UInt32(min(expected, 31)))
        #expect(typed.summary.types == 1 << UInt16(min(expected, 15)))
    }

    @Test(arguments: [
        (#"{"data":{"source":2,"type":2},"timestamp":1,"type":3}"#, 3, 2),
        (#"{"type":9,"timestamp":1,"type":3,"data":{"source":2}}"#, 3, 2),
        (#"{"type":3,"timestamp":1,"data":{"source":5},"data":{"source":2}}"#, 3, 2),
        (#"{"type":3,"timestamp":1,"data":{"source":5,"s\u006furce":2}}"#, 3, 2),
        (#"{"\u0074ype":3,"timestamp":1,"d\u0061ta":{"source":2}}"#, 3, 2),
        (#"{"type":3,"timestamp":1,"data":{"source":2},"data":{}}"#, 3, 255),
        (#"{"type":3,"timestamp":1,"data":{"source":2},"data":7}"#, 3, 255),
        (#"{"type":3,"timestamp":1,"data":[{"source":2}]}"#, 3, 255),
        (#"{"type":3,"timestamp":1,"data":{"x":{"source":2}}}"#, 3, 255),
        (#"{"type":3,"timestamp":1,"other":{"source":2}}"#, 3, 255),
        (#"{"type":3,"timestamp":1,"data":{"source":"2"}}"#, 3, 255),
        (#"{"type":2,"timestamp":1,"data":{"source":2}}"#, 2, 255),
        (#"{"type":3,"timestamp":1,"x":{"type":4},"data":{"source":2}}"#, 3, 2),
        (#"{"type":3,"timestamp":1,"data" : { "source" : 2 } }"#, 3, 2),
    ])
    func theLastOfARepeatedNameAtItsPlaceCounts(event: String, type: UInt8, source: UInt8) throws {
        let fact = try #require(try EventScanner().scan(bytes("[\(event)]")).run.events.first)
        #expect(fact.type == type)
        #expect(fact.source == source)
    }

    @Test func metaTellsPageAndViewport() throws {
        let summary = try summary([
            #"{"type":4,"timestamp":1,"data":{"href":"http:\/\/a\/?q=\"é\"","width":1280,"height":720.9}}"#,
            #"{"type":4,"timestamp":2,"data":{"href":"http://a/?q=\"\u00e9\"","width":-3,"height":1e9}}"#,
            #"{"type":4,"timestamp":3,"data":{"href":""}}"#, #"{"type":4,"timestamp":4}"#,
        ])
        #expect(summary.pages == 4)
        #expect(summary.urls == ["http://a/?q=\"é\""])
        #expect(summary.viewportWidth == 0)
        #expect(summary.viewportHeight == 65_535)
    }

    @Test func longURLsAreCutBetweenCharacters() throws {
        let long = "http://a/" + String(repeating: "é", count: 4_000)
        let urls = try summary([#"{"type":4,"timestamp":1,"data":{"href":"\#(long)"}}"#]).urls
        #expect(urls == ["http://a/" + String(repeating: "é", count: 2_043)])
        #expect(urls.first?.utf8.count == 4_095)
        let exact = "http://a/" + String(repeating: "b", count: 4_087)
        #expect(try summary([#"{"type":4,"timestamp":1,"data":{"href":"\#(exact)"}}"#]).urls == [exact])
    }

    @Test func historyChangesArePages() throws {
        let tags = ["reeld.navigation", "$pageview", "$url_changed", "navigation", "page-view"]
        let events = tags.enumerated().map { index, tag in
            #"{"type":5,"timestamp":\#(index),"data":{"payload":{"from":{"href":"no"},"\#(index % 2 == 0 ? "href" : "url")":"http://\#(index)/"},"tag":"\#(tag)"}}"#
        }
        let others = [
            #"{"type":5,"timestamp":9,"data":{"tag":"note","payload":{"href":"http://no/"}}}"#,
            #"{"type":5,"timestamp":9,"data":{"tag":"navigation","payload":{"to":"http://no/"}}}"#,
            #"{"type":5,"timestamp":9,"data":{"tag":"navigation","payload":"http://no/"}}"#,
        ]
        let summary = try summary(events + others)
        #expect(summary.pages == 5)
        #expect(summary.urls == (0..<5).map { "http://\($0)/" })
        #expect(summary.content == .custom)
        #expect(summary.lastActiveMicroseconds == nil)
    }

    @Test func clicksAndInputsAreCounted() throws {
        let summary = try summary([
            #"{"type":3,"timestamp":1,"data":{"source":2,"type":2,"id":4}}"#,
            #"{"type":3,"timestamp":2,"data":{"source":2,"type":1}}"#,
            #"{"type":3,"timestamp":3,"data":{"source":5,"text":"x","type":2}}"#,
            #"{"type":3,"timestamp":4,"data":{"source":0,"type":2}}"#,
        ])
        #expect(summary.clicks == 1)
        #expect(summary.inputs == 1)
        #expect(summary.content == .userInput)
        #expect(summary.sources == 0b100101)
    }

    @Test func pluginsTellErrorsAndRequests() throws {
        let summary = try summary([
            #"{"type":6,"timestamp":1,"data":{"plugin":"rrweb/console@1","payload":{"level":"error","payload":["\"level\""]}}}"#,
            #"{"type":6,"timestamp":1,"data":{"payload":{"level":"assert"},"plugin":"rrweb\/console@1"}}"#,
            #"{"type":6,"timestamp":1,"data":{"plugin":"rrweb/console@1","payload":{"level":"warn"}}}"#,
            #"{"type":6,"timestamp":1,"data":{"plugin":"rrweb/network@1","payload":{"requests":[{"name":"a","status":200},{"status":404},{"status":0},{"status":0.5},{"name":"b"},{},7]}}}"#,
            #"{"type":6,"timestamp":1,"data":{"plugin":"rrweb/network@1","payload":{"requests":[]}}}"#,
            #"{"type":6,"timestamp":1,"data":{"plugin":"other@1","payload":{"level":"error","requests":[1]}}}"#,
        ])
        #expect(summary.consoleErrors == 2)
        #expect(summary.requests == 7)
        #expect(summary.failedRequests == 2)
        #expect(summary.content == [.console, .error, .network])
    }

    @Test func activityIsTheSumOfShortGaps() throws {
        func event(_ time: Int, _ source: Int) -> String {
            #"{"type":3,"timestamp":\#(time),"data":{"source":\#(source)}}"#
        }
        let summary = try summary([
            event(1_700_000_000_000, 0), event(1_700_000_001_000, 1), event(1_700_000_002_000, 4),
            event(1_700_000_003_000, 14),
            event(1_700_000_012_000, 12), event(1_700_000_022_001, 3), event(1_700_000_021_000, 6),
            #"{"type":4,"timestamp":1700000022000}"#,
        ])
        #expect(summary.activeMicroseconds == 1_000_000 + 10_000_000 + 1_000_000)
        #expect(summary.firstActiveMicroseconds == 1_700_000_001_000_000)
        #expect(summary.lastActiveMicroseconds == 1_700_000_022_000_000)
        #expect(summary.leastTimestampMicroseconds == 1_700_000_000_000_000)
        #expect(summary.greatestTimestampMicroseconds == 1_700_000_022_001_000)
    }
}
