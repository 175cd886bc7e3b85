import ReelSystem

/// Who sent a request: the credentials of a Unix peer, or the address of a TCP one.
package typealias Peer = SocketPeer

/// A request's start line and header fields, validated (RFC 9112 §3 and §5).
package struct RequestHead: Sendable {
    /// How the body is delimited (RFC 9112 §6.3).
    enum Framing: Equatable, Sendable {
        case none
        case length(Int)
        case chunked
    }

    /// The octets from the method to the empty line.
    let bytes: [UInt8]
    package let method: Method
    let pathRange: Range<Int>
    let queryRange: Range<Int>?
    let fieldRange: Range<Int>
    let framing: Framing
    /// HTTP/1.0: no chunked answers, no second request.
    let isVersion10: Bool
    /// The peer wants, or its version means, that the connection ends with this answer.
    let closesConnection: Bool
    let expectsContinue: Bool

    /// The target before `?`, percent-encoded as it came.
    package var path: String { String(decoding: bytes[pathRange], as: UTF8.self) }

    /// The target behind `?`, as it came; nil without `?`.
    package var query: String? { queryRange.map { String(decoding: bytes[$0], as: UTF8.self) } }

    package var headers: Headers { Headers(wire: bytes, fieldRange) }

    /// The declared length of the body in bytes; nil when it is chunked.
    package var bodyLengthBytes: Int? {
        switch framing {
        case .none: 0
        case .length(let bytes): bytes
        case .chunked: nil
        }
    }
}

/// A whole request. It knows nothing of its connection; who has it may keep it and hand it to any thread.
package struct Request: Sendable {
    package let head: RequestHead
    package var body: [UInt8]
    package let peer: Peer
    /// The body's share of the server's memory, given back when the last copy of the request is gone.
    package let share: MemoryShare?

    package var method: Method { head.method }
    package var path: String { head.path }
    package var query: String? { head.query }
    package var headers: Headers { head.headers }

    init(head: RequestHead, body: [UInt8], peer: Peer, share: MemoryShare?) {
        self.head = head
        self.body = body
        self.peer = peer
        self.share = share
    }
}

extension Request {
    /// A request as if it had come over a connection, for calling a handler by hand.
    ///
    /// - Parameter target: the path with its query, percent-encoded.
    /// - Parameter headers: Host is added where missing, and Content-Length.
    /// - Throws: what a connection would have been refused with.
    package init(
        _ method: Method, _ target: String, headers: Headers = Headers(), body: [UInt8] = [],
        peer: Peer = .unix(userID: 0, groupIDs: [0], processID: 1)
    ) throws(HTTPRefusal) {
        var fields = headers
        if fields["Host"] == nil { fields.append("Host", "localhost") }
        if !body.isEmpty { fields.append("Content-Length", String(body.count)) }
        var bytes = Array("\(method.rawValue) \(target) HTTP/1.1\r\n".utf8)
        fields.write(to: &bytes)
        bytes.append(contentsOf: [Octet.carriageReturn, Octet.lineFeed])
        var parser = RequestParser()
        let limits = RequestParser.Limits(
            headSizeMaxBytes: bytes.count, targetSizeMaxBytes: bytes.count, fieldCountMax: bytes.count)
        switch parser.parse(bytes, 0..<bytes.count, limits: limits) {
        case .done(let head): self.init(head: head, body: body, peer: peer, share: nil)
        case .refused(let refusal): throw refusal
        case .needsMore: throw .badRequestLine
        }
    }
}
