import Glibc
import ReelSystem
import Testing

@testable import ReelHTTP

struct ServerTests {
    private static let get = "GET /a HTTP/1.1\r\nHost: a\r\n\r\n"

    /// Keeps replies to be completed by the test.
    private final class Pending: Sendable {
        private let replies = Monitor<[(Request, Reply)]>([])
        func add(_ request: Request, _ reply: Reply) { replies.broadcast { $0.append((request, reply)) } }
        var count: Int { replies.withLock { $0.count } }
        func takeFirst() -> (Request, Reply)? {
            replies.wait(timeoutMilliseconds: 20_000) { $0.isEmpty ? nil : $0.removeFirst() }
        }
    }

    private func pendingServer(_ pending: Pending, _ configure: (inout HTTPOptions) -> Void = { _ in }) throws
        -> TestServer
    {
        var handler = TestHandler()
        handler.bodyLimitBytes = 1 << 30
        handler.answer = { request, reply in pending.add(request, reply) }
        return try TestServer(handler, configure)
    }

    @Test func connectionIsKeptAlive() throws {
        let server = try TestServer()
        let connection = try server.connect()
        for _ in 0..<3 {
            connection.send(Self.get)
            let answer = connection.answer()
            #expect(answer?.body == Array("GET /a".utf8))
            #expect(answer?.head.contains("Connection: close") == false)
        }
        #expect(server.server.statistics.connectionsAccepted == 1)
    }

