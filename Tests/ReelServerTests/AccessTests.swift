import ReelCodec
import ReelHTTP
import ReelSystem
import Testing

@testable import ReelServer

/// API.md's table of who may do what.
struct AccessTests {
    struct Attempt: Sendable, CustomTestStringConvertible {
        var testDescription: String
        var isTCP: Bool
        var method: Method
        var target: String
        var host: String?
        var origin: String?
        /// The bearer token; `own` and `other` stand for recording 1's and 2's write token.
        var token: String?
        var status: Int
        var problem: String?

        init(
            _ description: String, tcp isTCP: Bool = true, _ method: Method, _ target: String, host: String? = nil,
            origin: String? = nil, token: String? = nil, gets status: Int, _ problem: String? = nil
        ) {
            testDescription = description
            self.isTCP = isTCP
            self.method = method
            self.target = target
            self.host = host
            self.origin = origin
            self.token = token
            self.status = status
            self.problem = problem
        }
    }

    private static let right = TestServer.token
    private static let batch = "/v1/recordings/1/events"

    static let attempts: [Attempt] = [
        Attempt("anybody: health", .get, "/healthz", gets: 200),
        Attempt("anybody: readiness", .get, "/readyz", gets: 200),
        Attempt("anybody: the page", .get, "/", gets: 200),
        Attempt("anybody: the player", .get, "/recordings/1?t=3", gets: 200),
        Attempt("anybody: its files", .get, "/assets/list.js", gets: 200),
        Attempt("a rebound host: the page", .get, "/", host: "evil.example", gets: 421, "wrong-host"),
        Attempt("nobody: list", .get, "/v1/recordings", gets: 401, "missing-token"),
        Attempt("nobody: metrics", .get, "/metrics", gets: 401, "missing-token"),
        Attempt("nobody: store", .get, "/v1/store", gets: 401, "missing-token"),
        Attempt("nobody: start", .post, "/v1/recordings", gets: 401, "missing-token"),
        Attempt("nobody: events", .get, batch, gets: 401, "missing-token"),
        Attempt("nobody: player", .get, "/api/events?activity_id=1", gets: 401, "missing-token"),
        Attempt("nobody: append", .post, batch, gets: 401, "missing-token"),
        Attempt("nobody: end", .post, "/v1/recordings/1/end", gets: 401, "missing-token"),
        Attempt("wrong token: list", .get, "/v1/recordings", token: "guess", gets: 401, "wrong-token"),
        Attempt("token: list", .get, "/v1/recordings", token: right, gets: 200),
        Attempt("token: metrics", .get, "/metrics", token: right, gets: 200),
        Attempt("token: start", .post, "/v1/recordings", token: right, gets: 201),
        Attempt("token: append", .post, batch, token: right, gets: 201),
        Attempt("write token: append", .post, batch, token: "own", gets: 201),
        Attempt("write token as parameter: append", .post, batch + "?token=own", gets: 201),
        Attempt("write token: end", .post, "/v1/recordings/1/end", token: "own", gets: 200),
        Attempt("write token: read", .get, batch, token: "own", gets: 401, "wrong-token"),
        Attempt("write token: erase", .delete, "/v1/recordings/1", token: "own", gets: 401, "wrong-token"),
        Attempt("write token: change", .patch, "/v1/recordings/1", token: "own", gets: 401, "wrong-token"),
        Attempt("another's write token: append", .post, batch, token: "other", gets: 403, "wrong-write-token"),
        Attempt("no write token at all: append", .post, batch, token: "rw_", gets: 403, "wrong-write-token"),
        Attempt(
            "another's write token: end", .post, "/v1/recordings/1/end", token: "other", gets: 403, "wrong-write-token"),
        Attempt("token as parameter: list", .get, "/v1/recordings?token=\(right)", gets: 401, "missing-token"),
        Attempt("host by name", .get, "/v1/recordings", host: "localhost:7335", token: right, gets: 200),
        Attempt("host in capitals", .get, "/v1/recordings", host: "LOCALHOST", token: right, gets: 200),
        Attempt("host by IPv6", .get, "/v1/recordings", host: "[::1]:7335", token: right, gets: 200),
        Attempt("a rebound host", .get, "/v1/recordings", host: "evil.example", token: right, gets: 421, "wrong-host"),
        Attempt("a rebound host: health", .get, "/healthz", host: "127.0.0.1.evil.example", gets: 421, "wrong-host"),
        Attempt(
            "own origin", .get, "/v1/recordings", host: "localhost:7335", origin: "http://localhost:7335", token: right,
            gets: 200),
        Attempt(
            "a foreign origin", .get, "/v1/recordings", origin: "https://evil.example", token: right, gets: 403,
            "foreign-origin"),
        Attempt("no origin's page", .post, batch, origin: "null", token: "own", gets: 403, "foreign-origin"),
        Attempt(
            "own origin, another port", .get, "/v1/recordings", host: "localhost:7335", origin: "http://localhost:1",
            token: right, gets: 403, "foreign-origin"),
        Attempt("socket: list", tcp: false, .get, "/v1/recordings", gets: 200),
        Attempt("socket: any host", tcp: false, .get, "/v1/recordings", host: "reeld", gets: 200),
        Attempt("socket: append", tcp: false, .post, batch, gets: 201),
        Attempt("socket, write token: append", tcp: false, .post, batch, token: "own", gets: 201),
        Attempt(
            "socket, wrong write token: append", tcp: false, .post, batch, token: "other", gets: 403,
            "wrong-write-token"),
        Attempt(
            "socket, wrong write token: end", tcp: false, .post, "/v1/recordings/1/end?token=rw_x", gets: 403,
            "wrong-write-token"),
        Attempt("socket, token: append", tcp: false, .post, batch, token: right, gets: 201),
    ]

