import ReelHTTP

/// How a viewer asks to be told: by server-sent events, or by a WebSocket where the request wants one.
struct LiveOpening: Sendable {
    let encoding: LiveEncoding
    private let handshake: WebSocketHandshake?

    /// What is spoken over a WebSocket; whoever offers subprotocols must offer it.
    static let subprotocol = "reeld.live"
    /// Begins an offered subprotocol that is a token: a browser's WebSocket cannot send an Authorization field.
    static let tokenPrefix = "reeld.token."

    /// - Throws: `bad-handshake`, `unknown-websocket-version`.
    init(_ head: RequestHead) throws(Problem) {
        guard head.method == .get, WebSocketHandshake.isWanted(by: head) else {
            encoding = .eventStream
            handshake = nil
            return
        }
        encoding = .webSocket
        let handshake: WebSocketHandshake
        do throws(WebSocketHandshake.Fault) {
            handshake = try WebSocketHandshake(head)
        } catch {
            throw Problem(error)
        }
        guard handshake.protocols.isEmpty || handshake.protocols.contains(LiveOpening.subprotocol) else {
            throw Problem(
                .badHandshake, "Of the subprotocols only \(LiveOpening.subprotocol) is spoken here.",
                .field("Sec-WebSocket-Protocol"))
        }
        self.handshake = handshake
    }

    func response(_ stream: LiveStream) -> Response {
        if let handshake {
            let chosen = handshake.protocols.isEmpty ? nil : LiveOpening.subprotocol
            return handshake.response(protocol: chosen, stream)
        }
        return Response(status: 200, headers: LiveOpening.eventStreamHeaders, body: .stream(stream, lengthBytes: nil))
    }

    static var eventStreamHeaders: Headers {
        [
            "Content-Type": "text/event-stream", "Cache-Control": "no-store", "X-Content-Type-Options": "nosniff",
            // Proxies that gather answers would hold events back.
            "X-Accel-Buffering": "no",
        ]
    }

    /// The token among the offered subprotocols; nil where there is none.
    static func token(in head: RequestHead) -> String? {
        guard WebSocketHandshake.isWanted(by: head) else { return nil }
        let offered = head.headers.values("Sec-WebSocket-Protocol").flatMap { $0.split(separator: ",") }
        let token = offered.lazy.map { $0.filter { $0 != " " } }.first { $0.hasPrefix(tokenPrefix) }
        return token.map { String($0.dropFirst(tokenPrefix.count)) }
    }
}

extension Problem {
    fileprivate init(_ fault: WebSocketHandshake.Fault) {
        switch fault {
        case .notAnUpgrade:
            self.init(
                .badHandshake,
                "A WebSocket begins with GET of HTTP/1.1, without a body and with `Connection: Upgrade`.",
                .field("Connection"))
        case .version(let version):
            self.init(
                .websocketVersion, "Version 13 of WebSocket is spoken, and not '\(version.prefix(64))'.",
                .field("Sec-WebSocket-Version"))
            let field = WebSocketHandshake.versionField
            headers.append(field.name, field.value)
        case .key:
            self.init(
                .badHandshake, "Sec-WebSocket-Key must be there once, 16 bytes in base64.", .field("Sec-WebSocket-Key"))
        }
    }
}
