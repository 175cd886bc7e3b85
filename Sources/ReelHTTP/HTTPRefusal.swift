/// Why the server would not take a request. The raw value is the stable name that problem types are made of.
package enum HTTPRefusal: String, Error, Sendable, CaseIterable {
    case badRequestLine = "bad-request-line"
    case badTarget = "bad-target"
    case badField = "bad-field"
    case badHost = "bad-host"
    case badLength = "bad-length"
    case badChunk = "bad-chunk"
    case ambiguousLength = "ambiguous-length"
    case targetTooLong = "target-too-long"
    case headTooLarge = "head-too-large"
    case bodyTooLarge = "body-too-large"
    case unknownMethod = "unknown-method"
    case unknownVersion = "unknown-http-version"
    case unknownTransferCoding = "unknown-transfer-coding"
    case unknownExpectation = "unknown-expectation"
    case headTimeout = "head-timeout"
    case bodyTimeout = "body-timeout"
    case replyOverdue = "reply-overdue"
    case busy = "busy"
    case tooManyConnections = "too-many-connections"

    /// The status it is answered with.
    package var status: Int {
        switch self {
        case .badRequestLine, .badTarget, .badField, .badHost, .badLength, .badChunk, .ambiguousLength: 400
        case .headTimeout, .bodyTimeout: 408
        case .bodyTooLarge: 413
        case .targetTooLong: 414
        case .unknownExpectation: 417
        case .headTooLarge: 431
        case .unknownMethod, .unknownTransferCoding: 501
        case .replyOverdue, .busy, .tooManyConnections: 503
        case .unknownVersion: 505
        }
    }

    /// What was wrong and what to do, for a person.
    package var detail: String {
        switch self {
        case .badRequestLine: "The request line is not `METHOD SP target SP HTTP/1.1 CR LF`."
        case .badTarget:
            "The target must be a path that begins with `/`, without `.` and `..` segments, `#`, or a broken `%` escape."
        case .badField: "A header line is not `Name: value CR LF`, or holds a control character, or is folded."
        case .badHost: "The request needs exactly one valid Host header."
        case .badLength: "Content-Length must be given once, as a plain decimal number."
        case .badChunk: "The chunked body is malformed."
        case .ambiguousLength:
            "Send Content-Length or Transfer-Encoding, not both; HTTP/1.0 has no Transfer-Encoding."
        case .targetTooLong: "The target is longer than the server reads."
        case .headTooLarge: "The header lines are more or longer than the server reads."
        case .bodyTooLarge: "The body is larger than this resource takes; send it in smaller parts."
        case .unknownMethod: "The method is not one this server knows."
        case .unknownVersion: "Speak HTTP/1.1 or HTTP/1.0."
        case .unknownTransferCoding: "The only transfer coding taken is `chunked`."
        case .unknownExpectation: "The only expectation met is `100-continue`."
        case .headTimeout: "The header lines did not arrive in time."
        case .bodyTimeout: "The body arrived too slowly."
        case .replyOverdue: "The answer took too long; what became of the request is not known."
        case .busy: "The server has no memory for this body now; try again later."
        case .tooManyConnections: "Too many connections; try again later."
        }
    }

    /// Whether the same request may succeed later.
    package var isRetryable: Bool {
        switch self {
        case .headTimeout, .bodyTimeout, .replyOverdue, .busy, .tooManyConnections: true
        default: false
        }
    }

    /// The plain answer: `application/problem+json` (RFC 9457).
    ///
    /// - Parameter typePrefix: what the raw value is appended to, to make the problem's `type`.
    package func problem(typePrefix: String = "urn:reeld:problem:") -> Response {
        // No text here holds a quote, a backslash or a control character, so JSON needs no escaping.
        let text =
            "{\"type\":\"\(typePrefix)\(rawValue)\",\"status\":\(status),\"detail\":\"\(detail)\","
            + "\"retry\":\(isRetryable)}\n"
        var headers: Headers = ["Content-Type": "application/problem+json"]
        if status == 503 { headers.append("Retry-After", "1") }
        return Response(status: status, headers: headers, body: .bytes(Array(text.utf8)))
    }
}
