import Glibc
import ReelSystem

/// Where a client finds a server.
package enum HTTPEndpoint: Sendable, Equatable, CustomStringConvertible {
    case unix(path: String)
    /// A numeric address.
    case tcp(address: String, port: UInt16)

    package var description: String {
        switch self {
        case .unix(let path): path
        case .tcp(let address, let port):
            address.utf8.contains(Octet.colon) ? "[\(address)]:\(port)" : "\(address):\(port)"
        }
    }

    fileprivate var host: String {
        switch self {
        case .unix: "localhost"
        case .tcp: description
        }
    }
}

/// Why a request has no whole answer.
package enum HTTPClientError: Error, Equatable, Sendable {
    /// Nobody answers there, or we may not connect.
    case connect(SystemError)
    /// The connection broke before any of the answer came; whether the request was carried out is not known.
    case connectionLost(SystemError)
    /// No byte moved for the client's timeout.
    case timedOut
    /// The answer ended too early, after so many bytes of its body: what came must not be taken for the whole.
    case truncated(receivedBytes: Int)
    case malformedAnswer(String)
    /// The collected body passed the limit given.
    case bodyTooLarge(limitBytes: Int)
}

/// An answer as the client got it.
package struct HTTPClientResponse: Sendable {
    package var status: Int
    package var headers: Headers
    /// Empty when the body went to a closure.
    package var body: [UInt8]
}

