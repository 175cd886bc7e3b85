import ReelHTTP
import ReelStore
import Testing

@testable import ReelServer

/// Events far larger than a usual piece: what serves them is counted as what it takes, and comes out whole.
@Suite struct LargeEventTests {
    private static let large = event(1, padding: 3 << 20)

    /// Forty stopped readers of events of 30 MB once held 1.2 GB under shares of 512 KiB.
    @Test func aPieceTakesAsMuchOfTheBudgetAsItHolds() throws {
        let server = try TestServer()
        try server.start()
        #expect(try server.append([Self.large]).status == 201)
        let snapshot = try server.store.snapshot(1)
        let size = Self.large.utf8.count
        let budget = MemoryBudget(totalBytes: 64 << 20)
        let text = SpliceReader(snapshot, coding: .identity)
        #expect(PieceStream.shareSizeBytes(text, of: budget) >= 2 * size)
        let lines = SelectionReader(snapshot, EventSelection(), layout: .lines)
        #expect(PieceStream.shareSizeBytes(lines, of: budget) >= 2 * size)
        #expect(PieceStream.shareSizeBytes(RangeSource(text, 0..<10), of: budget) >= 2 * size)
        let gzip = SpliceReader(snapshot, coding: .gzip)
        #expect(PieceStream.shareSizeBytes(gzip, of: budget) == PieceStream.shareSizeMinBytes)
        // What is larger than the whole budget waits until it has all of it.
        #expect(PieceStream.shareSizeBytes(text, of: MemoryBudget(totalBytes: 1_000)) == 1_000)
        while try text.nextPiece() != nil {}
        #expect(PieceStream.shareSizeBytes(text, of: budget) == PieceStream.shareSizeMinBytes)
    }

    @Test(arguments: [4 << 20, 256 << 20]) func aLargeEventComesOutWhole(budgetBytes: Int) throws {
        let server = try TestServer(server: { $0.http.memory = MemoryBudget(totalBytes: budgetBytes) })
        try server.start()
        #expect(try server.append([event(0), Self.large]).status == 201)
        let expected = "[" + event(0) + ",\n" + Self.large + "]"
        #expect(try server.get("/v1/recordings/1/events").text == expected)
        #expect(try server.get("/v1/recordings/1/chunks/0").text == expected)
        let gzip = try server.get("/v1/recordings/1/chunks/0", headers: ["Accept-Encoding": "gzip"])
        #expect(gzip.headers["Content-Encoding"] == "gzip")
        #expect(try server.get("/v1/recordings/1/events", headers: ["Accept-Encoding": "gzip"]).body == gzip.body)
    }
}
