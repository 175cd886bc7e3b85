import ReelCodec
import ReelHTTP
import Testing

@testable import ReelServer

/// Conditions, ranges and codings of whole documents; selections of events.
struct DocumentTests {
    /// A recording of several frames, and larger than what goes out in one piece when `padding` is.
    private func server(padding: Int = 0) throws -> (server: TestServer, document: [UInt8]) {
        let server = try TestServer()
        try server.start()
        let all = (0..<12).map { event($0, type: $0 % 4 == 0 ? 2 : 3, padding: padding) }
        for start in stride(from: 0, to: 12, by: 4) { _ = try server.append(Array(all[start..<start + 4])) }
        return (server, Array("[\(all.joined(separator: ",\n"))]".utf8))
    }

    private let whole = "/v1/recordings/1/events"

    @Test(arguments: [0, 40_000])
    func aDocumentIsKnownByItsTag(padding: Int) throws {
        let (server, document) = try server(padding: padding)
        let first = try server.get(whole)
        let tag = try #require(first.headers["ETag"])
        #expect(first.body == document && first.headers["Content-Length"] == "\(document.count)")
        for known in [tag, "W/\(tag)", "\"other\", \(tag)", "*"] {
            let again = try server.get(whole, headers: ["If-None-Match": known])
            #expect(again.status == 304 && again.body.isEmpty && again.headers["ETag"] == tag)
        }
        #expect(try server.get(whole, headers: ["If-None-Match": "\"other\""]).status == 200)
        let gzip = try server.get(whole, headers: ["Accept-Encoding": "gzip", "If-None-Match": tag])
        #expect(gzip.status == 200 && gzip.headers["ETag"] != tag, "another coding is another document")
        _ = try server.append([event(99)])
        #expect(try server.get(whole, headers: ["If-None-Match": tag]).status == 200, "an event more changes it")
    }

    static let ranges: [(field: String, range: @Sendable (Int) -> Range<Int>?)] = [
        ("bytes=0-0", { _ in 0..<1 }), ("bytes=0-9", { _ in 0..<10 }), ("bytes=5-", { 5..<$0 }),
        ("bytes=-7", { $0 - 7..<$0 }), ("bytes=-999999999", { 0..<$0 }), ("bytes=3-999999999", { 3..<$0 }),
        ("bytes=100-300", { _ in 100..<301 }),
        // Refused or not understood: the whole is the answer.
        ("bytes=0-1,3-4", { _ in nil }), ("lines=0-1", { _ in nil }), ("bytes=9-2", { _ in nil }),
        ("bytes=a-b", { _ in nil }), ("bytes=", { _ in nil }),
    ]

