import ReelHTTP
import ReelSystem

@testable import reeld

/// An HTTP server on a Unix socket of its own that answers from a script and remembers what it was asked.
final class StubDaemon: Sendable {
    struct Answer: Sendable {
        var status = 200
        var body = ""
        /// Sent without a length's worth of bytes: the connection is cut in the middle.
        var isTruncated = false
    }

    struct Asked: Sendable, Equatable {
        var line: String
        var body: String
        var batch: String?
        var encoding: String?
    }

    private struct Handler: RequestHandler {
        let asked: Monitor<[Asked]>
        let answer: @Sendable (Asked, Int) -> Answer

        func admit(_ head: RequestHead, peer: Peer) -> Admission { .accept(bodyLimitBytes: 64 << 20) }

        func respond(to request: Request, reply: Reply) {
            let target = request.path + (request.query.map { "?\($0)" } ?? "")
            let asked = Asked(
                line: "\(request.method.rawValue) \(target)", body: String(decoding: request.body, as: UTF8.self),
                batch: request.headers["Reeld-Batch"], encoding: request.headers["Accept-Encoding"])
            let index = self.asked.withLock { list in
                list.append(asked)
                return list.count - 1
            }
            let answer = answer(asked, index)
            let bytes = Array(answer.body.utf8)
            guard answer.isTruncated else {
                reply.complete(Response(status: answer.status, body: .bytes(bytes)))
                return
            }
            reply.complete(
                Response(status: answer.status, body: .stream(CutStream(bytes), lengthBytes: bytes.count + 100)))
        }
    }

    private let directory: TemporaryDirectory
    private let server: HTTPServer
    private let handler: Handler
    let socket: String

    /// - Parameter answer: gets what is asked and how many requests came before.
    init(_ answer: @escaping @Sendable (Asked, Int) -> Answer) throws {
        directory = try TemporaryDirectory()
        socket = "\(directory.path)/reeld.sock"
        handler = Handler(asked: Monitor([]), answer: answer)
        server = try HTTPServer(listeners: [.unix(path: socket)], handler: handler)
        try server.start()
    }

    /// One answer for everything.
    convenience init(_ body: String, status: Int = 200) throws {
        try self.init { _, _ in Answer(status: status, body: body) }
    }

    deinit {
        server.drain(deadlineSeconds: 0)
        server.join()
    }

    var asked: [Asked] { handler.asked.withLock { $0 } }
    var lines: [String] { asked.map(\.line) }

    /// Runs a command against this daemon: its exit code, and what it printed or complained of.
    func run(_ words: String...) -> (code: ExitCode, output: String, told: String) {
        var printed: [UInt8] = []
        var told = ""
        let words = words + ["--socket", socket]
        let code = CommandTable.run(words, output: Output { printed += $0 }, tell: { told += $0 })
        return (code, String(decoding: printed, as: UTF8.self), told)
    }
}

/// Gives its bytes and then gives up, as the daemon does at damage.
private final class CutStream: BodyStream {
    private let bytes: Monitor<[UInt8]?>

    init(_ bytes: [UInt8]) { self.bytes = Monitor(bytes) }

    func demand(_ sink: BodySink) {
        let next = bytes.withLock { bytes in
            defer { bytes = nil }
            return bytes
        }
        if let next { sink.send(next, isLast: false) } else { sink.abort() }
    }

    func cancel() {}
}
