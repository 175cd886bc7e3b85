import Glibc
import ReelCodec
import ReelHTTP
import ReelStore
import ReelSystem
import Testing

@testable import ReelServer

/// Damage, a full disk, a slow disk, and the end of the daemon.
struct FaultTests {
    /// Flips a bit in the middle of a recording's second frame.
    private func damage(_ server: TestServer) throws {
        let frame = try server.store.snapshot(1).frames[1].entry
        let path = "\(server.directory.path)/store/log/0000000001.seg"
        let fd = FileDescriptor(owning: open(path, O_RDWR))
        try #require(fd.raw >= 0)
        let offset = off_t(frame.offsetBytes) + 192 + off_t(frame.storedSizeBytes / 2)
        var byte: UInt8 = 0
        try #require(pread(fd.raw, &byte, 1, offset) == 1)
        byte ^= 0x10
        try #require(pwrite(fd.raw, &byte, 1, offset) == 1)
    }

    private func server(padding: Int) throws -> TestServer {
        let server = try TestServer()
        try server.start()
        for number in 0..<3 { #expect(try server.append([event(number, padding: padding)]).status == 201) }
        return server
    }

    @Test func damageInASmallDocumentIsAProblemThatNamesItsPlace() throws {
        let server = try server(padding: 10)
        try damage(server)
        let answer = try server.get("/v1/recordings/1/events")
        #expect(answer.status == 500 && answer.problem == "damaged")
        #expect(answer.json["file"]?.string?.hasSuffix(".seg") == true)
        #expect(answer.json["offset"]?.integer ?? 0 > 0)
        let told = server.events.withLock { $0 }
        #expect(told.contains { if case .damage(_, _, "1") = $0 { true } else { false } })
        #expect(try server.get("/v1/recordings/1/chunks/0").status == 200, "what is sound is served")
        #expect(try server.get("/v1/recordings/1/chunks/1").problem == "damaged")
    }

    @Test(arguments: ["gzip", "identity"])
    func damageInALargeDocumentBreaksTheAnswerOff(coding: String) throws {
        // Random letters, so that as gzip too it is larger than what goes out in one piece.
        var generator = SystemRandomNumberGenerator()
        let server = try TestServer()
        try server.start()
        for number in 0..<3 {
            let noise = (0..<400_000).map { _ in Character(Unicode.Scalar(UInt8.random(in: 65...90, using: &generator)))
            }
            let event = #"{"type":5,"timestamp":\#(number),"data":{"tag":"\#(String(noise))"}}"#
            #expect(try server.append([event]).status == 201)
        }
        try damage(server)
        #expect {
            try server.get("/v1/recordings/1/events", headers: ["Accept-Encoding": coding])
        } throws: { error in
            if case HTTPClientError.truncated = error { true } else { false }
        }
        #expect(try server.get("/metrics").text.contains("reeld_answers_aborted_total 1\n"))
    }

    @Test func damageIsLeftOutWhenAskedSo() throws {
        let server = try server(padding: 10)
        try damage(server)
        let sound = "[\(event(0, padding: 10)),\n\(event(2, padding: 10))]"
        #expect(try server.get("/v1/recordings/1/events?damaged=skip").text == sound)
        let gzip = try server.get("/v1/recordings/1/events?damaged=skip", headers: ["Accept-Encoding": "gzip"])
        #expect(try GzipBody.inflate(gzip.body, limitBytes: 1 << 20) == Array(sound.utf8))
        #expect(gzip.headers["ETag"] == nil)
        let table = try server.get("/v1/recordings/1/chunks?damaged=skip").json
        #expect(table["chunks"]?.array?.compactMap { $0["first"]?.integer } == [0, 2])
        #expect(table["gaps"]?.array?.compactMap { $0["first"]?.integer } == [1])
    }

    @Test func aFullDiskIsToldAndGoesOnWhenSpaceReturns() throws {
        let disk = GatedFileSystem()
        let server = try TestServer(fileSystem: disk)
        try server.start()
        #expect(try server.append(events(0..<2), writer: "w", batch: 0).status == 201)
        disk.gate.fill(true)
        for _ in 0..<3 {
            let full = try server.append(events(2..<4), writer: "w", batch: 1)
            #expect(full.status == 507 && full.problem == "disk-full")
            #expect(full.headers["Retry-After"] != nil && full.json["retry"]?.bool == true)
        }
        #expect(try server.get("/v1/recordings/1/events").text == "[\(event(0)),\n\(event(1))]")
        disk.gate.fill(false)
        #expect(try server.append(events(2..<4), writer: "w", batch: 1).status == 201)
        #expect(try server.get("/v1/recordings/1").json["events"]?.integer == 4)
        #expect(server.events.withLock { $0 } == [.diskFull, .spaceReturned], "the journal is told once of each")
    }

