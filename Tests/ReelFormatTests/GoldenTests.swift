import Foundation
import ReelCodec
import ReelFormat
import ReelStore
import Testing

/// Stores of earlier days that must stay readable for ever; FORMAT.md §20.
@Suite struct GoldenTests {
    private static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .appending(path: "Golden")
    private static let versions = ["v1"]

    private func expected(_ version: String, _ name: String) throws -> [UInt8] {
        Array(try Data(contentsOf: GoldenTests.root.appending(path: "\(version)/expected/\(name)")))
    }

    private func copy(_ version: String) throws -> TemporaryCopy {
        try TemporaryCopy(of: GoldenTests.root.appending(path: "\(version)/store"))
    }

    @Test(arguments: versions) func itGivesEveryEventByteForByte(version: String) throws {
        var dumps: [[String]] = []
        for hasIndex in [true, false] {
            let copy = try copy(version)
            if !hasIndex { try FileManager.default.removeItem(atPath: "\(copy.path)/index") }
            let store = try StoreHandle(copy.path, clock: GoldenClock())
            defer { store.close() }
            // The index is derived: a program with another one raises the checkpoint's version and rebuilds it here.
            #expect(store.store.report.damage.isEmpty && store.store.report.rebuiltIndex == !hasIndex)
            for number in [1, 2, 4] as [UInt64] {
                let document = try store.document(of: number)
                #expect(try document == expected(version, "\(number).json"), "recording \(number)")
                let zipped = try store.document(of: number, coding: .gzip)
                #expect(try GzipBody.inflate(zipped, limitBytes: 1 << 20) == document, "recording \(number)")
            }
            dumps.append(try store.dump())
        }
        // Rows are not read as something else than what the log says.
        #expect(dumps[0] == dumps[1] && dumps[0].count > 4)
    }

    /// The frozen expectation itself is what was recorded, not what a reader once made of it.
    @Test func whatItGivesIsWhatWasRecorded() throws {
        func document(_ events: [String]) -> [UInt8] { Array(("[" + events.joined(separator: ",\n") + "]").utf8) }
        #expect(try expected("v1", "1.json") == document(GoldenStore.events(0, 72)))
        #expect(try expected("v1", "2.json") == document((0..<6).flatMap { _ in GoldenStore.oddities }))
        #expect(try expected("v1", "4.json") == document(GoldenStore.events(0, 33)))
    }

    /// What clients keep must stay good: write tokens come from the store's secret.
    @Test(arguments: versions) func theTokensThatWereGivenOutAreStillGood(version: String) throws {
        let copy = try copy(version)
        let store = try StoreHandle(copy.path, clock: GoldenClock())
        defer { store.close() }
        let lines = String(decoding: try expected(version, "tokens.txt"), as: UTF8.self).split(separator: "\n")
        #expect(lines.count == 3)
        for line in lines {
            let words = line.split(separator: " ").map(String.init)
            let id = try #require(UUIDv7(words[1]))
            #expect(store.store.number(of: id) == UInt64(words[0]))
            #expect(store.store.isWriteToken(words[2], for: id))
        }
    }

    @Test(arguments: versions) func itVerifies(version: String) throws {
        let copy = try copy(version)
        let report = try StoreVerifier(copy.path).run()
        #expect(report.isSound, "\(report)")
        #expect(report.eventCount == 72 + 18 + 33 && report.segmentCount == 3)
    }

    @Test(arguments: versions) func itIsWrittenOnAndRemembers(version: String) throws {
        let copy = try copy(version)
        let store = try StoreHandle(copy.path, clock: GoldenClock())
        defer { store.close() }
        // Batches of the compacted, the ended and the open recording get their first answers again.
        let merged = try store.append(GoldenStore.events(24, 12), to: 1, writer: "tab", batch: 2)
        #expect(merged.isDuplicate && merged.firstOrdinal == 24 && merged.eventCount == 12)
        let hot = try store.append(GoldenStore.events(30, 3), to: 4, writer: "b", batch: 9_000)
        #expect(hot.isDuplicate && hot.firstOrdinal == 30)
        #expect(throws: StoreError.self) { try store.append(GoldenStore.events(0, 1), to: 3, writer: nil, batch: nil) }
        #expect(try store.append(GoldenStore.oddities, to: 2, writer: nil, batch: nil).firstOrdinal == 18)
        let row = try store.store.recording(2)
        #expect(row.metadata.notes == "line\nbreak \"quoted\" \\" && row.metadata.isPinned)
        #expect(row.metadata.activity == "Zürich – 日本 🦜" && row.row.flags.contains([.pinned, .moreTags]))
        #expect(store.store.number(of: row.metadata.id) == 2)
        #expect(try store.start(RecordingMetadata()).recording.number == 5)
        try store.vacuum()
        #expect(try store.document(of: 1) == expected(version, "1.json"))
    }

    /// Not a test: `REELD_MAKE_GOLDEN=DIRECTORY` makes a golden store of the format as it is now.
    @Test(.enabled(if: ProcessInfo.processInfo.environment["REELD_MAKE_GOLDEN"] != nil))
    func makeGoldenStore() throws {
        let path = try #require(ProcessInfo.processInfo.environment["REELD_MAKE_GOLDEN"])
        try GoldenStore(URL(filePath: path)).make()
    }
}