    @Test(arguments: ranges.indices, [0, 40_000])
    func aRangeIsThatPartOfTheDocument(index: Int, padding: Int) throws {
        let (server, document) = try server(padding: padding)
        let (field, range) = DocumentTests.ranges[index]
        for coding in ["identity", "gzip"] {
            let whole = try server.get(whole, headers: ["Accept-Encoding": coding])
            let answer = try server.get(self.whole, headers: ["Accept-Encoding": coding, "Range": field])
            guard let part = range(whole.body.count) else {
                #expect(answer.status == 200 && answer.body == whole.body)
                continue
            }
            #expect(answer.status == 206)
            #expect(answer.body == Array(whole.body[part]))
            #expect(
                answer.headers["Content-Range"]
                    == "bytes \(part.lowerBound)-\(part.upperBound - 1)/\(whole.body.count)")
            #expect(answer.headers["ETag"] == whole.headers["ETag"])
        }
        #expect(!document.isEmpty)
    }

    @Test func aRangeOutsideIsRefusedWithTheSize() throws {
        let (server, document) = try server()
        for field in ["bytes=\(document.count)-", "bytes=-0"] {
            let answer = try server.get(whole, headers: ["Range": field])
            #expect(answer.status == 416 && answer.problem == "range-not-satisfiable")
            #expect(answer.headers["Content-Range"] == "bytes */\(document.count)")
        }
    }

    @Test func aRangeIsCutOnlyOfTheDocumentItWasBegunWith() throws {
        let (server, document) = try server()
        let tag = try #require(server.get(whole).headers["ETag"])
        #expect(try server.get(whole, headers: ["Range": "bytes=0-3", "If-Range": tag]).status == 206)
        for other in ["\"other\"", "W/\(tag)", "Sat, 21 Nov 2026 00:00:00 GMT"] {
            let answer = try server.get(whole, headers: ["Range": "bytes=0-3", "If-Range": other])
            #expect(answer.status == 200 && answer.body == document)
        }
    }

    static let accepted: [(field: String?, isGzip: Bool)] = [
        (nil, false), ("gzip", true), ("x-gzip", true), ("GZIP", true), ("br, gzip;q=0.5", true), ("*", true),
        ("gzip;q=0", false), ("gzip;q=0, *", false), ("identity", false), ("identity, gzip;q=0.9", false),
        ("identity;q=0.5, gzip", true), ("br", false), ("gzip;q=nonsense", false), ("gzip; q=0.001", true), ("", false),
    ]

    @Test(arguments: accepted.indices)
    func gzipIsServedWhereItIsAccepted(index: Int) throws {
        let (server, document) = try server()
        let (field, isGzip) = DocumentTests.accepted[index]
        var headers = Headers()
        if let field { headers.append("Accept-Encoding", field) }
        for target in [whole, "/v1/recordings/1/chunks/0"] {
            let answer = try server.get(target, headers: headers)
            #expect((answer.headers["Content-Encoding"] == "gzip") == isGzip)
            #expect(answer.headers["Vary"] == "Accept-Encoding")
            #expect(answer.headers["Content-Length"] == "\(answer.body.count)")
        }
        let body = try server.get(whole, headers: headers).body
        #expect(try (isGzip ? GzipBody.inflate(body, limitBytes: 1 << 20) : body) == document)
    }

    // MARK: Selections

    static let selections: [(query: String, numbers: [Int])] = [
        ("type=2", [0, 4, 8]), ("type=3", [1, 2, 3, 5, 6, 7, 9, 10, 11]), ("type=2,3", Array(0..<12)), ("type=9", []),
        ("source=1", [1, 2, 3, 5, 6, 7, 9, 10, 11]), ("source=2", []), ("first=10", [10, 11]), ("first=99", []),
        ("from=1700000000009", [9, 10, 11]), ("to=1700000000001", [0, 1]),
        ("from=1700000000004&to=1700000000005", [4, 5]), ("from=2023-11-14T22:13:20.010Z", [10, 11]),
        ("type=2&first=1", [4, 8]), ("to=-1e300", []), ("from=-1e300", Array(0..<12)),
    ]

    @Test(arguments: selections)
    func aSelectionHasTheEventsAskedFor(query: String, numbers: [Int]) throws {
        let (server, _) = try server()
        let expected = numbers.map { event($0, type: $0 % 4 == 0 ? 2 : 3) }
        let array = try server.get("\(whole)?\(query)")
        #expect(array.text == "[\(expected.joined(separator: ",\n"))]")
        #expect(array.headers["Reeld-Events"] == "12")
        let lines = try server.get("\(whole)?\(query)", headers: ["Accept": "application/x-ndjson"])
        #expect(lines.text == expected.map { $0 + "\n" }.joined())
        #expect(lines.headers["Content-Type"] == "application/x-ndjson")
    }

    @Test func aLargeSelectionIsStreamedWhole() throws {
        let (server, _) = try server(padding: 60_000)
        let expected = (0..<12).filter { $0 % 4 != 0 }.map { event($0, padding: 60_000) }
        #expect(try server.get("\(whole)?type=3").text == "[\(expected.joined(separator: ",\n"))]")
    }

    @Test func anEmptyRecordingIsAnEmptyArray() throws {
        let server = try TestServer()
        try server.start()
        #expect(try server.get(whole).text == "[]")
        let gzip = try server.get(whole, headers: ["Accept-Encoding": "gzip"]).body
        #expect(try GzipBody.inflate(gzip, limitBytes: 100) == Array("[]".utf8))
        #expect(try server.get("/v1/recordings/1/chunks").json["chunks"] == .array([]))
        #expect(try server.get("/api/events?activity_id=1").text == #"{"events":[]}"#)
    }

    @Test func playersMayAppendParametersOfTheirOwn() throws {
        let (server, document) = try server()
        let answer = try server.get("/api/events?activity_id=1&_=12345")
        #expect(answer.body == Array("{\"events\":".utf8) + document + Array("}".utf8))
    }

    @Test func anUnknownActivityIsADetail() throws {
        let server = try TestServer()
        for id in ["7", "x", "-1", "01980a4b-7c00-7000-8000-000000000000"] {
            let answer = try server.get("/api/events?activity_id=\(id)")
            #expect(answer.status == 404)
            #expect(answer.json.members?.map(\.name) == ["detail"])
        }
    }
}
