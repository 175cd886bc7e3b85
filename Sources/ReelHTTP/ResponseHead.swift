/// Writes the start line and fields of an answer.
enum ResponseHead {
    /// How the peer will know where the content ends.
    enum Framing {
        /// 204 and 304: there is none, and no length.
        case absent
        case length(Int)
        case chunked
        case untilClose
        /// Frames of a WebSocket.
        case upgrade
    }

    /// Puts the head, with its empty line, into `output`.
    static func write(
        _ response: Response, _ framing: Framing, closes: Bool, date: [UInt8], into output: inout [UInt8]
    ) {
        assert(
            ["Date", "Content-Length", "Transfer-Encoding", "Connection"].allSatisfy { response.headers[$0] == nil },
            "a field that is the server's to write")
        output.append(contentsOf: "HTTP/1.1 ".utf8)
        appendDecimal(response.status, to: &output)
        output.append(contentsOf: reason(response.status).utf8)
        output.append(contentsOf: date)
        response.headers.write(to: &output)
        switch framing {
        case .absent, .untilClose: break
        case .length(let length):
            output.append(contentsOf: "Content-Length: ".utf8)
            appendDecimal(length, to: &output)
            output.append(contentsOf: "\r\n".utf8)
        case .chunked: output.append(contentsOf: "Transfer-Encoding: chunked\r\n".utf8)
        case .upgrade:
            output.append(contentsOf: "Upgrade: websocket\r\nConnection: Upgrade\r\n\r\n".utf8)
            return
        }
        output.append(contentsOf: closes ? "Connection: close\r\n\r\n".utf8 : "\r\n".utf8)
    }

    static let chunkEnd = Array("\r\n".utf8)
    static let lastChunkEnd = Array("\r\n0\r\n\r\n".utf8)
    static let lastChunk = Array("0\r\n\r\n".utf8)
    static let goOn = Array("HTTP/1.1 100 Continue\r\n\r\n".utf8)

    /// The size line before a chunk's data.
    static func chunkStart(sizeBytes: Int) -> [UInt8] { Array("\(String(sizeBytes, radix: 16))\r\n".utf8) }

    static func appendDecimal(_ value: Int, to output: inout [UInt8]) {
        if value >= 10 { appendDecimal(value / 10, to: &output) }
        output.append(0x30 + UInt8(value % 10))
    }

    /// The phrase of RFC 9110 §15 with its space and line end; clients ignore it.
    private static func reason(_ status: Int) -> String {
        switch status {
        case 101: " Switching Protocols\r\n"
        case 200: " OK\r\n"
        case 201: " Created\r\n"
        case 202: " Accepted\r\n"
        case 204: " No Content\r\n"
        case 206: " Partial Content\r\n"
        case 304: " Not Modified\r\n"
        case 400: " Bad Request\r\n"
        case 401: " Unauthorized\r\n"
        case 403: " Forbidden\r\n"
        case 404: " Not Found\r\n"
        case 405: " Method Not Allowed\r\n"
        case 406: " Not Acceptable\r\n"
        case 408: " Request Timeout\r\n"
        case 409: " Conflict\r\n"
        case 410: " Gone\r\n"
        case 412: " Precondition Failed\r\n"
        case 413: " Content Too Large\r\n"
        case 414: " URI Too Long\r\n"
        case 415: " Unsupported Media Type\r\n"
        case 416: " Range Not Satisfiable\r\n"
        case 417: " Expectation Failed\r\n"
        case 421: " Misdirected Request\r\n"
        case 422: " Unprocessable Content\r\n"
        case 429: " Too Many Requests\r\n"
        case 426: " Upgrade Required\r\n"
        case 431: " Request Header Fields Too Large\r\n"
        case 500: " Internal Server Error\r\n"
        case 501: " Not Implemented\r\n"
        case 503: " Service Unavailable\r\n"
        case 505: " HTTP Version Not Supported\r\n"
        case 507: " Insufficient Storage\r\n"
        default: " -\r\n"
        }
    }
}
