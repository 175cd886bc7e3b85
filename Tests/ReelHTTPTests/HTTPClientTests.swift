import Glibc
import ReelSystem
import Testing

@testable import ReelHTTP

struct HTTPClientTests {
    /// Serves some connections, one after the other: before each prepared answer one head is read, and after the last the
    /// connection is closed.
    private func withAnswers(_ connections: [[String]], _ body: (HTTPClient) throws -> Void) throws {
        let path = temporaryPath(".sock")
        defer { unlink(path) }
        let listener = try Socket.listen(unix: path, mode: 0o600, backlog: 8)
        let raw = listener.raw
        // The thread's accept waits for the client.
        _ = fcntl(raw, F_SETFL, 0)
        let thread = Thread("answers") {
            for answers in connections {
                let client = accept(raw, nil, nil)
                guard client >= 0 else { return }
                let connection = RawConnection(FileDescriptor(owning: client))
                for answer in answers {
                    _ = connection.answer(toHead: true)
                    connection.send(answer)
                }
            }
        }
        try body(HTTPClient(.unix(path: path), timeoutSeconds: 20))
        thread.join()
    }

    @Test func keptConnectionIsUsedAgain() throws {
        let server = try TestServer()
        let client = HTTPClient(.tcp(address: "127.0.0.1", port: server.port))
        for index in 0..<10 {
            let answer = try client.send(
                .post, "/\(index)", headers: ["A": "b"], body: [UInt8](repeating: 1, count: 9_000))
            #expect(answer.body == Array("POST /\(index)".utf8))
        }
        #expect(server.server.statistics.connectionsAccepted == 1)
    }

    @Test func connectionTheServerHasClosedIsReplaced() throws {
        let server = try TestServer { $0.idleSecondsMax = 1 }
        let client = HTTPClient(.unix(path: server.path))
        #expect(try client.send(.post, "/").status == 200)
        while server.server.statistics.connectionsOpen > 0 { shortPause() }
        #expect(try client.send(.post, "/").status == 200)
    }

    @Test func refusalOfALargeBodyIsRead() throws {
        let server = try TestServer()
        for endpoint in [HTTPEndpoint.unix(path: server.path), .tcp(address: "127.0.0.1", port: server.port)] {
            let client = HTTPClient(endpoint)
            #expect(try client.send(.post, "/", body: [UInt8](repeating: 1, count: 20 << 20)).status == 413)
        }
    }

    @Test(arguments: [
        ("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello", 5),
        ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n", 5),
        ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n", 5),
        ("HTTP/1.1 200 OK\r\nContent-Le", 0),
    ])
    func truncatedAnswerIsNotTakenForWhole(_ answer: String, _ receivedBytes: Int) throws {
        try withAnswers([[answer]]) { client throws in
            #expect(throws: HTTPClientError.truncated(receivedBytes: receivedBytes)) { try client.send(.get, "/") }
        }
    }

    @Test(arguments: [
        "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello",
        "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhe\r\n3\r\nllo\r\n0\r\n\r\n",
        "HTTP/1.0 200 OK\r\n\r\nhello", "HTTP/1.1 200\r\n\r\nhello",
    ])
    func wholeAnswerIsTakenInEveryFraming(_ answer: String) throws {
        try withAnswers([[answer]]) { client throws in
            #expect(try client.send(.get, "/").body == Array("hello".utf8))
        }
    }

    @Test(arguments: [
        "HTTP/2 200 OK\r\n\r\n", "hello\r\n\r\n", "HTTP/1.1 2x0 OK\r\n\r\n", "HTTP/1.1 200 OK\nA: b\n\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 5\r\n\r\nhello",
        "HTTP/1.1 200 OK\r\nContent-Length: +5\r\n\r\nhello", "HTTP/1.1 200 OK\r\nA : b\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nx\r\n",
    ])
    func malformedAnswerIsAnError(_ answer: String) throws {
        try withAnswers([[answer]]) { client throws in
            #expect {
                try client.send(.get, "/")
            } throws: { error in
                if case HTTPClientError.malformedAnswer = error { true } else { false }
            }
        }
    }

    @Test func bodyAboveTheLimitIsAnError() throws {
        let server = try TestServer()
        let client = HTTPClient(.unix(path: server.path))
        #expect(try client.send(.get, "/", bodyLimitBytes: 5).body == Array("GET /".utf8))
        #expect(throws: HTTPClientError.bodyTooLarge(limitBytes: 4)) { try client.send(.get, "/", bodyLimitBytes: 4) }
        #expect(try client.send(.get, "/").status == 200)
    }

    @Test func nobodyThereIsAConnectError() {
        let path = temporaryPath(".sock")
        #expect(throws: HTTPClientError.connect(SystemError(ENOENT, "connect", path))) {
            try HTTPClient(.unix(path: path)).send(.get, "/")
        }
    }

    @Test func onlyAnIdempotentRequestIsSentTwice() throws {
        let kept = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
        // The first connection takes a second request and closes without an answer.
        try withAnswers([[kept, ""], [kept]]) { client throws in
            #expect(try client.send(.get, "/").status == 200)
            #expect(try client.send(.get, "/").status == 200)
        }
        try withAnswers([[kept, ""]]) { client throws in
            #expect(try client.send(.get, "/").status == 200)
            #expect {
                try client.send(.post, "/")
            } throws: { error in
                if case HTTPClientError.connectionLost = error { true } else { false }
            }
        }
    }
}
