import ReelSystem
import Testing

@testable import ReelHTTP

struct StreamTests {
    private static let get = "GET /a HTTP/1.1\r\nHost: a\r\n\r\n"

    /// Gives its pieces one by one, from the loop's thread or from one of its own, and then ends or aborts.
    private final class Pieces: BodyStream {
        private let left: Monitor<[[UInt8]]>
        private let aborts: Bool
        private let isDeferred: Bool
        private let demands = Monitor(0)
        private let cancels = Monitor(0)
        private let threads = Monitor<[Thread]>([])

        init(_ pieces: [[UInt8]], aborts: Bool = false, isDeferred: Bool = false) {
            left = Monitor(pieces)
            self.aborts = aborts
            self.isDeferred = isDeferred
        }

        var demandCount: Int { demands.withLock { $0 } }
        var cancelCount: Int { cancels.withLock { $0 } }

        func demand(_ sink: BodySink) {
            demands.withLock { $0 += 1 }
            if isDeferred {
                let thread = Thread("piece") { self.answer(sink) }
                threads.withLock { $0.append(thread) }
            } else {
                answer(sink)
            }
        }

        private func answer(_ sink: BodySink) {
            let (piece, isLast) = left.withLock { left in (left.isEmpty ? nil : left.removeFirst(), left.isEmpty) }
            guard let piece else { return sink.abort() }
            sink.send(piece, isLast: isLast && !aborts)
        }

        func cancel() { cancels.withLock { $0 += 1 } }

        /// Waits for the threads of its own; to be called when all is told.
        func join() {
            let begun = threads.withLock { threads in
                defer { threads = [] }
                return threads
            }
            for thread in begun { thread.join() }
        }
    }

    private static let pieces = (1...40).map { [UInt8](repeating: UInt8($0), count: $0 * 1_000) }

    private func server(_ stream: Pieces, lengthBytes: Int?) throws -> TestServer {
        var handler = TestHandler()
        handler.answer = { _, reply in
            reply.complete(Response(status: 200, body: .stream(stream, lengthBytes: lengthBytes)))
        }
        return try TestServer(handler)
    }

    @Test(arguments: [true, false], [true, false])
    func streamArrivesWhole(isChunked: Bool, isDeferred: Bool) throws {
        let whole = Self.pieces.flatMap { $0 }
        let stream = Pieces(Self.pieces, isDeferred: isDeferred)
        let server = try server(stream, lengthBytes: isChunked ? nil : whole.count)
        let client = HTTPClient(.unix(path: server.path))
        let answer = try client.send(.get, "/")
        #expect(answer.body == whole)
        #expect(answer.headers["Transfer-Encoding"] == (isChunked ? "chunked" : nil))
        #expect(answer.headers["Content-Length"] == (isChunked ? nil : String(whole.count)))
        #expect(stream.demandCount == Self.pieces.count)
        #expect(stream.cancelCount == 0)
        stream.join()
    }

    @Test func emptyPiecesAndAnEmptyEndAreNoChunks() throws {
        let server = try server(Pieces([[], [0x61], [], []]), lengthBytes: nil)
        let connection = try server.connect()
        connection.send("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
        let rest = String(decoding: try #require(connection.rest()), as: UTF8.self)
        #expect(rest.hasSuffix("\r\n\r\n1\r\na\r\n0\r\n\r\n"))
    }

    @Test(arguments: [nil, 100_000])
    func abortedStreamIsSeenAsCut(_ lengthBytes: Int?) throws {
        let stream = Pieces([[UInt8](repeating: 1, count: 50_000)], aborts: true)
        let server = try server(stream, lengthBytes: lengthBytes)
        for endpoint in [HTTPEndpoint.unix(path: server.path), .tcp(address: "127.0.0.1", port: server.port)] {
            #expect(throws: HTTPClientError.self) { try HTTPClient(endpoint).send(.get, "/") }
        }
        #expect(stream.cancelCount == 0)
    }

    @Test(arguments: [99, 101])
    func streamThatBreaksItsWordOnItsLengthIsCut(_ lengthBytes: Int) throws {
        let server = try server(Pieces([[UInt8](repeating: 1, count: 100)]), lengthBytes: lengthBytes)
        #expect(throws: HTTPClientError.self) { try HTTPClient(.unix(path: server.path)).send(.get, "/") }
    }

    @Test func headDemandsNothing() throws {
        let stream = Pieces(Self.pieces)
        let server = try server(stream, lengthBytes: nil)
        let connection = try server.connect()
        connection.send("HEAD / HTTP/1.1\r\nHost: a\r\n\r\n")
        #expect(connection.answer(toHead: true)?.head.contains("Transfer-Encoding: chunked") == true)
        #expect(stream.demandCount == 0)
        #expect(stream.cancelCount == 1)
    }

    @Test func version10GetsTheStreamUnchunkedUntilTheClose() throws {
        let server = try server(Pieces([[0x61], [0x62]]), lengthBytes: nil)
        let connection = try server.connect()
        connection.send("GET / HTTP/1.0\r\n\r\n")
        let rest = String(decoding: try #require(connection.rest()), as: UTF8.self)
        #expect(rest.hasSuffix("Connection: close\r\n\r\nab"))
    }

    @Test func slowReaderHoldsThePiecesBack() throws {
        let piece = [UInt8](repeating: 1, count: 1 << 20)
        let stream = Pieces([[UInt8]](repeating: piece, count: 64))
        let server = try server(stream, lengthBytes: nil)
        let connection = try server.connect()
        connection.send(Self.get)
        while stream.demandCount == 0 { shortPause() }
        // Another connection's answers show that the loop has had its turns; the sockets' buffers hold far less.
        for _ in 0..<20 {
            let other = try server.connectTCP()
            other.send("BAD\r\n\r\n")
            #expect(other.answer()?.status == 400)
        }
        #expect(stream.demandCount < 16)
    }

    @Test func streamOfAPeerThatIsGoneIsCancelledOnce() throws {
        let stream = Pieces([[UInt8]](repeating: [UInt8](repeating: 1, count: 1 << 20), count: 64))
        let server = try server(stream, lengthBytes: nil)
        do {
            let connection = try server.connect()
            connection.send(Self.get)
            while stream.demandCount == 0 { shortPause() }
        }
        while server.server.statistics.connectionsOpen > 0 { shortPause() }
        #expect(stream.cancelCount == 1)
    }
}
