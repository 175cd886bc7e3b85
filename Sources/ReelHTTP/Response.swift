/// An answer. The server itself writes Date, Content-Length, Transfer-Encoding and Connection; a handler must not.
package struct Response: Sendable {
    package var status: Int
    package var headers: Headers
    package var body: Body
    /// Ends the connection after this answer.
    package var closesConnection = false

    /// - Parameter status: 200–599, or 101 with a WebSocket.
    package init(status: Int, headers: Headers = Headers(), body: Body = .none) {
        let isUpgrade = if case .webSocket = body { true } else { false }
        precondition(isUpgrade ? status == 101 : (200...599).contains(status), "not a final status: \(status)")
        self.status = status
        self.headers = headers
        self.body = body
    }
}

/// The content of an answer. To HEAD, and with 204 and 304, none of it is sent.
package enum Body: Sendable {
    case none
    case bytes([UInt8])
    /// With a length it is sent under Content-Length, without one chunked (to an HTTP/1.0 peer until the close).
    case stream(any BodyStream, lengthBytes: Int?)
    /// From here on the connection is a WebSocket: the stream gives whole frames, and the server itself answers the
    /// client's. See `WebSocketHandshake`.
    case webSocket(any BodyStream)
}
