import Testing

/// A request that must be refused, with the status.
struct Hostile: Sendable, CustomTestStringConvertible {
    let name: String
    let bytes: [UInt8]
    let status: Int

    init(_ name: String, _ text: String, _ status: Int) {
        self.name = name
        bytes = Array(text.utf8)
        self.status = status
    }

    init(_ name: String, bytes: [UInt8], _ status: Int) {
        self.name = name
        self.bytes = bytes
        self.status = status
    }

    var testDescription: String { name }

    private static func post(_ fields: String, _ body: String = "") -> String {
        "POST /x HTTP/1.1\r\nHost: localhost\r\n\(fields)\r\n\r\n\(body)"
    }

    private static func get(_ fields: String) -> String { "GET /x HTTP/1.1\r\nHost: localhost\r\n\(fields)\r\n\r\n" }

    private static func chunked(_ body: String) -> String { post("Transfer-Encoding: chunked", body) }

    /// The limits of the server and of the parser the table is tried on are the defaults, with a body limit of 1 MiB.
    static let table: [Hostile] = lengths + fields + lines + sizes + chunks

    static let lengths: [Hostile] = [
        Hostile(
            "length with transfer coding", post("Content-Length: 5\r\nTransfer-Encoding: chunked", "0\r\n\r\n"), 400),
        Hostile(
            "transfer coding with length", post("Transfer-Encoding: chunked\r\nContent-Length: 5", "0\r\n\r\n"), 400),
        Hostile("two equal lengths", post("Content-Length: 5\r\nContent-Length: 5", "hello"), 400),
        Hostile("two different lengths", post("Content-Length: 5\r\nContent-Length: 6", "hello!"), 400),
        Hostile("length list", post("Content-Length: 5, 5", "hello"), 400),
        Hostile("length +5", post("Content-Length: +5", "hello"), 400),
        Hostile("length -5", post("Content-Length: -5", "hello"), 400),
        Hostile("length 0x5", post("Content-Length: 0x5", "hello"), 400),
        Hostile("length 5a", post("Content-Length: 5a", "hello"), 400),
        Hostile("length 5 5", post("Content-Length: 5 5", "hello"), 400),
        Hostile("length 5.0", post("Content-Length: 5.0", "hello"), 400),
        Hostile("length quoted", post("Content-Length: \"5\"", "hello"), 400),
        Hostile("tab before a length", post("Content-Length:\t5", "hello"), 400),
        Hostile("tab behind a coding", post("Transfer-Encoding: chunked\t", "0\r\n\r\n"), 501),
        Hostile("empty length", post("Content-Length:", "hello"), 400),
        Hostile("blank length", post("Content-Length: \t ", "hello"), 400),
        Hostile("length above 2^63", post("Content-Length: 9223372036854775808"), 400),
        Hostile("length above 2^64", post("Content-Length: 18446744073709551621", "hello"), 400),
        Hostile("length of 40 digits", post("Content-Length: \(String(repeating: "9", count: 40))"), 400),
        Hostile("gzip", post("Transfer-Encoding: gzip", "0\r\n\r\n"), 501),
        Hostile("gzip, chunked", post("Transfer-Encoding: gzip, chunked", "0\r\n\r\n"), 501),
        Hostile("chunked, gzip", post("Transfer-Encoding: chunked, gzip", "0\r\n\r\n"), 501),
        Hostile("chunked twice", post("Transfer-Encoding: chunked, chunked", "0\r\n\r\n"), 501),
        Hostile("two codings", post("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked", "0\r\n\r\n"), 501),
        Hostile("chunked;q=1", post("Transfer-Encoding: chunked;q=1", "0\r\n\r\n"), 501),
        Hostile("xchunked", post("Transfer-Encoding: xchunked", "0\r\n\r\n"), 501),
        Hostile("identity", post("Transfer-Encoding: identity", "0\r\n\r\n"), 501),
        Hostile("empty coding", post("Transfer-Encoding:", "0\r\n\r\n"), 501),
        Hostile(
            "chunked on HTTP/1.0", "POST /x HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400),
        Hostile("body above the limit", post("Content-Length: 1048577"), 413),
        Hostile("body far above the limit", post("Content-Length: 9223372036854775807"), 413),
        Hostile("unknown expectation", post("Expect: 200-ok\r\nContent-Length: 5", "hello"), 417),
        Hostile("expectation list", post("Expect: 100-continue, x\r\nContent-Length: 5", "hello"), 417),
    ]

    static let fields: [Hostile] = [
        Hostile("space before the colon", get("Foo : bar"), 400),
        Hostile("tab before the colon", get("Foo\t: bar"), 400),
        Hostile("space before the colon of a length", post("Content-Length : 5", "hello"), 400),
        Hostile("empty field name", get(": bar"), 400),
        Hostile("space in a field name", get("Foo bar: x"), 400),
        Hostile("parenthesis in a field name", get("Foo(: x"), 400),
        Hostile("octet above 127 in a field name", get("F\u{F6}o: x"), 400),
        Hostile("no colon", get("Foo"), 400),
        Hostile("NUL in a value", get("Foo: a\0b"), 400),
        Hostile("NUL in a name", get("Fo\0o: b"), 400),
        Hostile("bare CR in a value", get("Foo: a\rb"), 400),
        Hostile("escape in a value", get("Foo: a\u{1B}b"), 400),
        Hostile("DEL in a value", get("Foo: a\u{7F}b"), 400),
        Hostile("fold by space", get("Foo: a\r\n b"), 400),
        Hostile("fold by tab", get("Foo: a\r\n\tb"), 400),
        Hostile("fold of the first field", "GET /x HTTP/1.1\r\n Host: localhost\r\n\r\n", 400),
        Hostile("bare LF after a field", "GET /x HTTP/1.1\r\nHost: localhost\nFoo: b\r\n\r\n", 400),
        Hostile("bare LF after the request line", "GET /x HTTP/1.1\nHost: localhost\r\n\r\n", 400),
        Hostile("bare LF everywhere", "GET /x HTTP/1.1\nHost: localhost\n\n", 400),
        Hostile("bare LF as the empty line", "GET /x HTTP/1.1\r\nHost: localhost\r\n\n", 400),
        Hostile("CR CR LF", "GET /x HTTP/1.1\r\nHost: localhost\r\r\n\r\n", 400),
        Hostile("no Host", "GET /x HTTP/1.1\r\nFoo: bar\r\n\r\n", 400),
        Hostile("two Hosts", get("Host: localhost"), 400),
        Hostile("two Hosts on HTTP/1.0", "GET /x HTTP/1.0\r\nHost: a\r\nHost: b\r\n\r\n", 400),
        Hostile("empty Host", "GET /x HTTP/1.1\r\nHost:\r\n\r\n", 400),
        Hostile("tab before a Host", "GET /x HTTP/1.1\r\nHost: \tlocalhost\r\n\r\n", 400),
        Hostile("Host with a path", "GET /x HTTP/1.1\r\nHost: localhost/x\r\n\r\n", 400),
        Hostile("Host with a user", "GET /x HTTP/1.1\r\nHost: a@localhost\r\n\r\n", 400),
        Hostile("Host list", "GET /x HTTP/1.1\r\nHost: a, b\r\n\r\n", 400),
        Hostile("Host with a bad port", "GET /x HTTP/1.1\r\nHost: a:x\r\n\r\n", 400),
        Hostile("Host with two ports", "GET /x HTTP/1.1\r\nHost: a:1:2\r\n\r\n", 400),
        Hostile("Host with an open bracket", "GET /x HTTP/1.1\r\nHost: [::1\r\n\r\n", 400),
    ]

    static let lines: [Hostile] = [
        Hostile("two spaces before the target", "GET  /x HTTP/1.1\r\nHost: a\r\n\r\n", 400),
        Hostile("two spaces before the version", "GET /x  HTTP/1.1\r\nHost: a\r\n\r\n", 400),
        Hostile("space after the version", "GET /x HTTP/1.1 \r\nHost: a\r\n\r\n", 400),
        Hostile("space before the method", " GET /x HTTP/1.1\r\nHost: a\r\n\r\n", 400),
        Hostile("tabs for spaces", "GET\t/x\tHTTP/1.1\r\nHost: a\r\n\r\n", 400),
        Hostile("space in the target", "GET /a b HTTP/1.1\r\nHost: a\r\n\r\n", 400),
        Hostile("no version", "GET /x\r\nHost: a\r\n\r\n", 400),
        Hostile("no target", "GET HTTP/1.1\r\nHost: a\r\n\r\n", 400),
        Hostile("only a method", "GET\r\n\r\n", 400),
        Hostile("two empty lines first", "\r\n\r\nGET /x HTTP/1.1\r\nHost: a\r\n\r\n", 400),
        Hostile("absolute form", "GET http://localhost/x HTTP/1.1\r\nHost: localhost\r\n\r\n", 400),
        Hostile("authority form", "GET localhost:80 HTTP/1.1\r\nHost: localhost\r\n\r\n", 400),
        Hostile("asterisk with OPTIONS", "OPTIONS * HTTP/1.1\r\nHost: localhost\r\n\r\n", 400),
        Hostile("asterisk with GET", "GET * HTTP/1.1\r\nHost: localhost\r\n\r\n", 400),
        Hostile("relative target", "GET x HTTP/1.1\r\nHost: localhost\r\n\r\n", 400),
        Hostile("fragment", "GET /x#y HTTP/1.1\r\nHost: localhost\r\n\r\n", 400),
        Hostile("NUL in the target", "GET /x\0y HTTP/1.1\r\nHost: localhost\r\n\r\n", 400),
        Hostile("octet above 127 in the target", "GET /\u{F6} HTTP/1.1\r\nHost: localhost\r\n\r\n", 400),
        Hostile("broken escape", "GET /%zz HTTP/1.1\r\nHost: localhost\r\n\r\n", 400),
        Hostile("cut escape", "GET /%4 HTTP/1.1\r\nHost: localhost\r\n\r\n", 400),
        Hostile("escaped NUL", "GET /%00 HTTP/1.1\r\nHost: localhost\r\n\r\n", 400),
        Hostile("dot segments", "GET /a/../../etc/passwd HTTP/1.1\r\nHost: localhost\r\n\r\n", 400),
        Hostile("escaped dot segments", "GET /%2e%2E/etc/passwd HTTP/1.1\r\nHost: localhost\r\n\r\n", 400),
        Hostile("dot segment last", "GET /a/.. HTTP/1.1\r\nHost: localhost\r\n\r\n", 400),
        Hostile("dot segment before a query", "GET /a/.?x HTTP/1.1\r\nHost: localhost\r\n\r\n", 400),
        Hostile("HTTP/1.2", "GET /x HTTP/1.2\r\nHost: a\r\n\r\n", 505),
        Hostile("HTTP/2.0", "GET /x HTTP/2.0\r\nHost: a\r\n\r\n", 505),
        Hostile("HTTP/0.9", "GET /x HTTP/0.9\r\nHost: a\r\n\r\n", 505),
        Hostile("HTTP/1.10", "GET /x HTTP/1.10\r\nHost: a\r\n\r\n", 400),
        Hostile("http/1.1", "GET /x http/1.1\r\nHost: a\r\n\r\n", 400),
        Hostile("HTTP/1,1", "GET /x HTTP/1,1\r\nHost: a\r\n\r\n", 400),
        Hostile("the preface of HTTP/2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505),
        Hostile("unknown method", "BREW /x HTTP/1.1\r\nHost: a\r\n\r\n", 501),
        Hostile("lower-case method", "get /x HTTP/1.1\r\nHost: a\r\n\r\n", 501),
        Hostile("TRACE", "TRACE /x HTTP/1.1\r\nHost: a\r\n\r\n", 501),
        Hostile("CONNECT", "CONNECT /x HTTP/1.1\r\nHost: a\r\n\r\n", 501),
        Hostile("method of no token", "G(T /x HTTP/1.1\r\nHost: a\r\n\r\n", 400),
        Hostile("TLS hello", bytes: [0x16, 0x03, 0x01, 0x02, 0x00, 0x01, 0x00, 0x01, 0xFC, 0x03, 0x03, 0x0D], 400),
        Hostile("zeros", bytes: [UInt8](repeating: 0, count: 64), 400),
    ]

    static let sizes: [Hostile] = [
        Hostile("header line of 20 KB", get("Foo: \(String(repeating: "x", count: 20_000))"), 431),
        Hostile("field name of 20 KB", get("\(String(repeating: "x", count: 20_000)): y"), 431),
        Hostile("2,000 headers", get((0..<2_000).map { "F\($0): x" }.joined(separator: "\r\n")), 431),
        Hostile("101 headers", get((0..<100).map { "F\($0): x" }.joined(separator: "\r\n")), 431),
        Hostile(
            "head above 16 KiB",
            get((0..<20).map { _ in "F: " + String(repeating: "x", count: 900) }.joined(separator: "\r\n")), 431),
        Hostile("target of 20 KB", "GET /\(String(repeating: "x", count: 20_000)) HTTP/1.1\r\nHost: a\r\n\r\n", 414),
        Hostile("endless method", String(repeating: "A", count: 20_000), 414),
    ]

    static let chunks: [Hostile] = [
        Hostile("empty chunk size", chunked("\r\nhello\r\n0\r\n\r\n"), 400),
        Hostile("chunk size 0x5", chunked("0x5\r\nhello\r\n0\r\n\r\n"), 400),
        Hostile("chunk size +5", chunked("+5\r\nhello\r\n0\r\n\r\n"), 400),
        Hostile("chunk size -5", chunked("-5\r\nhello\r\n0\r\n\r\n"), 400),
        Hostile("chunk size with garbage", chunked("5 xyz\r\nhello\r\n0\r\n\r\n"), 400),
        Hostile("chunk size with a letter", chunked("5g\r\nhello\r\n0\r\n\r\n"), 400),
        Hostile("space before a chunk size", chunked(" 5\r\nhello\r\n0\r\n\r\n"), 400),
        Hostile("chunk size of 17 digits", chunked("10000000000000005\r\nhello\r\n0\r\n\r\n"), 400),
        Hostile("chunk size 2^64 - 1", chunked("ffffffffffffffff\r\nhello\r\n0\r\n\r\n"), 400),
        Hostile("bare LF after a chunk size", chunked("5\nhello\r\n0\r\n\r\n"), 400),
        Hostile("bare CR after a chunk size", chunked("5\rhello\r\n0\r\n\r\n"), 400),
        Hostile("bare LF in a chunk extension", chunked("5;x\nhello\r\n0\r\n\r\n"), 400),
        Hostile(
            "endless chunk extension", chunked("5;\(String(repeating: "x", count: 300))\r\nhello\r\n0\r\n\r\n"), 400),
        Hostile("data without CR LF", chunked("5\r\nhello0\r\n\r\n"), 400),
        Hostile("data longer than its size", chunked("5\r\nhello!\r\n0\r\n\r\n"), 400),
        Hostile("bare LF after data", chunked("5\r\nhello\n0\r\n\r\n"), 400),
        Hostile("bare LF after the last chunk", chunked("5\r\nhello\r\n0\n\n"), 400),
        Hostile("trailer without a name", chunked("0\r\n: x\r\n\r\n"), 400),
        Hostile("trailer with NUL", chunked("0\r\nFoo: \0\r\n\r\n"), 400),
        Hostile("folded trailer", chunked("0\r\nFoo: a\r\n b\r\n\r\n"), 400),
        Hostile("endless trailers", chunked("0\r\n" + String(repeating: "Foo: bar\r\n", count: 2_000) + "\r\n"), 431),
        Hostile("chunk above the limit", chunked("100001\r\n"), 413),
        Hostile("chunks above the limit", chunked("5\r\nhello\r\nffffe\r\n"), 413),
    ]
}

extension Hostile {
    /// What must be taken, so that a parser that refuses all fails too; status 200.
    static let harmless: [Hostile] = [
        Hostile("plain", get("Foo: bar"), 200),
        Hostile("one empty line first", "\r\nGET /x HTTP/1.1\r\nHost: a\r\n\r\n", 200),
        Hostile("HTTP/1.0 without Host", "GET /x HTTP/1.0\r\n\r\n", 200),
        Hostile("empty value", get("Foo:"), 200),
        Hostile("blanks around a value", get("Foo: \t bar \t "), 200),
        Hostile("octets above 127 in a value", get("Foo: \u{F6}"), 200),
        Hostile("odd but legal names", get("!#$%&'*+-.^_`|~0aZ: x"), 200),
        Hostile("query", "GET /x?a=%20&b=../c??/ HTTP/1.1\r\nHost: [::1]:80\r\n\r\n", 200),
        Hostile("dots that are no segments", "GET /.../a..b/.c HTTP/1.1\r\nHost: a.b-c_d:65535\r\n\r\n", 200),
        Hostile("body", post("Content-Length: 5", "hello"), 200),
        Hostile("length with zeros", post("Content-Length: 0005", "hello"), 200),
        Hostile("length 0", post("Content-Length: 0"), 200),
        Hostile("chunks", chunked("5\r\nhello\r\n00A;x=\"y\"\r\n0123456789\r\n0\r\nFoo: bar\r\n\r\n"), 200),
        Hostile("CHUNKED", post("Transfer-Encoding: CHUNKED", "0\r\n\r\n"), 200),
        Hostile("expectation met", post("expect: 100-Continue\r\nContent-Length: 5", "hello"), 200),
        Hostile("100 headers", get((0..<99).map { "F\($0): x" }.joined(separator: "\r\n")), 200),
        Hostile(
            "target of 8,190 bytes", "GET /\(String(repeating: "x", count: 8_189)) HTTP/1.1\r\nHost: a\r\n\r\n", 200),
    ]
}
