import CReelCrypto

/// The opening handshake of RFC 6455 §4.2, as the server sees it.
package struct WebSocketHandshake: Sendable {
    /// What a request asks wrongly.
    package enum Fault: Error, Sendable, Equatable {
        /// Not GET of HTTP/1.1, or `Connection` does not name the upgrade.
        case notAnUpgrade
        /// Only version 13 is spoken.
        case version(String)
        /// `Sec-WebSocket-Key` is not 16 bytes in base64, once.
        case key
    }

    /// The subprotocols the client offers, in its order.
    package let protocols: [String]
    private let accept: String

    private static let version = "13"
    /// Appended to the key before it is hashed: RFC 6455 §1.3.
    private static let suffix = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"

    /// Whether a request wants a WebSocket at all.
    package static func isWanted(by head: RequestHead) -> Bool {
        list(head.headers, "Upgrade").contains { $0.lowercased() == "websocket" }
    }

    package init(_ head: RequestHead) throws(Fault) {
        let headers = head.headers
        let connection = WebSocketHandshake.list(headers, "Connection")
        guard head.method == .get, !head.isVersion10, head.bodyLengthBytes == 0,
            connection.contains(where: { $0.lowercased() == "upgrade" })
        else { throw .notAnUpgrade }
        let versions = headers.values("Sec-WebSocket-Version")
        guard versions == [WebSocketHandshake.version] else { throw .version(versions.joined(separator: ", ")) }
        let keys = headers.values("Sec-WebSocket-Key")
        guard keys.count == 1, let key = keys.first, Base64.decodedCount(of: key) == 16 else { throw .key }
        protocols = WebSocketHandshake.list(headers, "Sec-WebSocket-Protocol")
        accept = Base64.encode(WebSocketHandshake.sha1(Array((key + WebSocketHandshake.suffix).utf8)))
    }

    /// The answer that makes the connection a WebSocket.
    ///
    /// - Parameters:
    ///   - chosen: one of `protocols`; nil where none was offered.
    ///   - stream: gives whole frames (`WebSocketFrame`).
    package func response(protocol chosen: String?, _ stream: any BodyStream) -> Response {
        var headers: Headers = ["Sec-WebSocket-Accept": accept]
        if let chosen { headers.append("Sec-WebSocket-Protocol", chosen) }
        return Response(status: 101, headers: headers, body: .webSocket(stream))
    }

    /// The field that goes with a refusal of the version: RFC 6455 §4.4.
    package static var versionField: (name: String, value: String) { ("Sec-WebSocket-Version", version) }

    private static func list(_ headers: Headers, _ name: String) -> [String] {
        headers.values(name).flatMap { $0.split(separator: ",") }.map { element in
            String(element.drop { $0 == " " || $0 == "\t" }.prefix { $0 != " " && $0 != "\t" })
        }
    }

    private static func sha1(_ bytes: [UInt8]) -> [UInt8] {
        var digest = [UInt8](repeating: 0, count: 20)
        var count: UInt32 = 0
        let isMade = EVP_Digest(bytes, bytes.count, &digest, &count, EVP_sha1(), nil)
        precondition(isMade == 1 && count == 20, "SHA-1 of a few bytes")
        return digest
    }
}

/// Base64 with padding (RFC 4648 §4).
enum Base64 {
    private static let letters = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)

    static func encode(_ bytes: [UInt8]) -> String {
        var text: [UInt8] = []
        for start in stride(from: 0, to: bytes.count, by: 3) {
            let group = bytes[start..<min(start + 3, bytes.count)]
            var bits: UInt32 = 0
            for index in 0..<3 { bits = bits << 8 | UInt32(index < group.count ? group[start + index] : 0) }
            for index in 0..<4 {
                let letter = letters[Int(bits >> (18 - 6 * index) & 63)]
                text.append(index <= group.count ? letter : UInt8(ascii: "="))
            }
        }
        return String(decoding: text, as: UTF8.self)
    }

    /// How many bytes a text stands for; nil where it is not base64.
    static func decodedCount(of text: String) -> Int? {
        let bytes = Array(text.utf8)
        let padding = bytes.reversed().prefix { $0 == UInt8(ascii: "=") }.count
        guard bytes.count % 4 == 0, padding <= 2, bytes.dropLast(padding).allSatisfy(letters.contains) else {
            return nil
        }
        return bytes.count / 4 * 3 - padding
    }
}
