import Testing

@testable import ReelHTTP

/// The handshake and the frames of RFC 6455; what hostile clients meet is in EndToEnd/test_websocket.py.
struct WebSocketTests {
    private func handshake(_ change: (inout Headers) -> Void = { _ in }) throws -> WebSocketHandshake {
        var headers: Headers = [
            "Upgrade": "websocket", "Connection": "keep-alive, Upgrade",
            "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
            "Sec-WebSocket-Version": "13",
        ]
        change(&headers)
        return try WebSocketHandshake(Request(.get, "/live", headers: headers).head)
    }

    @Test func theKeyOfTheStandardIsAnsweredAsThere() throws {
        let response = try handshake().response(protocol: nil, NoStream())
        #expect(response.status == 101)
        #expect(response.headers["Sec-WebSocket-Accept"] == "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=")
        #expect(response.headers["Sec-WebSocket-Protocol"] == nil)
    }

    @Test func protocolsAreReadFromAllTheirLines() throws {
        let offered = try handshake {
            $0.append("Sec-WebSocket-Protocol", "reeld.live , a")
            $0.append("Sec-WebSocket-Protocol", "b")
        }
        #expect(offered.protocols == ["reeld.live", "a", "b"])
    }

    @Test(arguments: [("", 0), ("Zg==", 1), ("Zm8=", 2), ("Zm9v", 3), ("Zm9vYg==", 4), ("Zm9vYmFy", 6)])
    func base64IsThatOfTheStandard(_ text: String, _ count: Int) {
        #expect(Base64.decodedCount(of: text) == count)
        #expect(Base64.encode(Array("foobar".utf8.prefix(count))) == text)
    }

    @Test(arguments: ["Zg=", "Zg", "Z===", "Zm9v!", "=Zm9", "Zm=v"])
    func whatIsNoBase64HasNoLength(_ text: String) { #expect(Base64.decodedCount(of: text) == nil) }

    @Test(arguments: [0, 1, 125, 126, 65_535, 65_536])
    func framesSayTheirLengthInTheShortestWay(_ count: Int) {
        let payload = [UInt8](repeating: 0x61, count: count)
        let head: [UInt8] =
            switch count {
            case ...125: [0x81, UInt8(count)]
            case ...65_535: [0x81, 126, UInt8(count >> 8), UInt8(count & 255)]
            default: [0x81, 127, 0, 0, 0, 0] + [24, 16, 8, 0].map { UInt8(count >> $0 & 255) }
            }
        #expect(WebSocketFrame.text(payload) == head + payload)
    }

    @Test func controlFramesAreShort() {
        #expect(WebSocketFrame.ping == [0x89, 0])
        #expect(WebSocketFrame.close(.normal) == [0x88, 2, 0x03, 0xE8])
    }

    /// As a client sends it; the mask is part of it.
    private func frame(_ opcode: UInt8, _ payload: [UInt8]) -> [UInt8] {
        let mask: [UInt8] = [0x12, 0x34, 0x56, 0x78]
        return [0x80 | opcode, 0x80 | UInt8(payload.count)] + mask
            + payload.enumerated().map { $1 ^ mask[$0 % 4] }
    }

    /// Whatever parts the bytes come in, the answer is the same: there are many pings, an odd pong, and a close.
    @Test(arguments: 1...40) func piecesOfAnySizeAreAnsweredAsTheWhole(_ size: Int) throws {
        var sent: [UInt8] = []
        var wanted: [UInt8] = []
        for index in 0..<20 {
            let payload = [UInt8](repeating: UInt8(index), count: index * 6)
            sent += frame(0x9, payload)
            wanted += [0x8A, UInt8(payload.count)] + payload
            if index % 5 == 0 { sent += frame(0xA, payload) }
        }
        let session = try WebSocketSession()
        var got: [UInt8] = []
        for start in stride(from: 0, to: sent.count, by: size) {
            let answer = session.receive(sent[start..<min(start + size, sent.count)])
            got += answer.answer
            #expect(!answer.isOver)
        }
        let isAsWanted = got == wanted
        #expect(isAsWanted)
        // Behind a close nothing is read.
        let last = session.receive((frame(0x8, [0x03, 0xE8]) + frame(0x9, [1]))[...])
        #expect(last.answer == [0x88, 2, 0x03, 0xE8])
        #expect(last.isOver)
    }

    @Test func anythingAtAllEndsOrWaits() throws {
        var chance = SystemRandomNumberGenerator()
        for _ in 0..<2_000 {
            let session = try WebSocketSession()
            var isOver = false
            for _ in 0..<8 where !isOver {
                // The first bits are those of a frame more often than chance would have it.
                let start: [UInt8] = [[0x89, 0x80], [0x81, 0xFE], [0x01, 0x81], [0x88, 0x82]].randomElement() ?? []
                let noise = (0..<Int.random(in: 0...200)).map { _ in UInt8.random(in: 0...255, using: &chance) }
                isOver = session.receive((start + noise)[...]).isOver
            }
            // Once over it reads nothing more, and says nothing more.
            if isOver { #expect(session.receive(frame(0x9, [1])[...]).answer.isEmpty) }
        }
    }

    private final class NoStream: BodyStream {
        func demand(_ sink: BodySink) {}
        func cancel() {}
    }
}
