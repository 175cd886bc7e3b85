import Testing

@testable import ReelHTTP

struct ServerRefusalTests {
    /// Each row over a real connection: one answer, well formed, with `Connection: close`, and then the end.
    @Test func hostileTableIsRefusedOverASocket() throws {
        let server = try TestServer()
        for row in Hostile.table {
            for connection in [try server.connect(), try server.connectTCP()] {
                connection.send(row.bytes)
                let answer = connection.answer()
                #expect(answer?.status == row.status, "\(row.name)")
                #expect(answer?.head.contains("\r\nConnection: close\r\n") == true, "\(row.name)")
                #expect(answer?.head.contains("application/problem+json") == true, "\(row.name)")
                connection.endSending()
                #expect(connection.rest() == [], "\(row.name)")
            }
        }
        #expect(server.server.statistics.requests == 0)
    }

    @Test func harmlessTableIsServedOverASocket() throws {
        let server = try TestServer()
        for row in Hostile.harmless {
            let connection = try server.connectTCP()
            connection.send(row.bytes)
            #expect(connection.answer()?.status == 200, "\(row.name)")
        }
    }

    /// The sender is in the middle of a large body, and must still be able to read why it was refused.
    @Test func refusalIsReadableMidUpload() throws {
        let server = try TestServer()
        for connection in [try server.connect(), try server.connectTCP()] {
            connection.send("POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 100000000\r\n\r\n")
            connection.send([UInt8](repeating: 0x61, count: 30 << 20))
            #expect(connection.answer()?.status == 413)
        }
    }

    @Test func handlerRefusesByHeadAndTheConnectionGoesOnIfThereIsNoBody() throws {
        var handler = TestHandler()
        handler.refusal = { head in head.path == "/no" ? Response(status: 403) : nil }
        let server = try TestServer(handler)
        let connection = try server.connect()
        connection.send("GET /no HTTP/1.1\r\nHost: a\r\n\r\nGET /yes HTTP/1.1\r\nHost: a\r\n\r\n")
        #expect(connection.answer()?.status == 403)
        #expect(connection.answer()?.status == 200)
        // With a body it closes: what follows is the body's, not a request.
        connection.send(
            "POST /no HTTP/1.1\r\nHost: a\r\nContent-Length: 34\r\n\r\nGET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n")
        let answer = connection.answer()
        #expect(answer?.status == 403)
        #expect(answer?.head.contains("Connection: close") == true)
        connection.endSending()
        #expect(connection.rest() == [])
        #expect(server.server.statistics.requests == 1)
    }

    @Test func slowHeadIsAnswered408() throws {
        let server = try TestServer { $0.headSecondsMax = 1 }
        let connection = try server.connect()
        connection.send("GET / HTTP/1.1\r\nHo")
        #expect(connection.answer()?.status == 408)
    }

    @Test func slowBodyIsAnswered408() throws {
        let server = try TestServer { $0.bodyGraceSeconds = 1 }
        let connection = try server.connect()
        connection.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nabc")
        #expect(connection.answer()?.status == 408)
    }

    @Test func idleConnectionIsClosedInSilence() throws {
        let server = try TestServer { $0.idleSecondsMax = 1 }
        let connection = try server.connect()
        #expect(connection.rest() == [])
    }

    @Test func replyThatNeverComesIsAnswered503() throws {
        var handler = TestHandler()
        handler.answer = { _, _ in }
        let server = try TestServer(handler) { $0.replySecondsMax = 1 }
        let connection = try server.connect()
        connection.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        #expect(connection.answer()?.status == 503)
        #expect(connection.rest() == [])
    }

    @Test func readerThatTakesNothingIsCutOff() throws {
        var handler = TestHandler()
        handler.answer = { _, reply in
            reply.complete(Response(status: 200, body: .bytes([UInt8](repeating: 0, count: 64 << 20))))
        }
        let server = try TestServer(handler) { $0.writeStallSecondsMax = 1 }
        let connection = try server.connectTCP()
        connection.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        while server.server.statistics.connectionsOpen == 0 || server.server.statistics.requests == 0 { shortPause() }
        while server.server.statistics.connectionsOpen > 0 { shortPause() }
        #expect(connection.endsWithReset())
    }

    @Test func connectionsAboveTheLimitAreTurnedAway() throws {
        let server = try TestServer { $0.connectionCountMax = 2 }
        let first = try server.connect()
        let second = try server.connectTCP()
        for connection in [first, second] {
            connection.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            #expect(connection.answer()?.status == 200)
        }
        #expect(try server.connect().answer()?.status == 503)
        #expect(server.server.statistics.connectionsRefused == 1)
        #expect(server.server.statistics.connectionsOpen == 2)
    }

    @Test func connectionsOfOnePeerAboveItsLimitAreTurnedAway() throws {
        let server = try TestServer { $0.connectionCountMaxPerPeer = 1 }
        let local = try server.connect()
        local.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        #expect(local.answer()?.status == 200)
        #expect(try server.connect().answer()?.status == 503)
        // Another peer is not its business.
        let remote = try server.connectTCP()
        remote.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        #expect(remote.answer()?.status == 200)
    }
}
