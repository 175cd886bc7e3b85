import Testing

@testable import ReelHTTP

struct RequestReaderTests {
    @Test(arguments: Hostile.table)
    func hostileRequestIsRefused(_ row: Hostile) {
        let run = ReaderRun(whole: row.bytes)
        #expect(run.refusal?.status == row.status)
        #expect(run.taken.isEmpty)
    }

    @Test(arguments: Hostile.harmless)
    func harmlessRequestIsTaken(_ row: Hostile) {
        let run = ReaderRun(whole: row.bytes)
        #expect(run.refusal == nil)
        #expect(run.taken.count == 1)
    }

    @Test(arguments: Hostile.table + Hostile.harmless)
    func everySplitReadsAsOneShot(_ row: Hostile) {
        let whole = ReaderRun(whole: row.bytes)
        // Long rows only repeat themselves; their ends and limits are what could differ.
        let places =
            row.bytes.count < 600 ? Array(0...row.bytes.count) : Array(stride(from: 0, to: row.bytes.count, by: 97))
        for place in places {
            let run = ReaderRun(ReaderRun.cut(row.bytes, at: [place]))
            #expect(run == whole, "cut at \(place)")
        }
        if row.bytes.count < 600 { #expect(ReaderRun(row.bytes.map { [$0] }) == whole, "byte by byte") }
    }

    /// Valid requests in a row, some octets changed, cut anywhere: read in pieces or whole, the same comes out.
    @Test func damagedPipelinesReadAsOneShot() {
        let seed = UInt64.random(in: 0...UInt64.max)
        var generator = SeededGenerator(state: seed)
        let seeds = (Hostile.harmless + Hostile.table).map(\.bytes).filter { $0.count < 400 }
        let favourites = Array("\r\n :;,0x\t%./A".utf8) + [0, 0x7F, 0xFF]
        for round in 0..<20_000 {
            var bytes: [UInt8] = []
            for _ in 0..<Int.random(in: 1...3, using: &generator) {
                bytes +=
                    seeds[
                        Int.random(
                            in: 0..<(round % 2 == 0 ? Hostile.harmless.count - 2 : seeds.count), using: &generator)]
            }
            for _ in 0..<Int.random(in: 0...2, using: &generator) {
                let index = Int.random(in: 0..<bytes.count, using: &generator)
                bytes[index] = favourites[Int.random(in: 0..<favourites.count, using: &generator)]
            }
            let places = (0..<Int.random(in: 1...6, using: &generator)).map { _ in
                Int.random(in: 0...bytes.count, using: &generator)
            }
            let cut = ReaderRun(ReaderRun.cut(bytes, at: places))
            guard cut == ReaderRun(whole: bytes) else {
                Issue.record(
                    "seed \(seed), round \(round), cut at \(places): \(String(decoding: bytes, as: UTF8.self))")
                return
            }
        }
    }

    @Test func headIsReadAsItStands() throws {
        let request = try Request(
            .patch, "/v1/recordings/7?a=b%20c&d", headers: ["X-One": " 1 ", "x-one": "2", "Empty": ""], body: [1, 2])
        #expect(request.method == .patch)
        #expect(request.path == "/v1/recordings/7")
        #expect(request.query == "a=b%20c&d")
        #expect(request.headers["X-ONE"] == "1")
        #expect(request.headers.values("x-One") == ["1", "2"])
        #expect(request.headers["empty"] == "")
        #expect(request.headers["missing"] == nil)
        #expect(request.headers["host"] == "localhost")
        #expect(request.head.bodyLengthBytes == 2)
    }

    @Test func pathWithoutQueryHasNone() throws {
        #expect(try Request(.get, "/").query == nil)
        #expect(try Request(.get, "/?").query == "")
    }

    @Test(arguments: [
        ("HTTP/1.1", "", false), ("HTTP/1.1", "Connection: close\r\n", true), ("HTTP/1.0", "", true),
        ("HTTP/1.1", "Connection: keep-alive , CLOSE\r\n", true), ("HTTP/1.1", "Connection: closed\r\n", false),
        ("HTTP/1.1", "Connection: upgrade\r\nConnection: close\r\n", true),
    ])
    func connectionClosesWhenSaid(_ version: String, _ fields: String, _ closes: Bool) throws {
        let bytes = Array("GET / \(version)\r\nHost: a\r\n\(fields)\r\n".utf8)
        var parser = RequestParser()
        guard case .done(let head) = parser.parse(bytes, 0..<bytes.count, limits: ReaderRun.limits) else {
            Issue.record("not parsed")
            return
        }
        #expect(head.closesConnection == closes)
    }
}
