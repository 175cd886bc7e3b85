import Foundation
import ReelCodec
import ReelFormat
import ReelStore
import StoreFixtures
import Testing

/// Stores of earlier days that must stay readable for ever; FORMAT.md §20.
@Suite struct GoldenTests {
    private static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .appending(path: "Golden")
    /// A golden store and what it holds.
    struct Version: Sendable, CustomTestStringConvertible {
        var name: String
        var content: GoldenStore.Content
        /// Events that can be read, and segments.
        var eventCount: UInt64
        var segmentCount: Int
        /// Ordinals that were given up, by recording.
        var lost: [UInt64: Range<UInt64>]

        var testDescription: String { name }
    }

    private static let versions = [
        Version(name: "v1", content: .first, eventCount: 72 + 18 + 33, segmentCount: 3, lost: [:]),
        Version(
            name: "v1-losses", content: .losses, eventCount: 75 + 85 + 30 + 9 + 2, segmentCount: 5,
            lost: [4: 5..<10, 5: 6..<9]),
        Version(
            name: "v1-sealed", content: .sealed, eventCount: 75 + 88 + 30 + 9 + 12, segmentCount: 2,
            lost: [4: 5..<10, 5: 6..<9]),
    ]

    private func expected(_ version: String, _ name: String) throws -> [UInt8] {
        Array(try Data(contentsOf: GoldenTests.root.appending(path: "\(version)/expected/\(name)")))
    }

    private func copy(_ version: String) throws -> TemporaryCopy {
        try TemporaryCopy(of: GoldenTests.root.appending(path: "\(version)/store"))
    }

    private var first: Version { GoldenTests.versions[0] }

