import Foundation
import ReelCodec
import ReelSystem
import Testing

@testable import ReelStore

/// The way from ids to numbers, alone.
@Suite struct IDTableTests {
    private let directory = TemporaryDirectory()

    private func makeIDs(_ count: Int) throws -> [UUIDv7] {
        try (0..<count).map { try UUIDv7(unixMilliseconds: 1_800_000_000_000 + UInt64($0)) }
    }

    private func capacity() throws -> Int { (try Data(contentsOf: directory.file("ids")).count - 4096) / 8 }

    /// The writer reserves for each start of a commit and inserts after it. Only what had been inserted was counted, so a
    /// commit of 1,024 starts filled the first table, and the writer's next search never ended.
    @Test(arguments: [1, 410, 615, 1024, 3000, 8192]) func aCommitOfManyStartsFillsTheTable(startCount: Int) throws {
        let path = directory.file("ids").path
        let table = try IDTable(path: path, fileSystem: HostFileSystem(), ids: [])
        let ids = try makeIDs(startCount)
        for pending in 0..<startCount { try table.reserve(pendingCount: pending) { _ in nil } }
        // Not merely expected: without room the search does not end.
        let capacity = try capacity()
        try #require(capacity * 3 >= startCount * 5 - 5, "\(capacity) slots for \(startCount)")
        for (index, id) in ids.enumerated() { try table.insert(id, number: UInt64(index + 1)) }
        for (index, id) in ids.enumerated() { #expect(table.candidates(id).contains(UInt64(index + 1))) }
        let again = try #require(IDTable(path: path, fileSystem: HostFileSystem()))
        #expect(again.candidates(ids[startCount - 1]).contains(UInt64(startCount)))
    }

    /// What was in the table before the commit is found after it.
    @Test func growingForACommitKeepsWhatIsThere() throws {
        let ids = try makeIDs(2400)
        let table = try IDTable(path: directory.file("ids").path, fileSystem: HostFileSystem(), ids: [])
        for round in 0..<6 {
            let range = round * 400..<(round + 1) * 400
            for number in range { try table.reserve(pendingCount: number - range.lowerBound) { ids[Int($0) - 1] } }
            for number in range { try table.insert(ids[number], number: UInt64(number + 1)) }
        }
        for (index, id) in ids.enumerated() { #expect(table.candidates(id).contains(UInt64(index + 1))) }
    }
}