    @Test(arguments: attempts)
    func onlyWhoMayGetsIn(attempt: Attempt) throws {
        let server = try TestServer()
        let own = try #require(server.start().json["token"]?.string)
        let other = try #require(server.start().json["token"]?.string)
        func filled(_ token: String) -> String { token == "own" ? own : token == "other" ? other : token }
        var headers = Headers()
        if let token = attempt.token { headers.append("Authorization", "Bearer \(filled(token))") }
        if let origin = attempt.origin { headers.append("Origin", origin) }
        let target = attempt.target.replacing("token=own", with: "token=\(own)")
        let before = server.state
        let body = attempt.target.contains("/events") && attempt.method == .post ? "[\(event(0))]" : ""
        let answer = try RawClient.send(
            attempt.method, target, host: attempt.host, headers: headers, body: body,
            to: attempt.isTCP ? server.tcp : server.socket)
        #expect(answer.status == attempt.status, "\(answer.text)")
        if let problem = attempt.problem {
            #expect(answer.text.contains("\"\(ProblemType.prefix)\(problem)\""), "\(answer.text)")
            #expect(server.state == before)
        }
        if attempt.status == 401 { #expect(answer.text.contains("WWW-Authenticate: Bearer")) }
    }

    @Test func aServerWithoutATokenLetsNobodyReadOverTCP() throws {
        let server = try TestServer(server: { $0.token = nil })
        for token in ["", "x"] {
            let headers: Headers = ["Authorization": "Bearer \(token)"]
            let answer = try RawClient.send(.get, "/v1/recordings", headers: headers, to: server.tcp)
            #expect(answer.status == 401)
        }
    }

    @Test func peersOfOtherMachinesAreRefused() throws {
        let access = Access(token: "t", socket: .ownerOnly)
        let request = try Request(.get, "/healthz", headers: ["Host": "localhost"])
        let cases: [(address: String, isOwn: Bool)] = [
            ("127.0.0.1", true), ("127.8.9.1", true), ("::1", true), ("192.0.2.1", false), ("2001:db8::1", false),
        ]
        for (address, isOwn) in cases {
            let verdict = Result {
                try access.judge(request.head, .healthz, peer: .tcp(address: address, port: 1))
            }
            #expect((try? verdict.get()) == (isOwn ? .everything : nil), "\(address)")
        }
    }
}

/// What the Unix socket's peers may do: API.md's table of roles.
struct SocketAccessTests {
    private static let recorders: UInt32 = 4_001
    private static let viewers: UInt32 = 4_002
    private static let socket = SocketAccess(
        recordGroup: .init("reeld-ingest", id: recorders), viewGroup: .init("reeld-view", id: viewers))
    private static let access = Access(token: "t", socket: socket)

    enum Deed: String, CaseIterable {
        case record, append, view, administer, look
    }

    static let asks: [(Deed, Method, String)] = [
        (.record, .post, "/v1/recordings"), (.append, .post, "/v1/recordings/1/events"),
        (.append, .post, "/v1/recordings/1/end"), (.view, .get, "/v1/recordings"), (.view, .get, "/v1/recordings/1"),
        (.view, .head, "/v1/recordings/1"), (.view, .patch, "/v1/recordings/1"),
        (.view, .get, "/v1/recordings/1/events"), (.view, .head, "/v1/recordings/1/events"),
        (.view, .get, "/v1/recordings/1/chunks"), (.view, .get, "/v1/recordings/1/chunks/0"),
        (.view, .get, "/api/events?activity_id=1"), (.administer, .delete, "/v1/recordings/1"),
        (.administer, .post, "/v1/erase"), (.administer, .post, "/v1/store/compact"),
        (.administer, .post, "/v1/store/snapshot"), (.look, .get, "/v1/store"), (.look, .get, "/metrics"),
        (.look, .get, "/healthz"), (.look, .get, "/readyz"), (.look, .get, "/"),
    ]

    static let peers: [(String, user: UInt32, groups: [UInt32], may: [Deed])] = [
        ("root", 0, [0], Deed.allCases),
        ("the daemon's user", UserName.currentID, [7], Deed.allCases),
        ("an agent", 9_001, [9_001, recorders], [.record, .look]),
        ("a viewer", 9_001, [viewers], [.view, .look]),
        ("both", 9_001, [5, recorders, viewers], [.record, .view, .look]),
        ("a stranger", 9_001, [9_001, 0, 27], []),
        ("somebody without groups", 9_001, [], []),
    ]