    @Test(arguments: versions) func itGivesEveryEventByteForByte(version: Version) throws {
        var dumps: [[String]] = []
        for hasIndex in [true, false] {
            let copy = try copy(version.name)
            if !hasIndex { try FileManager.default.removeItem(atPath: "\(copy.path)/index") }
            let store = try StoreHandle(copy.path, version.content.encryption, clock: GoldenClock())
            defer { store.close() }
            // The index is derived: a program with another one raises the checkpoint's version and rebuilds it here.
            #expect(store.store.report.damage.isEmpty && store.store.report.rebuiltIndex == !hasIndex)
            for number in version.content.recordings {
                let isLossy = version.lost[number] != nil
                #expect(
                    try store.store.snapshot(number).gaps.map(\.ordinals) == (version.lost[number].map { [$0] } ?? []))
                if isLossy { #expect(throws: StoreError.self) { try store.document(of: number) } }
                let document = try store.document(of: number, skipsDamaged: isLossy)
                #expect(try document == expected(version.name, "\(number).json"), "recording \(number)")
                let zipped = try store.document(of: number, coding: .gzip, skipsDamaged: isLossy)
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
        #expect(try expected("v1-losses", "1.json") == document(GoldenStore.events(0, 75)))
        #expect(try expected("v1-losses", "2.json") == document(GoldenStore.events(0, 85)))
        #expect(try expected("v1-losses", "4.json") == document(GoldenStore.events(0, 5) + GoldenStore.events(10, 25)))
        #expect(try expected("v1-losses", "5.json") == document((0..<3).flatMap { _ in GoldenStore.oddities }))
        for name in ["1.json", "4.json", "5.json"] {
            #expect(try expected("v1-sealed", name) == expected("v1-losses", name))
        }
        #expect(try expected("v1-sealed", "2.json") == document(GoldenStore.events(0, 88)))
        #expect(try expected("v1-sealed", "8.json") == document(GoldenStore.events(0, 12)))
    }

    /// What is frozen is what is said to be in it.
    @Test func theSealedOneTellsWhatIsGone() throws {
        let copy = try copy("v1-sealed")
        let store = try StoreHandle(copy.path, .test, clock: GoldenClock())
        defer { store.close() }
        func refusal(_ number: UInt64) -> String {
            do throws(StoreError) { return "\(try store.store.recording(number).row.status)" } catch {
                return "\(error)"
            }
        }
        #expect(refusal(3).hasPrefix("erased") && refusal(6).hasPrefix("erased"))
        #expect(refusal(7).hasPrefix("expired"))
    }

    @Test func theSealedOneShowsNothingToWhoHasNoKey() throws {
        let copy = try copy("v1-sealed")
        let files = try FileManager.default.subpathsOfDirectory(atPath: copy.path)
        for file in files where file.hasSuffix(".seg") || file.hasPrefix("index/") {
            let bytes = try Data(contentsOf: URL(filePath: "\(copy.path)/\(file)"))
            for text in ["example", "shop", "note"] { #expect(bytes.range(of: Data(text.utf8)) == nil, "\(file)") }
        }
        let other = StoreEncryption.key(StoreEncryption.key(of: 8))
        let refusal = #expect(throws: OpenError.self) { try StoreHandle(copy.path, other, clock: GoldenClock()) }
        guard case .wrongKey = refusal else { throw DocumentFault("\(String(describing: refusal))") }
    }

    /// What clients keep must stay good: write tokens come from the store's secret.
    @Test(arguments: versions) func theTokensThatWereGivenOutAreStillGood(version: Version) throws {
        let copy = try copy(version.name)
        let store = try StoreHandle(copy.path, version.content.encryption, clock: GoldenClock())
        defer { store.close() }
        let lines = String(decoding: try expected(version.name, "tokens.txt"), as: UTF8.self).split(separator: "\n")
        #expect(lines.count == version.content.recordings.count)
        for line in lines {
            let words = line.split(separator: " ").map(String.init)
            let id = try #require(UUIDv7(words[1]))
            #expect(store.store.number(of: id) == UInt64(words[0]))
            #expect(store.store.isWriteToken(words[2], for: id))
        }
    }

    @Test(arguments: versions) func itVerifies(version: Version) throws {
        let copy = try copy(version.name)
        let report = try StoreVerifier(copy.path, version.content.encryption).run()
        #expect(report.isSound, "\(report)")
        #expect(report.eventCount == version.eventCount && report.segmentCount == version.segmentCount)
        #expect(report.givenUpEventCount == version.lost.values.reduce(0) { $0 + UInt64($1.count) })
    }

    @Test func itIsWrittenOnAndRemembers() throws {
        let copy = try copy(first.name)
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
        #expect(try store.document(of: 1) == expected(first.name, "1.json"))
    }

    /// Batches that were lost have their first answers still, and what comes behind them goes on.
    @Test func aStoreWithLossesIsWrittenOnAndRemembers() throws {
        let copy = try copy("v1-losses")
        let store = try StoreHandle(copy.path, clock: GoldenClock())
        defer { store.close() }
        let lost = try store.append(GoldenStore.events(5, 5), to: 4, writer: "a", batch: 1)
        #expect(lost.isDuplicate && lost.firstOrdinal == 5 && lost.eventCount == 5)
        let merged = try store.append(GoldenStore.events(30, 15), to: 1, writer: "tab", batch: 2)
        #expect(merged.isDuplicate && merged.firstOrdinal == 30 && merged.eventCount == 15)
        for number in [3, 6] as [UInt64] {
            #expect(throws: StoreError.self) {
                try store.append(GoldenStore.oddities, to: number, writer: nil, batch: nil)
            }
        }
        #expect(try store.append(GoldenStore.oddities, to: 5, writer: nil, batch: nil).firstOrdinal == 12)
        let row = try store.store.recording(2)
        #expect(row.metadata.notes == "a note" && row.metadata.isPinned && row.row.eventCount == 85)
        #expect(try store.store.recording(4).row.lostEventCount == 5)
        try store.vacuum()
        #expect(try store.document(of: 4, skipsDamaged: true) == expected("v1-losses", "4.json"))
        #expect(try store.start(RecordingMetadata()).recording.number == 7)
    }

    /// Not a test: `REELD_MAKE_GOLDEN=DIRECTORY` makes golden stores of the format as it is now.
    @Test(.enabled(if: ProcessInfo.processInfo.environment["REELD_MAKE_GOLDEN"] != nil))
    func makeGoldenStore() throws {
        let path = try #require(ProcessInfo.processInfo.environment["REELD_MAKE_GOLDEN"])
        for version in GoldenTests.versions {
            try GoldenStore(URL(filePath: path).appending(path: version.name), version.content).make()
        }
    }
}