    @Test func pipelinedRequestsAreAnsweredInOrder() throws {
        let pending = Pending()
        let server = try pendingServer(pending)
        let connection = try server.connect()
        connection.send((0..<50).map { "GET /\($0) HTTP/1.1\r\nHost: a\r\n\r\n" }.joined())
        let worker = Thread("replies") {
            for _ in 0..<50 {
                guard let (request, reply) = pending.takeFirst() else { return }
                reply.complete(Response(status: 200, body: .bytes(Array(request.path.utf8))))
            }
        }
        for index in 0..<50 { #expect(connection.answer()?.body == Array("/\(index)".utf8)) }
        worker.join()
    }

    @Test func headHasTheLengthAndNoBody() throws {
        let server = try TestServer()
        let connection = try server.connect()
        connection.send("HEAD /a HTTP/1.1\r\nHost: a\r\n\r\n" + Self.get)
        #expect(connection.answer(toHead: true)?.head.contains("Content-Length: 7\r\n") == true)
        #expect(connection.answer()?.body == Array("GET /a".utf8))
    }

    @Test(arguments: [204, 304])
    func statusWithoutContentHasNeitherLengthNorBody(_ status: Int) throws {
        var handler = TestHandler()
        handler.answer = { _, reply in reply.complete(Response(status: status, body: .bytes([1, 2, 3]))) }
        let server = try TestServer(handler)
        let connection = try server.connect()
        connection.send(Self.get + Self.get)
        for _ in 0..<2 {
            let answer = connection.answer()
            #expect(answer?.status == status)
            #expect(answer?.head.contains("Content-Length") == false)
        }
    }

    @Test func continueIsSentWhenTheBodyWaitsForIt() throws {
        let server = try TestServer()
        let connection = try server.connect()
        connection.send("POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n")
        #expect(connection.answer()?.status == 100)
        connection.send("ok")
        #expect(connection.answer()?.status == 200)
    }

    @Test func refusedExpectationGetsItsAnswerInsteadOfContinue() throws {
        let server = try TestServer()
        let connection = try server.connect()
        connection.send("POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 99999999\r\n\r\n")
        #expect(connection.answer()?.status == 413)
    }

    @Test func bodyArrivesWholeInEveryFraming() throws {
        let pending = Pending()
        let server = try pendingServer(pending)
        let body = (0..<300_000).map { UInt8(truncatingIfNeeded: $0 &* 31) }
        let framings = [
            ("Content-Length: \(body.count)", body),
            (
                "Transfer-Encoding: chunked",
                Array("3\r\n".utf8) + body[..<3] + Array("\r\n\(String(body.count - 3, radix: 16))\r\n".utf8)
                    + body[3...]
                    + Array("\r\n0\r\n\r\n".utf8)
            ),
        ]
        for (field, content) in framings {
            let connection = try server.connect()
            connection.send(Array("POST / HTTP/1.1\r\nHost: a\r\n\(field)\r\n\r\n".utf8) + content)
            let (request, reply) = try #require(pending.takeFirst())
            #expect(request.body == body)
            reply.complete(Response(status: 200))
            #expect(connection.answer()?.status == 200)
        }
    }

    @Test func peerIsKnown() throws {
        let pending = Pending()
        let server = try pendingServer(pending)
        let local = try server.connect()
        local.send(Self.get)
        guard case .unix(let userID, let groupIDs, let processID)? = pending.takeFirst()?.0.peer else {
            Issue.record("not a Unix peer")
            return
        }
        var supplementary = [gid_t](repeating: 0, count: Int(getgroups(0, nil)))
        let count = getgroups(Int32(supplementary.count), &supplementary)
        #expect((userID, processID) == (geteuid(), getpid()))
        #expect(groupIDs.first == getegid() && Set(groupIDs.dropFirst()) == Set(supplementary.prefix(Int(count))))
        let remote = try server.connectTCP()
        remote.send(Self.get)
        guard case .tcp("127.0.0.1", let port)? = pending.takeFirst()?.0.peer else {
            Issue.record("not a TCP peer")
            return
        }
        #expect(port > 0)
    }

    @Test func halfClosedPeerGetsAllItsAnswers() throws {
        let pending = Pending()
        let server = try pendingServer(pending)
        for connection in [try server.connect(), try server.connectTCP()] {
            connection.send(Self.get + Self.get)
            connection.endSending()
            for _ in 0..<2 {
                let (_, reply) = try #require(pending.takeFirst())
                reply.complete(Response(status: 200, body: .bytes([0x78])))
                #expect(connection.answer()?.status == 200)
            }
            #expect(connection.rest() == [])
        }
    }

    @Test func replyToAPeerThatIsGoneReachesNobodyElse() throws {
        let pending = Pending()
        let server = try pendingServer(pending)
        do {
            let connection = try server.connect()
            connection.send(Self.get)
            while pending.count == 0 { shortPause() }
        }
        while server.server.statistics.connectionsOpen > 0 { shortPause() }
        // The next connection takes the same slot.
        let connection = try server.connect()
        connection.send(Self.get)
        let (_, stale) = try #require(pending.takeFirst())
        let (_, fresh) = try #require(pending.takeFirst())
        stale.complete(Response(status: 500))
        fresh.complete(Response(status: 200))
        #expect(connection.answer()?.status == 200)
    }

    @Test func secondReplyToOneRequestIsDropped() throws {
        let pending = Pending()
        let server = try pendingServer(pending)
        let connection = try server.connect()
        connection.send(Self.get + Self.get)
        let (_, first) = try #require(pending.takeFirst())
        first.complete(Response(status: 200))
        first.complete(Response(status: 500))
        #expect(connection.answer()?.status == 200)
        let (_, second) = try #require(pending.takeFirst())
        first.complete(Response(status: 500))
        second.complete(Response(status: 201))
        #expect(connection.answer()?.status == 201)
    }

    @Test func version10IsAnsweredAndClosed() throws {
        let server = try TestServer()
        let connection = try server.connect()
        connection.send("GET /a HTTP/1.0\r\n\r\n")
        #expect(connection.answer()?.head.contains("Connection: close") == true)
        #expect(connection.rest() == [])
    }

    @Test func largeAnswerArrivesWholeThroughASlowReader() throws {
        let body = (0..<(16 << 20)).map { UInt8(truncatingIfNeeded: $0 >> 8) }
        var handler = TestHandler()
        handler.answer = { _, reply in reply.complete(Response(status: 200, body: .bytes(body))) }
        let server = try TestServer(handler)
        let connection = try server.connect()
        connection.send("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
        let rest = try #require(connection.rest())
        #expect(rest.suffix(body.count).elementsEqual(body))
    }

    @Test func bodyWithoutAShareOfMemoryIsNotReadUntilThereIsOne() throws {
        let pending = Pending()
        let server = try pendingServer(pending) { $0.memory = MemoryBudget(totalBytes: 100_000) }
        let post =
            Array("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 60000\r\n\r\n".utf8)
            + [UInt8](repeating: 0x61, count: 60_000)
        let first = try server.connect()
        first.send(post)
        while pending.count < 1 { shortPause() }
        let second = try server.connect()
        second.send(post)
        // A request without a body needs no share, and shows that the loop has seen the second one by now.
        let third = try server.connect()
        third.send(Self.get)
        while pending.count < 2 { shortPause() }
        do {
            let (request, reply) = try #require(pending.takeFirst())
            #expect(request.body.count == 60_000)
            let (bodiless, thirdReply) = try #require(pending.takeFirst())
            #expect(bodiless.method == .get)
            thirdReply.complete(Response(status: 200))
            #expect(third.answer()?.status == 200)
            #expect(pending.count == 0)
            reply.complete(Response(status: 200))
        }
        #expect(first.answer()?.status == 200)
        let (request, reply) = try #require(pending.takeFirst())
        #expect(request.body.count == 60_000)
        reply.complete(Response(status: 200))
        #expect(second.answer()?.status == 200)
    }

    @Test func bodyThatWaitsTooLongForMemoryIsAnswered503() throws {
        let pending = Pending()
        let server = try pendingServer(pending) { options in
            options.memory = MemoryBudget(totalBytes: 100_000)
            options.shareSecondsMax = 1
        }
        let post = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 60000\r\n\r\n" + String(repeating: "a", count: 60_000)
        let first = try server.connect()
        first.send(post)
        while pending.count < 1 { shortPause() }
        let second = try server.connect()
        second.send(post)
        let answer = second.answer()
        #expect(answer?.status == 503)
        #expect(answer?.head.contains("Retry-After") == true)
    }

    @Test func sharesComeBackWhenRequestsGo() throws {
        let budget = MemoryBudget(totalBytes: 1 << 20)
        let server = try TestServer { $0.memory = budget }
        for index in 0..<20 {
            let connection = try server.connect()
            connection.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\n")
            // Half of them leave in the middle of the body.
            connection.send(String(repeating: "a", count: index % 2 == 0 ? 100_000 : 50_000))
            if index % 2 == 0 { #expect(connection.answer()?.status == 200) }
        }
        while server.server.statistics.connectionsOpen > 0 || budget.freeBytes < budget.totalBytes { shortPause() }
    }

    @Test func manyLoopsServe() throws {
        let server = try TestServer { $0.loopCount = 3 }
        let connections = try (0..<12).map { _ in try server.connect() }
        for connection in connections { connection.send(Self.get) }
        for connection in connections { #expect(connection.answer()?.status == 200) }
        #expect(server.server.statistics.requests == 12)
        #expect(server.server.statistics.connectionsOpen == 12)
    }
}
