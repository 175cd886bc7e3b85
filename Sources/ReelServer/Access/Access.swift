import ReelCodec
import ReelHTTP

/// Who may do what: API.md's table. The Unix socket is judged by the peer's user and groups, TCP by tokens.
struct Access: Sendable {
    /// The token that TCP clients read with; nil where there is none, and then nobody reads over TCP.
    private let token: [UInt8]?
    private let socket: SocketAccess

    init(token: String?, socket: SocketAccess) {
        self.token = token.map { Array($0.utf8) }
        self.socket = socket
    }

    /// What a request proved by its head.
    enum Grant: Sendable, Equatable {
        case everything
        /// One or more of the roles, but not all.
        case roles(Role)
        /// A token that must be the recording's own.
        case writeToken(String)

        /// Whether its holder may see what was recorded.
        var mayView: Bool {
            switch self {
            case .everything: true
            case .roles(let roles): roles.contains(.view)
            case .writeToken: false
            }
        }
    }

    /// - Throws: `foreign-peer`, `wrong-host`, `foreign-origin`, `missing-role`, `missing-token`, `wrong-token`.
    func judge(_ head: RequestHead, _ route: Route, peer: Peer) throws(Problem) -> Grant {
        let isWrite = route.takesWriteToken(head.method)
        if case .tcp(let address, _) = peer {
            try judge(head, address: address)
            if route.isOpen { return .everything }
        }
        let presented = try presentedToken(head, isWrite: isWrite)
        if let presented, let token, KeyedDigest.areEqual(Array(presented.utf8), token) { return .everything }
        switch (peer, presented) {
        case (_, let presented?) where isWrite: return .writeToken(presented)
        case (.unix(let userID, let groupIDs, _), _):
            let roles = socket.roles(userID: userID, groupIDs: groupIDs)
            let wanted = route.roles(head.method)
            guard !roles.isDisjoint(with: wanted) else { throw socket.refusal(of: wanted, userID: userID) }
            guard roles != .all else { return .everything }
            // A number is no authority: a proxy in the record group passes on what strangers send.
            if isWrite { throw Problem.missingToken(isWrite: true) }
            return .roles(roles)
        case (.tcp, nil): throw Problem.missingToken(isWrite: isWrite)
        case (.tcp, _): throw Problem.wrongToken
        }
    }

    /// What a web page of another origin, or another machine, must not get through.
    private func judge(_ head: RequestHead, address: String) throws(Problem) {
        guard Access.isLoopback(address) else {
            throw Problem(.foreignPeer, "Only this machine is served over TCP, and \(address) is another one.")
        }
        let host = head.headers["Host"] ?? ""
        guard Access.isOwn(host: host) else {
            throw Problem(.wrongHost, "Over TCP the Host is 127.0.0.1, localhost or [::1], and not '\(host)'.")
        }
        for origin in head.headers.values("Origin") where origin.lowercased() != "http://\(host.lowercased())" {
            throw Problem(.foreignOrigin, "The page's origin '\(origin)' is not this daemon's.")
        }
    }

    /// The bearer token; for a write the parameter `token`, as a beacon cannot set headers; for a WebSocket a subprotocol,
    /// as a browser's cannot either.
    private func presentedToken(_ head: RequestHead, isWrite: Bool) throws(Problem) -> String? {
        if let field = head.headers["Authorization"] {
            let parts = field.split(separator: " ", maxSplits: 1)
            guard parts.count == 2, parts[0].lowercased() == "bearer" else {
                throw Problem.unauthorized(.wrongToken, "Authorization must be `Bearer` and a token.")
            }
            return parts[1].trimmingPrefix { $0 == " " }.description
        }
        if !isWrite, let token = LiveOpening.token(in: head) { return token }
        guard isWrite, head.query != nil else { return nil }
        return try Query(head.query).text("token")
    }

    private static func isLoopback(_ address: String) -> Bool {
        address.hasPrefix("127.") || address == "::1" || address.hasPrefix("::ffff:127.")
    }

    private static func isOwn(host: String) -> Bool {
        let name: Substring
        if host.hasPrefix("["), let end = host.firstIndex(of: "]") {
            name = host[...end]
        } else {
            name = host.prefix { $0 != ":" }
        }
        return ["127.0.0.1", "localhost", "[::1]"].contains(name.lowercased())
    }
}

extension Route {
    /// Open to everybody who reaches the listener.
    fileprivate var isOpen: Bool {
        switch self {
        case .healthz, .readyz, .asset: true
        default: false
        }
    }

    /// Whether a recording's own token is enough.
    fileprivate func takesWriteToken(_ method: Method) -> Bool {
        switch self {
        case .events, .end: method == .post
        default: false
        }
    }
}

extension Problem {
    static func unauthorized(_ type: ProblemType, _ detail: String) -> Problem {
        var problem = Problem(type, detail)
        problem.headers.append("WWW-Authenticate", "Bearer realm=\"reeld\"")
        return problem
    }

    /// Strangers behind a proxy are not to fill the disk with what retention may not remove.
    static var pinnedStart: Problem {
        Problem(.missingRole, "Start the recording without `pinned`; who may watch may pin it then.")
    }

    fileprivate static var wrongToken: Problem {
        unauthorized(.wrongToken, "The token is not the one in the daemon's token file.")
    }

    fileprivate static func missingToken(isWrite: Bool) -> Problem {
        unauthorized(
            .missingToken,
            isWrite
                ? "Send the recording's write token, which its start answered, as `Authorization: Bearer rw_…` or ?token=."
                : "Send the token of the daemon's token file as `Authorization: Bearer …`, or ask over the Unix socket."
        )
    }
}
