import ReelCodec
import ReelHTTP
import ReelSystem
import Testing

@testable import ReelServer

/// Bad input gets its own problem type and changes nothing.
struct BadInputTests {
    struct Input: CustomTestStringConvertible, Sendable {
        var testDescription: String
        var method = Method.post
        var target: String
        var body: [UInt8] = []
        var headers = Headers()
        var problem: String
        /// A member of the problem, and its value as JSON.
        var member: (name: String, value: String)?

        init(
            _ description: String, _ method: Method = .post, _ target: String = "/v1/recordings/1/events",
            body: [UInt8] = [], headers: Headers = Headers(), is problem: String,
            with member: (name: String, value: String)? = nil
        ) {
            testDescription = description
            self.method = method
            self.target = target
            self.body = body
            self.headers = headers
            self.problem = problem
            self.member = member
        }

        init(
            _ description: String, _ method: Method = .post, _ target: String = "/v1/recordings/1/events",
            text: String, headers: Headers = Headers(), is problem: String,
            with member: (name: String, value: String)? = nil
        ) {
            self.init(
                description, method, target, body: Array(text.utf8), headers: headers, is: problem, with: member)
        }
    }

    private static let good = event(1)
    private static let gzip = FrameDeflater().member(of: Array("[\(good)]".utf8))

