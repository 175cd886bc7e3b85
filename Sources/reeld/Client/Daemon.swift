import Glibc
import ReelCodec
import ReelHTTP
import ReelSystem

/// The running daemon, as the commands talk to it: HTTP over its Unix socket.
final class Daemon {
    static let socketOption = Command.Option(
        "socket", value: "PATH",
        help: "Talk to the daemon at PATH; the default is $REELD_SOCKET, then server.socket of reeld.conf")

    private let client: HTTPClient
    /// Serves while this is there, where the command line names a store rather than a daemon.
    private let local: LocalDaemon?

    /// - Parameter timeoutSeconds: without a byte moving; 0 waits for ever.
    init(_ invocation: Invocation, timeoutSeconds: UInt32 = 60) throws(CommandFailure) {
        if invocation.has(LocalStore.option), invocation.has(Self.socketOption) {
            throw .usage("--store asks no daemon; take either --store or --socket")
        }
        local = invocation.has(LocalStore.option) ? try LocalDaemon(invocation) : nil
        let path = local?.socketPath ?? Self.socketPath(invocation)
        client = HTTPClient(.unix(path: path), timeoutSeconds: timeoutSeconds)
    }

    static func socketPath(_ invocation: Invocation) -> String {
        if let path = invocation.text(socketOption) { return path }
        if let path = getenv("REELD_SOCKET"), path.pointee != 0 { return String(cString: path) }
        // A configuration that this user cannot read, or that is broken, is the daemon's trouble and not the client's.
        let configuration = (try? ConfigurationLoader.load())?.values ?? Configuration()
        return configuration.server.socket
    }

    /// Asks and reads the whole answer.
    ///
    /// - Throws: the problem the daemon answered with, or why it could not be asked.
    func ask(
        _ method: Method, _ target: Target, headers: Headers = Headers(), body: [UInt8] = []
    ) throws(CommandFailure) -> [UInt8] {
        switch try exchange(method, target, headers: headers, body: body) {
        case .success(let body): return body
        case .failure(let problem): throw problem.failure
        }
    }

    /// As `ask`, for who wants to know the problem.
    func exchange(
        _ method: Method, _ target: Target, headers: Headers = Headers(), body: [UInt8] = []
    ) throws(CommandFailure) -> Result<[UInt8], Problem> {
        do throws(HTTPClientError) {
            let response = try client.send(method, "\(target)", headers: headers, body: body)
            guard response.status >= 300 else { return .success(response.body) }
            return .failure(Problem(status: response.status, body: response.body))
        } catch {
            throw Self.failure(for: error, at: client.endpoint)
        }
    }

    /// Asks for a JSON document.
    func askJSON(_ method: Method, _ target: Target, body: [UInt8] = []) throws(CommandFailure) -> JSONValue {
        let headers: Headers = body.isEmpty ? [:] : ["Content-Type": "application/json"]
        return try Self.json(try ask(method, target, headers: headers, body: body))
    }

    static func json(_ body: [UInt8]) throws(CommandFailure) -> JSONValue {
        do throws(JSONFault) {
            return try JSONValue(parsing: body, sizeMaxBytes: 1 << 30)
        } catch {
            throw CommandFailure(.failure, "the daemon's answer is no JSON at byte \(error.offsetBytes)")
        }
    }

    /// Asks, and gives the answer's body away as it comes.
    ///
    /// - Parameters:
    ///   - onHead: gets the header fields before the first piece.
    ///   - sink: gets bytes of a successful answer only.
    /// - Throws: also when the answer broke off; what the sink got then is not the whole.
    func stream(
        _ target: Target, headers: Headers = Headers(), onHead: (Headers) -> Void = { _ in },
        to sink: (ArraySlice<UInt8>) throws(CommandFailure) -> Void
    ) throws(CommandFailure) {
        var isSuccess = false
        var refusal: [UInt8] = []
        var sinkFailure: CommandFailure?
        let response: HTTPClientResponse
        do throws(HTTPClientError) {
            response = try client.send(
                .get, "\(target)", headers: headers,
                onHead: { head in
                    isSuccess = head.status < 300
                    onHead(head.headers)
                },
                onBody: { piece in
                    guard isSuccess else {
                        refusal.append(contentsOf: piece.prefix(max(0, Self.refusalSizeMaxBytes - refusal.count)))
                        return true
                    }
                    do throws(CommandFailure) {
                        try sink(piece)
                        return true
                    } catch {
                        sinkFailure = error
                        return false
                    }
                })
        } catch {
            if case .truncated(let count) = error, let damage = local?.firstDamage {
                throw CommandFailure(
                    .failure,
                    "the answer broke off after \(count) bytes: damage at \(damage); --skip-damaged leaves it out")
            }
            throw Self.failure(for: error, at: client.endpoint)
        }
        if let sinkFailure { throw sinkFailure }
        guard isSuccess else { throw Problem(status: response.status, body: refusal).failure }
    }

    private static let refusalSizeMaxBytes = 1 << 20

    /// Why a server could not be asked, in words.
    static func failure(for error: HTTPClientError, at place: HTTPEndpoint) -> CommandFailure {
        var failure = words(for: error, at: place)
        if case .connect = error {} else { failure.isAnswerLost = true }
        return failure
    }

    private static func words(for error: HTTPClientError, at place: HTTPEndpoint) -> CommandFailure {
        switch error {
        case .connect(let cause) where cause.code == EACCES || cause.code == EPERM:
            return CommandFailure(
                .denied,
                "\(place): \(cause.reason); members of the group reeld-ingest may record there, members of reeld-view "
                    + "watch, each from their next login on")
        case .connect(let cause):
            return CommandFailure(
                .unreachable,
                "no daemon answers at \(place): \(cause.reason); start it, or name its socket with --socket")
        case .connectionLost(let cause):
            return CommandFailure(.unreachable, "\(place): the daemon went away without an answer: \(cause.reason)")
        case .timedOut: return CommandFailure(.unreachable, "\(place): the daemon does not answer")
        case .truncated(let count):
            return CommandFailure(
                .failure, "the answer broke off after \(count) bytes and is not whole; the daemon's journal says why")
        case .malformedAnswer(let reason):
            return CommandFailure(.failure, "\(place): what answers there is no reeld: \(reason)")
        case .bodyTooLarge(let limit): return CommandFailure(.failure, "the answer is larger than \(limit) bytes")
        }
    }
}