    @Test(arguments: peers.indices) func aPeerMayWhatItsGroupsMay(index: Int) throws {
        let (name, user, groups, may) = Self.peers[index]
        for (deed, method, target) in Self.asks {
            let head = try Request(method, target, headers: ["Host": "localhost"]).head
            let verdict = Result { () throws(Problem) in
                try Self.access.judge(
                    head, try Route(path: head.path), peer: .unix(userID: user, groupIDs: groups, processID: 1))
            }
            switch verdict {
            case .success(let grant):
                #expect(may.contains(deed), "\(name): \(method) \(target)")
                #expect(grant.mayView == may.contains(.view))
            case .failure(let problem):
                #expect(!may.contains(deed), "\(name): \(method) \(target)")
                if deed == .append, may.contains(.record) {
                    #expect(problem.type == .missingToken)
                } else {
                    #expect(problem.type == .missingRole && problem.detail.contains("\(user)"))
                }
            }
        }
    }

    @Test func aGroupThatIsNotThereHasNoMembers() throws {
        let access = Access(token: nil, socket: .ownerOnly)
        let head = try Request(.get, "/v1/recordings", headers: ["Host": "localhost"]).head
        #expect(throws: Problem.self) {
            try access.judge(head, .recordings, peer: .unix(userID: 9_001, groupIDs: [9_001, 0], processID: 1))
        }
    }

    /// Whoever the peer is: a proxy in the record group passes on what strangers send.
    @Test func aWriteTokenOpensItsRecordingAndANumberNone() throws {
        let headers: Headers = ["Host": "localhost", "Authorization": "Bearer rw_x"]
        let head = try Request(.post, "/v1/recordings/1/events", headers: headers).head
        for groups in [[], [Self.recorders], [Self.viewers]] {
            let peer = Peer.unix(userID: 9_001, groupIDs: groups, processID: 1)
            #expect(try Self.access.judge(head, .events(.number(1)), peer: peer) == .writeToken("rw_x"))
        }
    }

    @Test func noRoleStartsAPinnedRecording() throws {
        let server = try TestServer(server: { $0.socketAccess = Self.socket })
        let headers: Headers = ["Content-Type": "application/json"]
        for (userID, groups, status) in [
            (9_001, [Self.recorders], 403), (9_001, [Self.recorders, Self.viewers], 403), (0, [], 201),
        ] as [(UInt32, [UInt32], Int)] {
            let answer = Monitor<Response?>(nil)
            let request = try Request(
                .post, "/v1/recordings", headers: headers, body: Array(#"{"pinned": true}"#.utf8),
                peer: .unix(userID: userID, groupIDs: groups, processID: 1))
            server.handler.respond(to: request, reply: Reply { response in answer.broadcast { $0 = response } })
            #expect(answer.wait { $0 }?.status == status)
        }
        #expect(server.store.statistics.recordingCount == 1)
    }

    @Test func whoMayNotReadIsToldLittleOfWhatItEnds() throws {
        let server = try TestServer()
        let token = try #require(server.start(#"{"user": "zoe", "notes": "secret"}"#).json["token"]?.string)
        let headers: Headers = ["Authorization": "Bearer \(token)"]
        let answer = try RawClient.send(.post, "/v1/recordings/1/end", headers: headers, to: server.tcp)
        #expect(answer.status == 200)
        #expect(answer.text.contains(#""status":"ended""#) && answer.text.contains(#""events":0"#))
        #expect(!answer.text.contains("zoe") && !answer.text.contains("secret"))
        #expect(try server.send(.post, "/v1/recordings/1/end", "").text.contains("zoe"))
    }
}

/// A request with a Host of its own, which `HTTPClient` does not let a caller choose.
enum RawClient {
    static func send(
        _ method: Method, _ target: String, host: String? = nil, headers: Headers = Headers(), body: String = "",
        to endpoint: HTTPEndpoint
    ) throws -> (status: Int, text: String) {
        let fd: FileDescriptor
        switch endpoint {
        case .unix(let path): fd = try Socket.connect(unix: path, timeoutSeconds: 30)
        case .tcp(let address, let port): fd = try Socket.connect(tcp: address, port: port, timeoutSeconds: 30)
        }
        var text = "\(method.rawValue) \(target) HTTP/1.1\r\nHost: \(host ?? endpoint.description)\r\n"
        if case .unix = endpoint, host == nil {
            text = "\(method.rawValue) \(target) HTTP/1.1\r\nHost: localhost\r\n"
        }
        for field in headers.all { text += "\(field.name): \(field.value)\r\n" }
        text += "Connection: close\r\nContent-Length: \(body.utf8.count)\r\n\r\n\(body)"
        let bytes = Array(text.utf8)
        var sent = 0
        while sent < bytes.count, case .moved(let count) = fd.send(bytes, skippedBytes: sent) { sent += count }
        var received: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 64 << 10)
        while case .moved(let count) = fd.receive(into: &buffer) { received += buffer[..<count] }
        let answer = String(decoding: received, as: UTF8.self)
        return (Int(answer.dropFirst(9).prefix(3)) ?? 0, answer)
    }
}
