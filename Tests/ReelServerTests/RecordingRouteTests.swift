import ReelCodec
import ReelHTTP
import ReelSystem
import Testing

@testable import ReelServer

/// The life of a recording over HTTP, and the list of them.
struct RecordingRouteTests {
    @Test func aStartAnswersNumberIDAndToken() throws {
        let server = try TestServer()
        let answer = try server.start()
        #expect(answer.headers["Location"] == "/v1/recordings/1")
        #expect(answer.json["number"]?.integer == 1)
        let id = try #require(answer.json["id"]?.string)
        #expect(answer.json["token"]?.string?.hasPrefix("rw_") == true)
        #expect(try server.get("/v1/recordings/\(id)").json["number"]?.integer == 1)
    }

    @Test func theSameIDIsTheSameStart() throws {
        let server = try TestServer()
        let body = #"{"id":"01980a4b-7c00-7000-8000-000000000001"}"#
        let first = try server.send(.post, "/v1/recordings", body)
        let second = try server.send(.post, "/v1/recordings", body)
        #expect(first.status == 201 && second.status == 200)
        #expect(first.json == second.json)
        #expect(server.store.statistics.recordingCount == 1)
    }

    @Test func metadataComesBackAsItWasGiven() throws {
        let server = try TestServer()
        let texts = ["project", "session", "window", "user", "ticket", "activity", "brand", "url", "browser", "notes"]
        let members = texts.map { "\"\($0)\":\"a \\\"\($0)\\\" – ü\"" }.joined(separator: ",")
        try server.start(
            "{\(members),\"tags\":[\"x\",\"y\",\"x\"],\"pinned\":true,\"viewport\":{\"width\":1280,\"height\":720}}")
        let recording = try server.get("/v1/recordings/1").json
        for text in texts { #expect(recording[text]?.string == "a \"\(text)\" – ü") }
        #expect(recording["tags"] == .array([.string("x"), .string("y")]))
        #expect(recording["pinned"]?.bool == true)
        #expect(recording["viewport"]?["width"]?.integer == 1280)
        #expect(recording["status"]?.string == "recording")
        #expect(recording["ended"]?.isNull == true)
        #expect(recording["first_event"]?.isNull == true)
    }

    @Test func aChangeAnswersTheRecordingAsChanged() throws {
        let server = try TestServer()
        try server.start(#"{"user":"ann","ticket":"T-1"}"#)
        let changed = try server.send(
            .patch, "/v1/recordings/1", #"{"user":"bob","tags":["late"],"notes":"n","pinned":true}"#)
        #expect(changed.status == 200)
        #expect(changed.json["user"]?.string == "bob")
        #expect(changed.json["ticket"]?.string == "T-1")
        #expect(changed.json["tags"] == .array([.string("late")]))
        #expect(try server.get("/v1/recordings/1").json == changed.json)
    }

    @Test func countersAreTheEvents() throws {
        let server = try TestServer()
        try server.start()
        let page =
            #"{"type":4,"timestamp":1700000000000,"data":{"href":"https://example.com/shop","width":800,"height":600}}"#
        let click = #"{"type":3,"timestamp":1700000001500,"data":{"source":2,"type":2,"id":1}}"#
        #expect(try server.append([page, click]).status == 201)
        let recording = try server.get("/v1/recordings/1").json
        #expect(recording["events"]?.integer == 2)
        #expect(recording["clicks"]?.integer == 1)
        #expect(recording["pages"]?.integer == 1)
        #expect(recording["first_url"]?.string == "https://example.com/shop")
        #expect(recording["duration_ms"]?.integer == 1_500)
        #expect(recording["first_event"]?.string == "2023-11-14T22:13:20.000000Z")
        #expect(recording["has"] == .array([.string("input")]))
        #expect(
            recording["raw_bytes"]?.integer == Int64(page.utf8.count + click.utf8.count + 4),
            "two bytes for each event's join")
    }

    @Test func anErasedRecordingIsGoneFromEveryRoute() throws {
        let server = try TestServer()
        try server.start()
        _ = try server.append(events(0..<3))
        let erased = try server.send(.delete, "/v1/recordings/1")
        #expect(erased.status == 200 && erased.json["number"]?.integer == 1)
        let again = try server.send(.delete, "/v1/recordings/1")
        #expect(again.json == erased.json, "erasing again gives the first answer")
        for target in ["", "/events", "/chunks", "/chunks/0"] {
            let answer = try server.get("/v1/recordings/1\(target)")
            #expect(answer.status == 410 && answer.problem == "erased", "\(target)")
        }
        #expect(try server.append(events(3..<4)).problem == "erased")
        #expect(try server.send(.patch, "/v1/recordings/1", "{}").problem == "erased")
        #expect(try server.get("/api/events?activity_id=1").text.hasPrefix(#"{"detail":"#))
        #expect(try server.get("/v1/recordings").json["recordings"] == .array([]))
        let listed = try server.get("/v1/recordings?status=erased").json["recordings"]?.array
        #expect(listed?.first?["erased"] == erased.json["erased"])
    }

    @Test func aPinnedRecordingIsNotErased() throws {
        let server = try TestServer()
        try server.start(#"{"pinned":true}"#)
        #expect(try server.send(.delete, "/v1/recordings/1").problem == "held")
        #expect(try server.get("/v1/recordings/1").status == 200)
    }

    // MARK: The list

    @Test func theListIsNewestFirstAndPaged() throws {
        let server = try TestServer()
        for number in 1...5 { try server.start(#"{"user":"u\#(number)"}"#) }
        var numbers: [Int64] = []
        var target = "/v1/recordings?limit=2"
        var pageCount = 0
        while pageCount < 10 {
            let page = try server.get(target).json
            numbers += page["recordings"]?.array?.compactMap { $0["number"]?.integer } ?? []
            pageCount += 1
            guard let cursor = page["next"]?.string else { break }
            target = "/v1/recordings?limit=2&cursor=\(cursor)"
        }
        #expect(numbers == [5, 4, 3, 2, 1])
        #expect(pageCount == 3)
    }

    static let filters: [(query: String, numbers: [Int64])] = [
        ("user=ann", [2, 1]), ("user=ann&project=p2", [2]), ("tag=red", [3, 1]), ("tag=red&tag=blue", [3]),
        ("pinned=true", [2]), ("pinned=false", [3, 1]), ("status=ended", [3]), ("status=recording", [2, 1]),
        ("has=input", [1]), ("q=NEEDLE", [2]), ("q=nothing", []), ("user=an", []), ("since=1h", [3, 2, 1]),
        ("until=1h", []), ("until=2100-01-01T00:00:00Z", [3, 2, 1]), ("session=s%2F1+a", [3]), ("url=checkout", [1]),
        ("url=shop.example.com", [1]), ("url=elsewhere", []), ("window=w", [1]), ("limit=1", [3]),
    ]

    @Test(arguments: filters)
    func aFilterFindsWhatItSays(query: String, numbers: [Int64]) throws {
        let server = try TestServer()
        try server.start(#"{"user":"ann","project":"p1","tags":["red"],"window":"w"}"#)
        try server.start(#"{"user":"ann","project":"p2","pinned":true,"notes":"a needle in hay"}"#)
        try server.start(#"{"user":"bob","tags":["red","blue"],"session":"s/1 a"}"#)
        let page =
            #"{"type":4,"timestamp":1,"data":{"href":"https://shop.example.com/cart/checkout?card=1","width":1,"height":1}}"#
        _ = try server.append([page, event(1)])
        _ = try server.send(.post, "/v1/recordings/3/end")
        let found = try server.get("/v1/recordings?\(query)").json["recordings"]?.array
        #expect(found?.compactMap { $0["number"]?.integer } == numbers)
    }

    // MARK: Beside recordings

    @Test func theStoreShowsItsFigures() throws {
        let server = try TestServer(server: { $0.version = "1.2.3" })
        try server.start()
        let figures = try server.get("/v1/store").json
        #expect(figures["version"]?.string == "1.2.3")
        #expect(figures["id"]?.string?.utf8.count == 32)
        #expect(figures["recordings"]?.integer == 1 && figures["open"]?.integer == 1)
        #expect(figures["lsn"]?.integer == Int64(server.store.statistics.lastLSN))
        #expect(figures["read_only"]?.bool == false)
    }

    @Test(arguments: [
        "/healthz", "/readyz", "/metrics", "/v1/store", "/v1/recordings", "/v1/recordings/1", "/v1/recordings/1/events",
        "/v1/recordings/1/events?type=3", "/v1/recordings/1/chunks", "/v1/recordings/1/chunks/0",
        "/api/events?activity_id=1",
    ])
    func headIsGetWithoutTheBody(target: String) throws {
        let server = try TestServer()
        try server.start()
        _ = try server.append(events(0..<3))
        let get = try server.get(target)
        let head = try server.send(.head, target)
        #expect(get.status == 200 && head.status == 200)
        #expect(head.body.isEmpty && !get.body.isEmpty)
        #expect(head.headers["Content-Type"] == get.headers["Content-Type"])
        #expect(head.headers["ETag"] == get.headers["ETag"])
        // The connection goes on: nothing of a body was left on it.
        #expect(try server.get("/healthz").status == 200)
    }
}