    static let batches: [Input] = [
        Input("broken JSON", text: "[\(good),", is: "bad-json", with: ("offset", "\(good.utf8.count + 2)")),
        Input("trailing comma", text: "[\(good),]", is: "bad-json"),
        Input("no body", text: "", is: "bad-json"),
        Input("invalid UTF-8", body: [0x5B, 0x22, 0xFF, 0x22, 0x5D], is: "bad-json", with: ("offset", "2")),
        Input("byte order mark", body: [0xEF, 0xBB, 0xBF, 0x5B, 0x5D], is: "bad-json"),
        Input("a number", text: "7", is: "not-a-batch"),
        Input("an event that is a number", text: "[\(good),7]", is: "bad-events", with: ("count", "1")),
        Input("no timestamp", text: #"[{"type":3}]"#, is: "bad-events"),
        Input("a timestamp of text", text: #"[{"type":3,"timestamp":"1"}]"#, is: "bad-events"),
        Input("no type", text: #"[{"timestamp":1}]"#, is: "bad-events"),
        Input("a type of text", text: #"[{"type":"3","timestamp":1}]"#, is: "bad-events"),
        Input(
            "a broken line", text: "\(good)\n{\n", headers: ["Content-Type": "application/x-ndjson"], is: "bad-events"),
        Input("truncated gzip", body: gzip.dropLast(9).map { $0 }, is: "bad-gzip"),
        Input("gzip with a wrong checksum", body: gzip.dropLast(8) + [0, 0, 0, 0] + gzip.suffix(4), is: "bad-gzip"),
        Input("gzip that is none", text: "[\(good)]", headers: ["Content-Encoding": "gzip"], is: "bad-gzip"),
        Input(
            "a bomb", body: FrameDeflater().member(of: [UInt8](repeating: 0x20, count: 2 << 20)),
            is: "inflated-too-large", with: ("limit", "\(1 << 20)")),
        Input(
            "an event beyond the limit", text: "[\(good),\(event(2, padding: 70_000))]", is: "event-too-large",
            with: ("event", "1")),
        Input(
            "another type", text: "a=b", headers: ["Content-Type": "multipart/form-data"], is: "unsupported-media-type"),
        Input("another coding", text: "[]", headers: ["Content-Encoding": "br"], is: "unsupported-content-coding"),
        Input("a batch without a writer", text: "[\(good)]", headers: ["Reeld-Batch": "1"], is: "bad-batch-number"),
        Input("a writer without a batch", text: "[\(good)]", headers: ["Reeld-Writer": "w"], is: "bad-batch-number"),
        Input(
            "a negative batch", text: "[\(good)]", headers: ["Reeld-Writer": "w", "Reeld-Batch": "-1"],
            is: "bad-batch-number"),
        Input(
            "a batch beyond 2^63", text: "[\(good)]",
            headers: ["Reeld-Writer": "w", "Reeld-Batch": "9223372036854775808"], is: "bad-batch-number"),
        Input(
            "a long writer", text: "[\(good)]",
            headers: ["Reeld-Writer": String(repeating: "w", count: 129), "Reeld-Batch": "1"], is: "bad-batch-number"),
        Input("an envelope with a bad batch", text: #"{"events":[],"batch":"x"}"#, is: "bad-envelope"),
        Input(
            "an unknown parameter", .post, "/v1/recordings/1/events?drop=1", text: "[]", is: "bad-query",
            with: ("parameter", "\"drop\"")),
        Input("a bad choice", .post, "/v1/recordings/1/events?invalid=maybe", text: "[]", is: "bad-query"),
        Input("an unknown recording", .post, "/v1/recordings/99/events", text: "[\(good)]", is: "unknown-recording"),
        Input("an empty batch for nobody", .post, "/v1/recordings/99/events", text: "[]", is: "unknown-recording"),
        Input(
            "an unknown id", .post, "/v1/recordings/01980a4b-7c00-7000-8000-000000000000/events", text: "[\(good)]",
            is: "unknown-recording"),
    ]

    static let metadata: [Input] = [
        Input("an array", .post, "/v1/recordings", text: "[]", is: "bad-metadata"),
        Input("broken JSON", .post, "/v1/recordings", text: "{", is: "bad-json", with: ("offset", "1")),
        Input(
            "a misspelt member", .post, "/v1/recordings", text: #"{"usr":"a"}"#, is: "bad-metadata",
            with: ("member", "\"usr\"")),
        Input("a number for a text", .post, "/v1/recordings", text: #"{"user":1}"#, is: "bad-metadata"),
        Input(
            "a long text", .post, "/v1/recordings", text: #"{"user":"\#(String(repeating: "u", count: 1_025))"}"#,
            is: "bad-metadata", with: ("limit", "1024")),
        Input(
            "long notes", .post, "/v1/recordings", text: #"{"notes":"\#(String(repeating: "n", count: 16_385))"}"#,
            is: "bad-metadata", with: ("limit", "16384")),
        Input(
            "too many tags", .post, "/v1/recordings",
            text: #"{"tags":[\#((0...32).map { "\"\($0)\"" }.joined(separator: ","))]}"#, is: "bad-metadata",
            with: ("limit", "32")),
        Input(
            "a long tag", .post, "/v1/recordings", text: #"{"tags":["\#(String(repeating: "t", count: 129))"]}"#,
            is: "bad-metadata", with: ("limit", "128")),
        Input("tags that are numbers", .post, "/v1/recordings", text: #"{"tags":[1]}"#, is: "bad-metadata"),
        Input("a viewport of text", .post, "/v1/recordings", text: #"{"viewport":"1x1"}"#, is: "bad-metadata"),
        Input(
            "a huge viewport", .post, "/v1/recordings", text: #"{"viewport":{"width":65536,"height":1}}"#,
            is: "bad-metadata"),
        Input("a pin of text", .post, "/v1/recordings", text: #"{"pinned":"yes"}"#, is: "bad-metadata"),
        Input(
            "an id of version 4", .post, "/v1/recordings", text: #"{"id":"01980a4b-7c00-4000-8000-000000000000"}"#,
            is: "bad-id"),
        Input(
            "an oversize id", .post, "/v1/recordings", text: #"{"id":"\#(String(repeating: "0", count: 500))"}"#,
            is: "bad-id"),
        Input("an id with dots", .post, "/v1/recordings", text: #"{"id":"../../etc/passwd"}"#, is: "bad-id"),
        Input(
            "a form", .post, "/v1/recordings", text: "user=a",
            headers: ["Content-Type": "application/x-www-form-urlencoded"], is: "unsupported-media-type"),
        Input(
            "too much of it", .post, "/v1/recordings", text: String(repeating: " ", count: 300 << 10),
            is: "body-too-large"),
        Input("a change of what is fixed", .patch, "/v1/recordings/1", text: #"{"session":"s"}"#, is: "bad-metadata"),
        Input("a change to null", .patch, "/v1/recordings/1", text: #"{"user":null}"#, is: "bad-metadata"),
        Input("a change for nobody", .patch, "/v1/recordings/99", text: "{}", is: "unknown-recording"),
        Input("an end for nobody", .post, "/v1/recordings/99/end", is: "unknown-recording"),
        Input("an erasure for nobody", .delete, "/v1/recordings/99", is: "unknown-recording"),
    ]

    static let reads: [Input] = [
        Input("an unknown path", .get, "/v2/recordings", is: "unknown-path"),
        Input("a file the page does not have", .get, "/assets/none.js", is: "unknown-path"),
        Input("a path too deep", .get, "/v1/recordings/1/chunks/0/x", is: "unknown-path"),
        Input("a trailing slash", .get, "/v1/recordings/", is: "unknown-recording"),
        Input("dots", .get, "/v1/recordings/../recordings", is: "bad-target"),
        Input("encoded dots", .get, "/v1/recordings/%2e%2e%2fstore/events", is: "unknown-recording"),
        Input("an encoded slash", .get, "/v1/recordings/1%2f2", is: "unknown-recording"),
        Input("recording 0", .get, "/v1/recordings/0", is: "unknown-recording"),
        Input("a negative number", .get, "/v1/recordings/-1", is: "unknown-recording"),
        Input("a number beyond 64 bits", .get, "/v1/recordings/99999999999999999999", is: "unknown-recording"),
        Input(
            "an oversize id", .get, "/v1/recordings/" + String(repeating: "a", count: 2_000), is: "unknown-recording"),
        Input("another method", .put, "/v1/recordings/1", is: "method-not-allowed"),
        Input("events of nobody", .get, "/v1/recordings/99/events", is: "unknown-recording"),
        Input("chunks of nobody", .get, "/v1/recordings/99/chunks", is: "unknown-recording"),
        Input("a chunk by a word", .get, "/v1/recordings/1/chunks/first", is: "unknown-chunk"),
        Input("a chunk inside another", .get, "/v1/recordings/1/chunks/1", is: "unknown-chunk"),
        Input("a chunk of another table", .get, "/v1/recordings/1/chunks/0?generation=7", is: "stale-chunk-table"),
        Input(
            "a type that is none", .get, "/v1/recordings/1/events?type=x", is: "bad-query",
            with: ("parameter", "\"type\"")),
        Input(
            "a time that is none", .get, "/v1/recordings/1/events?from=soon", is: "bad-query",
            with: ("parameter", "\"from\"")),
        Input("a format that is none", .get, "/v1/recordings/1/events?format=xml", is: "bad-query"),
        Input("two of one", .get, "/v1/recordings/1/events?first=1&first=2", is: "bad-query"),
        Input("a limit of 0", .get, "/v1/recordings?limit=0", is: "bad-query", with: ("parameter", "\"limit\"")),
        Input("a limit of 1,001", .get, "/v1/recordings?limit=1001", is: "bad-query"),
        Input("a cursor that is none", .get, "/v1/recordings?cursor=abc", is: "bad-query"),
        Input("a status that is none", .get, "/v1/recordings?status=done", is: "bad-query"),
        Input("content that is none", .get, "/v1/recordings?has=sound", is: "bad-query"),
        Input("a pin that is none", .get, "/v1/recordings?pinned=1", is: "bad-query"),
        Input("a since that is none", .get, "/v1/recordings?since=7", is: "bad-query"),
        Input("an unknown filter", .get, "/v1/recordings?usr=ann", is: "bad-query", with: ("parameter", "\"usr\"")),
        Input("a filter that is no UTF-8", .get, "/v1/recordings?user=%ff", is: "bad-query"),
        Input("a player without an activity", .get, "/api/events", is: "bad-query"),
    ]

    @Test(arguments: batches + metadata + reads)
    func badInputGetsItsProblemAndChangesNothing(input: Input) throws {
        let server = try TestServer(server: { options in
            options.bodySizeMaxBytes = 1 << 20
            options.inflatedSizeMaxBytes = 1 << 20
            options.eventSizeMaxBytes = 64 << 10
        })
        try server.start()
        #expect(try server.append(events(0..<2)).status == 201)
        let before = server.state
        let answer = try server.send(input.method, input.target, input.body, headers: input.headers)
        #expect(answer.problem == input.problem, "\(answer.status) \(answer.text)")
        let type = try #require(ProblemType(rawValue: input.problem))
        #expect(answer.status == type.row.status)
        #expect(answer.json["status"]?.integer == Int64(type.row.status))
        #expect(answer.json["retry"]?.bool == type.row.isRetryable)
        if let member = input.member {
            #expect(answer.json[member.name] == (try JSONValue(parsing: Array(member.value.utf8))), "\(answer.text)")
        }
        #expect(server.state == before, "the store is as it was")
        #expect(try server.append(events(2..<3)).json["first"]?.integer == 2, "and goes on")
    }

    @Test func aHundredMegabytesAreRefusedByTheirLength() throws {
        let server = try TestServer()
        try server.start()
        let before = server.state
        let answer = try server.send(.post, "/v1/recordings/1/events", [UInt8](repeating: 0x20, count: 100_000_000))
        #expect(answer.status == 413 && answer.problem == "body-too-large")
        #expect(server.state == before)
    }

    @Test func theAllowFieldNamesTheMethods() throws {
        let answer = try TestServer().send(.delete, "/v1/recordings")
        #expect(answer.status == 405)
        #expect(answer.headers["Allow"] == "GET, HEAD, POST")
    }

    @Test func badEventsAreNamedByOrdinalAndOffset() throws {
        let server = try TestServer()
        try server.start()
        let answer = try server.append([event(0), "7", event(1), #"{"type":3}"#])
        let errors = try #require(answer.json["errors"]?.array)
        #expect(errors.map { $0["event"]?.integer } == [1, 3])
        #expect(errors[0]["offset"]?.integer == Int64(event(0).utf8.count + 2))
    }

    @Test func theGoodEventsAreStoredWhenAskedSo() throws {
        let server = try TestServer()
        try server.start()
        let body = "[\(event(0)),7,\(event(1))]"
        let answer = try server.send(.post, "/v1/recordings/1/events?invalid=drop", body)
        #expect(answer.status == 201)
        #expect(answer.json["count"]?.integer == 2 && answer.json["dropped"]?.integer == 1)
        #expect(try server.get("/v1/recordings/1/events").text == "[\(event(0)),\n\(event(1))]")
    }

    @Test func anEmptyBatchStoresNothing() throws {
        let server = try TestServer()
        try server.start()
        let before = server.state
        let answer = try server.append([], writer: "w", batch: 0)
        #expect(answer.status == 200 && answer.json["count"]?.integer == 0)
        #expect(server.state == before)
    }
}