/// A blocking HTTP/1.1 client of one server, for one thread: one request at a time over one kept connection.
///
/// One system call sends a request. A kept connection that the server has closed is replaced before it is used; an
/// idempotent request that a kept connection lost unanswered is sent once more.
package final class HTTPClient {
    package let endpoint: HTTPEndpoint
    private let timeoutSeconds: UInt32
    private var connection: FileDescriptor?
    private var outgoing: [UInt8] = []
    private var buffer = [UInt8](repeating: 0, count: 256 << 10)
    /// What of `buffer` is received and not yet read.
    private var filled = 0..<0

    /// - Parameter timeoutSeconds: for connecting, and without a byte moving; 0 waits for ever.
    package init(_ endpoint: HTTPEndpoint, timeoutSeconds: UInt32 = 60) {
        self.endpoint = endpoint
        self.timeoutSeconds = timeoutSeconds
    }

    /// Drops the kept connection.
    package func close() { connection = nil }

    /// Sends a request and collects its answer.
    ///
    /// - Parameter target: path and query, percent-encoded.
    /// - Parameter headers: without Host and Content-Length, which are written for it.
    package func send(
        _ method: Method, _ target: String, headers: Headers = Headers(), body: [UInt8] = [],
        bodyLimitBytes: Int = 1 << 30
    ) throws(HTTPClientError) -> HTTPClientResponse {
        var collected: [UInt8] = []
        var isWhole = true
        var response = try send(method, target, headers: headers, body: body) { piece in
            isWhole = collected.count + piece.count <= bodyLimitBytes
            if isWhole { collected.append(contentsOf: piece) }
            return isWhole
        }
        guard isWhole else { throw .bodyTooLarge(limitBytes: bodyLimitBytes) }
        response.body = collected
        return response
    }

    /// Sends a request and gives the body of its answer away piece by piece.
    ///
    /// - Parameter onHead: gets the answer without its body, before any of the body: only a success is what was asked for.
    /// - Parameter onBody: returns whether it wants more; if not, the connection is dropped and this returns.
    /// - Throws: `.truncated` after pieces were given away already; the caller must undo what it made of them.
    package func send(
        _ method: Method, _ target: String, headers: Headers = Headers(), body: [UInt8] = [],
        onHead: (HTTPClientResponse) -> Void = { _ in }, onBody: (ArraySlice<UInt8>) -> Bool
    ) throws(HTTPClientError) -> HTTPClientResponse {
        compose(method, target, headers, bodySizeBytes: body.count)
        // Input on a kept connection is its end, or what nobody asked for.
        if connection?.hasInput == true { close() }
        let isKept = connection != nil
        let head: ResponseParser.Head
        do {
            head = try exchange(body)
        } catch {
            close()
            guard isKept, method.isIdempotent, case .connectionLost = error else { throw error }
            do {
                head = try exchange(body)
            } catch {
                close()
                throw error
            }
        }
        let response = HTTPClientResponse(status: head.status, headers: head.headers, body: [])
        onHead(response)
        do {
            let isFinished = try receiveBody(of: head, isBodiless: method == .head, onBody)
            if !isFinished || head.closesConnection { close() }
        } catch {
            close()
            throw error
        }
        return response
    }

    private func compose(_ method: Method, _ target: String, _ headers: Headers, bodySizeBytes: Int) {
        outgoing.removeAll(keepingCapacity: true)
        outgoing.append(contentsOf: method.rawValue.utf8)
        outgoing.append(Octet.space)
        outgoing.append(contentsOf: target.utf8)
        outgoing.append(contentsOf: " HTTP/1.1\r\nHost: ".utf8)
        outgoing.append(contentsOf: endpoint.host.utf8)
        outgoing.append(contentsOf: "\r\n".utf8)
        headers.write(to: &outgoing)
        if bodySizeBytes > 0 || method == .post || method == .put || method == .patch {
            outgoing.append(contentsOf: "Content-Length: ".utf8)
            ResponseHead.appendDecimal(bodySizeBytes, to: &outgoing)
            outgoing.append(contentsOf: "\r\n".utf8)
        }
        outgoing.append(contentsOf: "\r\n".utf8)
    }

    /// Sends what `compose` made, and receives the head of the final answer.
    private func exchange(_ body: [UInt8]) throws(HTTPClientError) -> ResponseParser.Head {
        if connection == nil {
            do {
                connection =
                    switch endpoint {
                    case .unix(let path): try Socket.connect(unix: path, timeoutSeconds: timeoutSeconds)
                    case .tcp(let address, let port):
                        try Socket.connect(tcp: address, port: port, timeoutSeconds: timeoutSeconds)
                    }
            } catch {
                throw .connect(error)
            }
            filled = 0..<0
        }
        try sendAll(body)
        while true {
            let head = try receiveHead()
            filled = filled.lowerBound + head.sizeBytes..<filled.upperBound
            // 1xx only announces the answer.
            if head.status >= 200 { return head }
        }
    }

    private func sendAll(_ body: [UInt8]) throws(HTTPClientError) {
        var sentBytes = 0
        while sentBytes < outgoing.count + body.count {
            switch connection?.send(outgoing, body, skippedBytes: sentBytes) {
            case .moved(let count): sentBytes += count
            case .wouldBlock: throw .timedOut
            // A server that refuses a body may close its ear before all is sent; its answer says more than the error.
            case .failed, .ended, nil: return
            }
        }
    }

    private func receiveHead() throws(HTTPClientError) -> ResponseParser.Head {
        var parser = ResponseParser()
        while true {
            do {
                if let head = try parser.parse(buffer, filled) { return head }
            } catch {
                throw .malformedAnswer(error.reason)
            }
            let hadNone = filled.isEmpty
            if case .over(let code) = try receiveMore() {
                guard hadNone else { throw .truncated(receivedBytes: 0) }
                throw .connectionLost(SystemError(code ?? ECONNRESET, "recv", endpoint.description))
            }
        }
    }

    private enum Received {
        case more
        /// No more will come: an orderly end, or an errno.
        case over(Int32?)
    }

    /// Receives behind what is there.
    private func receiveMore() throws(HTTPClientError) -> Received {
        if filled.isEmpty {
            filled = 0..<0
        } else if filled.upperBound == buffer.count {
            // A head is smaller than the buffer, so there is room once its beginning is at the front.
            buffer.replaceSubrange(0..<filled.count, with: Array(buffer[filled]))
            filled = 0..<filled.count
        }
        switch connection?.receive(into: &buffer, from: filled.upperBound) {
        case .moved(let count):
            filled = filled.lowerBound..<filled.upperBound + count
            return .more
        case .wouldBlock: throw .timedOut
        case .failed(let code): return .over(code)
        case .ended, nil: return .over(nil)
        }
    }

    /// Returns false when `onBody` wanted no more.
    private func receiveBody(
        of head: ResponseParser.Head, isBodiless: Bool, _ onBody: (ArraySlice<UInt8>) -> Bool
    ) throws(HTTPClientError) -> Bool {
        if isBodiless || head.status == 204 || head.status == 304 { return true }
        if head.isChunked { return try receiveChunks(onBody) }
        var receivedBytes = 0
        while head.lengthBytes.map({ receivedBytes < $0 }) ?? true {
            if filled.isEmpty, case .over(let code) = try receiveMore() {
                // Without a length an orderly end of the connection is the end of the body.
                guard head.lengthBytes == nil, code == nil else { throw .truncated(receivedBytes: receivedBytes) }
                return false
            }
            let count = min(filled.count, (head.lengthBytes ?? .max) - receivedBytes)
            let piece = filled.lowerBound..<filled.lowerBound + count
            receivedBytes += count
            filled = piece.upperBound..<filled.upperBound
            guard onBody(buffer[piece]) else { return false }
        }
        return true
    }

    private func receiveChunks(_ onBody: (ArraySlice<UInt8>) -> Bool) throws(HTTPClientError) -> Bool {
        var decoder = ChunkDecoder()
        var decoded: [UInt8] = []
        var receivedBytes = 0
        while true {
            if filled.isEmpty, case .over = try receiveMore() { throw .truncated(receivedBytes: receivedBytes) }
            let isEnded: Bool
            do {
                isEnded = try decoder.decode(buffer, &filled, limitBytes: .max, into: &decoded)
            } catch {
                throw .malformedAnswer(error.detail)
            }
            receivedBytes += decoded.count
            if !decoded.isEmpty, !onBody(decoded[...]) { return false }
            if isEnded { return true }
            decoded.removeAll(keepingCapacity: true)
        }
    }
}
