import Glibc
import ReelHTTP
import ReelSystem
import Testing

/// A handler made of closures.
struct TestHandler: RequestHandler {
    var bodyLimitBytes = 1 << 20
    var refusal: (@Sendable (RequestHead) -> Response?)?
    var answer: @Sendable (Request, Reply) -> Void = { request, reply in
        reply.complete(Response(status: 200, body: .bytes(Array("\(request.method.rawValue) \(request.path)".utf8))))
    }

    func admit(_ head: RequestHead, peer: Peer) -> Admission {
        if let response = refusal?(head) { return .refuse(response) }
        return .accept(bodyLimitBytes: bodyLimitBytes)
    }

    func respond(to request: Request, reply: Reply) { answer(request, reply) }
}

/// A path for a socket of this test alone.
func temporaryPath(_ ending: String) -> String {
    "/tmp/reel-\(getpid())-\(UInt64.random(in: 0...UInt64.max))\(ending)"
}

/// A server on a Unix socket of its own; drained when the last reference goes.
final class TestServer {
    let path = temporaryPath(".sock")
    let server: HTTPServer

    init(_ handler: TestHandler = TestHandler(), _ configure: (inout HTTPOptions) -> Void = { _ in }) throws {
        var options = HTTPOptions()
        configure(&options)
        server = try HTTPServer(
            listeners: [.unix(path: path), .tcp(address: "127.0.0.1", port: 0)], handler: handler, options: options)
        try server.start()
    }

    var port: UInt16 { server.boundPorts.first ?? 0 }

    func connect() throws -> RawConnection { RawConnection(try Socket.connect(unix: path, timeoutSeconds: 20)) }

    func connectTCP() throws -> RawConnection {
        RawConnection(try Socket.connect(tcp: "127.0.0.1", port: port, timeoutSeconds: 20))
    }

    deinit {
        server.drain(deadlineSeconds: 0)
        server.join()
    }
}

/// The bytes of a connection, as they are.
final class RawConnection {
    private let fd: FileDescriptor
    private var received: [UInt8] = []

    init(_ fd: consuming FileDescriptor) { self.fd = fd }

    /// Sends all, or as much as the peer takes before it closes.
    func send(_ bytes: [UInt8]) {
        var sent = 0
        while sent < bytes.count, case .moved(let count) = fd.send(bytes, skippedBytes: sent) { sent += count }
    }

    func send(_ text: String) { send(Array(text.utf8)) }

    func endSending() { fd.shutdownWriting() }

    private func receive() -> Transfer {
        var buffer = [UInt8](repeating: 0, count: 65_536)
        let transfer = fd.receive(into: &buffer)
        if case .moved(let count) = transfer { received += buffer[..<count] }
        return transfer
    }

    /// Receives one answer with a Content-Length or without a body; nil when the connection ends before.
    func answer(toHead: Bool = false) -> (status: Int, head: String, body: [UInt8])? {
        while true {
            if let end = firstRange(of: "\r\n\r\n") {
                let head = String(decoding: received[..<end], as: UTF8.self)
                let line = head.split(separator: "\r\n").first { $0.hasPrefix("Content-Length: ") }
                let length = toHead ? 0 : line.flatMap { Int($0.dropFirst(16)) } ?? 0
                if received.count >= end + length {
                    let body = Array(received[end..<end + length])
                    received.removeFirst(end + length)
                    return (Int(head.dropFirst(9).prefix(3)) ?? 0, head, body)
                }
            }
            guard case .moved = receive() else { return nil }
        }
    }

    /// All that comes until the peer closes; nil when it does not within the socket's timeout.
    func rest() -> [UInt8]? {
        while true {
            switch receive() {
            case .moved: continue
            case .ended, .failed: return received
            case .wouldBlock: return nil
            }
        }
    }

    /// How the connection ended: true for a reset.
    func endsWithReset() -> Bool {
        while true {
            switch receive() {
            case .moved: continue
            case .failed: return true
            case .ended, .wouldBlock: return false
            }
        }
    }

    private func firstRange(of text: String) -> Int? {
        let pattern = Array(text.utf8)
        guard received.count >= pattern.count else { return nil }
        for start in 0...(received.count - pattern.count)
        where received[start..<start + pattern.count].elementsEqual(pattern) {
            return start + pattern.count
        }
        return nil
    }
}

/// Small, fast, and the same everywhere for the same seed (SplitMix64).
struct SeededGenerator: RandomNumberGenerator {
    var state: UInt64
    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ mixed >> 30) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ mixed >> 27) &* 0x94D0_49BB_1331_11EB
        return mixed ^ mixed >> 31
    }
}

/// Gives other threads a moment; only ever inside a loop that waits for something to become true.
func shortPause() { usleep(2_000) }
