import ReelFormat
import ReelHTTP
import ReelStore
import ReelSystem
import Testing

@testable import ReelServer

struct SharedDocumentTests {
    private let tag = EntityTag(["1", "gzip"])

    @Test func readersAtTheSameTimeReadTheSourceOnce() throws {
        let documents = SharedDocuments(MemoryBudget(totalBytes: 1 << 20))
        let source = CountedSource(pieceCount: 3)
        let first = try #require(documents.document(tag, sizeBytes: 300, source))
        let second = try #require(documents.document(tag, sizeBytes: 300, CountedSource(pieceCount: 3)))
        #expect(first === second)
        #expect(pieces(of: first) == [[0], [1], [2]])
        #expect(pieces(of: second) == [[0], [1], [2]])
        // Three pieces and the end.
        #expect(source.askedCount == 4)
    }

    @Test func readersOnManyThreadsAllGetEveryPieceInOrder() throws {
        let documents = SharedDocuments(MemoryBudget(totalBytes: 1 << 20))
        let source = CountedSource(pieceCount: 200)
        let document = try #require(documents.document(tag, sizeBytes: 300, source))
        let whole = (0..<200).map { [UInt8($0)] }
        let goodCount = Monitor(0)
        let readers = (0..<8).map { _ in
            Thread("reader") {
                let isGood = pieces(of: document) == whole
                goodCount.withLock { $0 += isGood ? 1 : 0 }
            }
        }
        for reader in readers { reader.join() }
        #expect(goodCount.withLock { $0 } == 8)
        #expect(source.askedCount == 201)
    }

    @Test func documentGoesWithItsLastReader() throws {
        let budget = MemoryBudget(totalBytes: 1000)
        let documents = SharedDocuments(budget)
        do {
            let document = try #require(documents.document(tag, sizeBytes: 250, CountedSource(pieceCount: 1)))
            #expect(pieces(of: document) == [[0]])
            #expect(budget.freeBytes == 750)
        }
        #expect(budget.freeBytes == 1000)
        let next = CountedSource(pieceCount: 2)
        let document = try #require(documents.document(tag, sizeBytes: 250, next))
        #expect(pieces(of: document) == [[0], [1]])
        #expect(next.askedCount == 3)
    }

    @Test func documentsHoldNoMoreThanAQuarterOfTheBudget() throws {
        let budget = MemoryBudget(totalBytes: 1000)
        let documents = SharedDocuments(budget)
        #expect(documents.document(tag, sizeBytes: 251, CountedSource(pieceCount: 1)) == nil)
        let first = try #require(documents.document(tag, sizeBytes: 150, CountedSource(pieceCount: 1)))
        let other = EntityTag(["2", "gzip"])
        #expect(documents.document(other, sizeBytes: 101, CountedSource(pieceCount: 1)) == nil)
        #expect(documents.document(other, sizeBytes: 100, CountedSource(pieceCount: 1)) != nil)
        #expect(pieces(of: first) == [[0]])
    }

    @Test func documentWithoutAShareOfTheBudgetIsNotShared() {
        let budget = MemoryBudget(totalBytes: 1000)
        let documents = SharedDocuments(budget)
        let taken = budget.tryShare(900)
        #expect(documents.document(tag, sizeBytes: 200, CountedSource(pieceCount: 1)) == nil)
        _ = consume taken
        #expect(documents.document(tag, sizeBytes: 200, CountedSource(pieceCount: 1)) != nil)
    }

    @Test func everyReaderIsToldOfDamageAndNothingFollowsIt() throws {
        let documents = SharedDocuments(MemoryBudget(totalBytes: 1 << 20))
        let source = CountedSource(pieceCount: 1, endsDamaged: true)
        let document = try #require(documents.document(tag, sizeBytes: 300, source))
        for _ in 0..<2 {
            guard case .piece = document.step(0) else {
                Issue.record("the sound piece is gone")
                return
            }
            for index in 1...3 {
                guard case .failed(.damaged) = document.step(index) else {
                    Issue.record("no damage at \(index)")
                    return
                }
            }
        }
        #expect(source.askedCount == 2)
    }

    @Test func onlyWhatWasMadeIsThereWithoutWaiting() throws {
        let documents = SharedDocuments(MemoryBudget(totalBytes: 1 << 20))
        let document = try #require(documents.document(tag, sizeBytes: 300, CountedSource(pieceCount: 2)))
        #expect(document.madeStep(0) == nil)
        _ = document.step(1)
        #expect(document.madeStep(0) != nil)
        #expect(document.madeStep(1) != nil)
        #expect(document.madeStep(2) == nil)
    }
}

/// What a reader of the document gets.
private func pieces(of document: SharedDocument) -> [[UInt8]] {
    var pieces: [[UInt8]] = []
    while case .piece(let parts) = document.step(pieces.count) {
        var piece: [UInt8] = []
        for case .bytes(let bytes) in parts { piece += bytes }
        pieces.append(piece)
    }
    return pieces
}

/// Gives pieces of one byte each, and counts how often it is asked.
private final class CountedSource: PieceSource {
    private let pieceCount: Int
    private let endsDamaged: Bool
    private let asked = Monitor(0)

    init(pieceCount: Int, endsDamaged: Bool = false) {
        self.pieceCount = pieceCount
        self.endsDamaged = endsDamaged
    }

    var askedCount: Int { asked.withLock { $0 } }

    var nextPieceSizeBytes: Int { 0 }

    func nextPiece() throws(StoreError) -> [UInt8]? {
        let index = asked.withLock { asked in
            defer { asked += 1 }
            return asked
        }
        if index < pieceCount { return [UInt8(index)] }
        if endsDamaged { throw .damaged(Corruption(file: "1.seg", offsetBytes: 4096, kind: .payloadChecksum)) }
        return nil
    }
}
