import Glibc
import ReelSystem
import Testing

@testable import ReelHTTP

struct DrainTests {
    private static let get = "GET /a HTTP/1.1\r\nHost: a\r\n\r\n"

    private final class Held: Sendable {
        let reply = Monitor<Reply?>(nil)
        func take() -> Reply? { reply.wait(timeoutMilliseconds: 20_000) { $0 } }
    }

    private func holdingServer(_ held: Held) throws -> TestServer {
        var handler = TestHandler()
        handler.answer = { _, reply in held.reply.broadcast { $0 = reply } }
        return try TestServer(handler)
    }

    @Test func idleConnectionsAreClosedAndNobodyIsLetIn() throws {
        let server = try TestServer()
        let connection = try server.connect()
        connection.send(Self.get)
        #expect(connection.answer()?.status == 200)
        server.server.drain(deadlineSeconds: 60)
        #expect(connection.rest() == [])
        server.server.join()
        #expect(throws: SystemError.self) {
            _ = try Socket.connect(unix: server.path, timeoutSeconds: 1)
        }
        #expect(access(server.path, F_OK) != 0)
        #expect(throws: SystemError(ECONNREFUSED, "connect", "127.0.0.1:\(server.port)")) {
            _ = try Socket.connect(tcp: "127.0.0.1", port: server.port, timeoutSeconds: 1)
        }
    }

    @Test func deferredReplyIsStillSent() throws {
        let held = Held()
        let server = try holdingServer(held)
        let connection = try server.connect()
        connection.send(Self.get)
        let reply = try #require(held.take())
        server.server.drain(deadlineSeconds: 60)
        var isLetIn = true
        for _ in 0..<2_000 where isLetIn {
            shortPause()
            isLetIn = (try? Socket.connect(tcp: "127.0.0.1", port: server.port, timeoutSeconds: 1)) != nil
        }
        #expect(!isLetIn)
        reply.complete(Response(status: 200, body: .bytes([0x61])))
        let answer = connection.answer()
        #expect(answer?.status == 200)
        #expect(answer?.head.contains("Connection: close") == true)
        connection.endSending()
        server.server.join()
    }

    @Test func uploadInFlightIsStillServed() throws {
        let server = try TestServer()
        let connection = try server.connect()
        connection.send("POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\nExpect: 100-continue\r\n\r\n")
        #expect(connection.answer()?.status == 100)
        server.server.drain(deadlineSeconds: 60)
        while access(server.path, F_OK) == 0 { shortPause() }
        connection.send("done")
        #expect(connection.answer()?.status == 200)
        connection.endSending()
        server.server.join()
    }

    @Test func downloadInFlightIsStillSent() throws {
        var handler = TestHandler()
        let body = [UInt8](repeating: 0x61, count: 32 << 20)
        handler.answer = { _, reply in reply.complete(Response(status: 200, body: .bytes(body))) }
        let server = try TestServer(handler)
        let connection = try server.connect()
        connection.send(Self.get)
        while server.server.statistics.requests == 0 { shortPause() }
        server.server.drain(deadlineSeconds: 60)
        #expect(connection.answer()?.body.count == body.count)
        connection.endSending()
        server.server.join()
    }

    @Test func hardDeadlineEndsWhatDoesNotFinish() throws {
        let held = Held()
        let server = try holdingServer(held)
        let connection = try server.connect()
        connection.send(Self.get)
        _ = try #require(held.take())
        server.server.drain(deadlineSeconds: 1)
        server.server.join()
        #expect(connection.answer() == nil)
        #expect(server.server.statistics.connectionsOpen == 0)
    }
}
