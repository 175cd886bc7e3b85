import Glibc
import ReelCodec
import ReelHTTP
import ReelStore
import ReelSystem
import StoreFixtures
import Testing

@testable import ReelServer

/// A clock that a test sets.
final class FakeClock: Clock, Sendable {
    private let times = Monitor<(wall: Int64, uptime: Int64)>((1_800_000_000_000_000, 1_000_000_000))

    var wallMicroseconds: Int64 { times.withLock { $0.wall } }
    var isSynchronised: Bool { true }
    var uptimeMicroseconds: Int64 { times.withLock { $0.uptime } }

    func advance(seconds: Int64) {
        times.withLock {
            $0.wall += seconds * 1_000_000
            $0.uptime += seconds * 1_000_000
        }
    }
}

/// A directory that goes with the test.
final class TemporaryDirectory {
    let path: String

    init() throws {
        // Not $TMPDIR: a Unix socket's path has room for 107 bytes.
        var template = Array("/tmp/reel-server-XXXXXX".utf8CString)
        try #require(mkdtemp(&template) != nil)
        path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    deinit { TemporaryDirectory.remove(path) }

    private static func remove(_ path: String) {
        if SmallFile.isDirectory(path) {
            for name in (try? SmallFile.names(in: path)) ?? [] { remove("\(path)/\(name)") }
            rmdir(path)
        } else {
            unlink(path)
        }
    }
}

/// A whole server on a store of its own, listening on a Unix socket and a free TCP port.
final class TestServer {
    static let token = "the-token-of-the-token-file"

    let directory: TemporaryDirectory
    let store: Store
    let server: ReelServer
    /// What the server told the journal.
    let events: Monitor<[ServerEvent]>
    private let client: HTTPClient

    init(
        _ directory: TemporaryDirectory? = nil, clock: any Clock = SystemClock(),
        fileSystem: any FileSystem = HostFileSystem(), encryption: StoreEncryption = .test,
        store change: (inout StoreOptions) -> Void = { _ in },
        server configure: (inout ServerOptions) -> Void = { _ in }
    ) throws {
        let directory = try directory ?? TemporaryDirectory()
        var storeOptions = StoreOptions()
        storeOptions.compaction.isAutomatic = false
        change(&storeOptions)
        let store = try Store.open(
            "\(directory.path)/store", encryption, options: storeOptions, fileSystem: fileSystem, clock: clock)
        var options = ServerOptions()
        options.token = TestServer.token
        configure(&options)
        let events = Monitor<[ServerEvent]>([])
        let socket = "\(directory.path)/socket"
        let server = try ReelServer(
            store: store, listeners: [.unix(path: socket), .tcp(address: "127.0.0.1", port: 0)], options: options,
            clock: clock, note: { event in events.withLock { $0.append(event) } })
        try server.start()
        self.directory = directory
        self.store = store
        self.server = server
        self.events = events
        client = HTTPClient(.unix(path: socket), timeoutSeconds: 30)
    }

    deinit {
        server.drain(deadlineSeconds: 0)
        server.join()
        store.close()
    }

    /// What answers, without a connection.
    var handler: any RequestHandler { server.handler }
    var socket: HTTPEndpoint { .unix(path: "\(directory.path)/socket") }
    var tcp: HTTPEndpoint { .tcp(address: "127.0.0.1", port: server.boundPorts.first ?? 0) }

    func send(
        _ method: Method, _ target: String, _ body: [UInt8] = [], headers: Headers = Headers()
    ) throws -> Answer {
        Answer(try client.send(method, target, headers: headers, body: body))
    }

    func send(_ method: Method, _ target: String, _ body: String, headers: Headers = Headers()) throws -> Answer {
        try send(method, target, Array(body.utf8), headers: headers)
    }

    func get(_ target: String, headers: Headers = Headers()) throws -> Answer {
        try send(.get, target, headers: headers)
    }

    /// Starts a recording and returns what its start answered.
    @discardableResult
    func start(_ metadata: String = "{}") throws -> Answer {
        let answer = try send(.post, "/v1/recordings", metadata)
        #expect(answer.status == 201)
        return answer
    }

    /// Appends a batch as JSON to recording 1, or the one named.
    func append(
        _ events: [String], to recording: String = "1", writer: String? = nil, batch: UInt64? = nil
    ) throws -> Answer {
        var headers = Headers()
        if let writer { headers.append("Reeld-Writer", writer) }
        if let batch { headers.append("Reeld-Batch", "\(batch)") }
        let body = "[" + events.joined(separator: ",") + "]"
        return try send(.post, "/v1/recordings/\(recording)/events", body, headers: headers)
    }

    /// What a refused request must leave as it was.
    var state: [UInt64] {
        let statistics = store.statistics
        return [statistics.recordingCount, statistics.lastLSN, statistics.logSizeBytes]
    }
}

/// An answer with its parts at hand.
struct Answer {
    let status: Int
    let headers: Headers
    let body: [UInt8]

    init(_ response: HTTPClientResponse) {
        status = response.status
        headers = response.headers
        body = response.body
    }

    var text: String { String(decoding: body, as: UTF8.self) }

    /// The body as JSON; null where it is none.
    var json: JSONValue { (try? JSONValue(parsing: body, sizeMaxBytes: 1 << 28)) ?? .null }

    /// The problem's name, where it is one.
    var problem: String? {
        guard headers["Content-Type"] == "application/problem+json" else { return nil }
        return json["type"]?.string.map { String($0.dropFirst(ProblemType.prefix.count)) }
    }
}

/// An event that is told from others by its number.
func event(_ number: Int, type: Int = 3, padding: Int = 0) -> String {
    let data = #"{"source":1,"n":\#(number),"x":"\#(String(repeating: "x", count: padding))"}"#
    return #"{"type":\#(type),"timestamp":\#(1_700_000_000_000 + number),"data":\#(data)}"#
}

func events(_ range: Range<Int>) -> [String] { range.map { event($0) } }