    /// Whoever asks before sending was sent to a daemon that refuses every writer.
    @Test func aDaemonOnAFullDiskWasCalledReady() throws {
        let disk = GatedFileSystem()
        let server = try TestServer(fileSystem: disk)
        try server.start()
        #expect(try server.get("/readyz").status == 200)
        disk.gate.fill(true, freeBytes: (1 << 20) - 1)
        // Nobody was refused yet: little room alone is not a full disk.
        #expect(try server.get("/readyz").status == 200)
        #expect(try server.append(events(0..<2), writer: "w", batch: 0).status == 507)
        let full = try server.get("/readyz")
        #expect(full.status == 507 && full.problem == "disk-full" && full.headers["Retry-After"] != nil)
        #expect(try server.get("/healthz").status == 200)
        // Ready by the room alone, so that writers come back to find out.
        disk.gate.fill(true, freeBytes: 1 << 20)
        #expect(try server.get("/readyz").status == 200)
        disk.gate.fill(false)
        #expect(try server.append(events(0..<2), writer: "w", batch: 0).status == 201)
        #expect(try server.get("/readyz").status == 200)
        #expect(server.events.withLock { $0 } == [.diskFull, .spaceReturned])
    }

    /// Where small batches find room and large ones do not, each of the one kind told of space and of the other of none.
    @Test func anAlmostFullDiskFloodedTheJournal() throws {
        let disk = GatedFileSystem()
        let server = try TestServer(fileSystem: disk)
        try server.start()
        for number in 0..<3 {
            disk.gate.fill(true, freeBytes: 1000)
            #expect(try server.append(events(0..<9), writer: "large", batch: UInt64(number)).status == 507)
            disk.gate.fill(false, freeBytes: 1000)
            #expect(try server.append(events(0..<1), writer: "small", batch: UInt64(number)).status == 201)
        }
        #expect(server.events.withLock { $0 } == [.diskFull])
        disk.gate.fill(false)
        #expect(try server.append(events(0..<9), writer: "large", batch: 0).status == 201)
        #expect(server.events.withLock { $0 } == [.diskFull, .spaceReturned])
    }

    @Test func aFullQueueAnswersWithRetryAfter() throws {
        let disk = GatedFileSystem()
        let server = try TestServer(fileSystem: disk, store: { $0.queueCountMax = 1 })
        try server.start()
        disk.gate.hold(true)
        let replies = Monitor<[Response]>([])
        func append(_ number: Int) throws {
            let exchange = Reply { response in replies.broadcast { $0.append(response) } }
            let request = try Request(.post, "/v1/recordings/1/events", body: Array("[\(event(number))]".utf8))
            server.handler.respond(to: request, reply: exchange)
        }
        // One is being written, one may wait; of three more at least one finds no room.
        try append(0)
        disk.gate.waitForSync()
        try append(1)
        try append(2)
        let refused = replies.wait { $0.first }
        #expect(refused?.status == 503)
        #expect(refused?.headers["Retry-After"] != nil)
        disk.gate.hold(false)
        let all = replies.wait { $0.count == 3 ? $0 : nil } ?? []
        #expect(all.map(\.status).sorted() == [201, 201, 503])
        #expect(try server.get("/v1/recordings/1").json["events"]?.integer == 2)
    }

    @Test func noAnswerComesBeforeItsSync() throws {
        let disk = GatedFileSystem()
        let server = try TestServer(fileSystem: disk)
        try server.start()
        disk.gate.hold(true)
        let replies = Monitor<[Response]>([])
        let reply = Reply { response in replies.broadcast { $0.append(response) } }
        let request = try Request(.post, "/v1/recordings/1/events", body: Array("[\(event(0))]".utf8))
        server.handler.respond(to: request, reply: reply)
        disk.gate.waitForSync()
        #expect(replies.withLock { $0.isEmpty })
        #expect(try server.get("/v1/recordings/1/events").text == "[]", "what is not durable is not served")
        disk.gate.hold(false)
        #expect(replies.wait { $0.first }?.status == 201)
    }

    @Test func whileStoppingRequestsAreRefusedButHealth() throws {
        let server = try TestServer()
        try server.start()
        // As a drain begins: listeners are closed by it, so the handler is asked by hand.
        server.server.drain(deadlineSeconds: 0)
        let cases: [(method: Method, target: String, status: Int)] = [
            (.post, "/v1/recordings/1/events", 503), (.post, "/v1/recordings", 503), (.get, "/v1/recordings", 503),
            (.get, "/readyz", 503), (.get, "/healthz", 200),
        ]
        for (method, target, status) in cases {
            let answer = Monitor<Response?>(nil)
            let reply = Reply { response in answer.broadcast { $0 = response } }
            server.handler.respond(to: try Request(method, target, body: []), reply: reply)
            let response = answer.wait { $0 }
            #expect(response?.status == status, "\(target)")
            guard status == 503, case .bytes(let body) = response?.body else { continue }
            let problem = try JSONValue(parsing: body)
            #expect(problem["type"]?.string == "urn:reeld:problem:stopping")
            #expect(problem["retry"]?.bool == true)
        }
    }
}
