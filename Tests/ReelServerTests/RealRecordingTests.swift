import ReelCodec
import ReelHTTP
import ReelSystem
import Testing

@testable import ReelServer

/// Real recordings go in over HTTP in every form there is and come out of every route, each event byte for byte and in
/// order.
struct RealRecordingTests {
    private enum Form: Int, CaseIterable { case array, gzip, lines, envelope }

    @Test(arguments: Recordings.files)
    func everyEventComesOutAsItWentIn(file: String) throws {
        let server = try TestServer()
        try server.start()
        let sent = Recordings.events(try SmallFile.read(file, sizeMaxBytes: 1 << 28))
        try #require(!sent.isEmpty)
        for (index, start) in stride(from: 0, to: sent.count, by: 50).enumerated() {
            try send(Array(sent[start..<min(start + 50, sent.count)]), number: index, to: server)
        }
        try expect(sent, from: server)
        #expect(try server.send(.post, "/v1/recordings/1/end").json["status"]?.string == "ended")
        #expect(try server.send(.post, "/v1/store/compact").status == 200)
        #expect(try server.get("/v1/recordings/1").json["generation"]?.integer ?? 0 > 0, "it was compacted")
        try expect(sent, from: server)
    }

    private func send(_ events: [[UInt8]], number: Int, to server: TestServer) throws {
        let array = Array("[".utf8) + events.joined(separator: Array(" ,\n".utf8)) + Array("]".utf8)
        let numbered: Headers = ["Reeld-Writer": "w", "Reeld-Batch": "\(number)"]
        var (body, headers) = (array, numbered)
        switch Form.allCases[number % Form.allCases.count] {
        case .array: break
        case .gzip: body = FrameDeflater().member(of: array)
        case .lines:
            // An event with a line feed in its white space cannot be a line.
            guard !events.contains(where: { $0.contains(0x0A) || $0.contains(0x0D) }) else { break }
            body = Array(events.joined(separator: [0x0A])) + [0x0A]
            headers.append("Content-Type", "application/x-ndjson")
        case .envelope:
            headers = Headers()
            body = Array("{\"events\":".utf8) + array + Array(",\"writer\":\"w\",\"batch\":\(number)}".utf8)
        }
        let answer = try server.send(.post, "/v1/recordings/1/events", body, headers: headers)
        #expect(answer.status == 201, "\(answer.text)")
        #expect(answer.json["count"]?.integer == Int64(events.count))
        // And once more: nothing may be there twice.
        let again = try server.send(.post, "/v1/recordings/1/events", body, headers: headers)
        #expect(again.status == 200 && again.json["duplicate"]?.bool == true)
    }

    private func expect(_ sent: [[UInt8]], from server: TestServer) throws {
        let document = Array("[".utf8) + sent.joined(separator: [0x2C, 0x0A]) + Array("]".utf8)
        #expect(try server.get("/v1/recordings/1/events").body == document)
        let gzip = try server.get("/v1/recordings/1/events", headers: ["Accept-Encoding": "gzip"])
        #expect(gzip.headers["Content-Encoding"] == "gzip")
        #expect(try GzipBody.inflate(gzip.body, limitBytes: 1 << 28) == document)
        let played = try server.get("/api/events?activity_id=1", headers: ["Accept-Encoding": "gzip"])
        let player = Array("{\"events\":".utf8) + document + Array("}".utf8)
        #expect(try GzipBody.inflate(played.body, limitBytes: 1 << 28) == player)
        #expect(try server.get("/api/events?activity_id=1").body == player)
        let lines = try server.get("/v1/recordings/1/events?format=ndjson").body
        let asLines = sent.flatMap { $0.map { $0 == 0x0A || $0 == 0x0D ? 0x20 : $0 } + [0x0A] }
        #expect(lines == asLines)
        try expectChunks(sent, from: server)
    }

    private func expectChunks(_ sent: [[UInt8]], from server: TestServer) throws {
        let table = try server.get("/v1/recordings/1/chunks").json
        #expect(table["events"]?.integer == Int64(sent.count))
        let generation = try #require(table["generation"]?.integer)
        var got: [[UInt8]] = []
        for chunk in try #require(table["chunks"]?.array) {
            let first = try #require(chunk["first"]?.integer)
            #expect(first == Int64(got.count), "chunks follow one another")
            let target = "/v1/recordings/1/chunks/\(first)?generation=\(generation)"
            let plain = try server.get(target).body
            let gzip = try server.get(target, headers: ["Accept-Encoding": "gzip"]).body
            #expect(try GzipBody.inflate(gzip, limitBytes: 1 << 28) == plain)
            got += Recordings.events(plain)
        }
        #expect(got == sent)
    }
}
