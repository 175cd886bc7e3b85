import Foundation
import ReelCodec
import ReelFormat
import ReelSystem
import StoreFixtures
import Testing

@testable import ReelStore

/// `reeld verify --repair`: what is damaged is kept beside, what is lost is told for ever, what is sound stays as it was.
@Suite struct RepairTests {
    private static let batchCount = 8

    /// Two recordings of eight batches of ten events, over several segments, closed cleanly; the second one ended.
    private func fill(
        _ directory: TemporaryDirectory, segmentSizeBytes: UInt64 = 2 << 10
    ) throws -> [UInt64: [LocatedFrame]] {
        let store = try Store.forTest(directory) { $0.segmentSizeBytes = segmentSizeBytes }
        defer { store.close() }
        for number in 1...2 {
            var metadata = RecordingMetadata()
            metadata.user = "ada"
            metadata.tags = ["a"]
            _ = try store.start(metadata)
            for batch in 0..<Self.batchCount {
                _ = try store.append(
                    makeEvents(10, from: batch * 10), to: UInt64(number), writer: "w", batch: UInt64(batch))
            }
        }
        _ = try store.end(2)
        var frames: [UInt64: [LocatedFrame]] = [:]
        for number in [1, 2] as [UInt64] { frames[number] = try store.snapshot(number).frames }
        return frames
    }

    private func damage(_ frame: LocatedFrame, at offset: Int) throws {
        let url = URL(filePath: frame.segment.path)
        try Data(contentsOf: url).flipped(Int(frame.entry.offsetBytes) + offset).write(to: url)
    }

    private func repair(_ directory: TemporaryDirectory, isDryRun: Bool = false) throws -> RepairReport {
        try StoreRepair(directory.path, .test, clock: FakeClock()).run(isDryRun: isDryRun)
    }

    /// The events of a recording, damaged and lost ones left out.
    private func rest(_ store: Store, _ number: UInt64) throws -> [String] {
        let reader = SpliceReader(try store.snapshot(number), coding: .identity, skipsDamaged: true)
        var text: [UInt8] = []
        while let piece = try reader.nextPiece() { text += piece }
        let run = try EventScanner().scan(text).run
        return run.events.map {
            String(decoding: run.text[$0.offsetBytes..<$0.offsetBytes + $0.sizeBytes], as: UTF8.self)
        }
    }

    private func events(without lost: Range<Int>) -> [String] {
        makeEvents(10 * Self.batchCount).enumerated().filter { !lost.contains($0.offset) }.map(\.element)
    }

    /// What must hold once events 30 to 39 of a recording were given up.
    private func expectRepaired(_ directory: TemporaryDirectory, recording: UInt64 = 1) throws {
        let verified = try StoreVerifier(directory.path, .test).run()
        #expect(verified.isSound, "\(verified)")
        #expect(verified.givenUp == [VerifyReport.Gap(recording, 30..<40)])
        #expect(verified.eventCount == UInt64(20 * Self.batchCount - 10))
        var dumps: [[String]] = []
        for hasIndex in [true, false] {
            if !hasIndex { try FileManager.default.removeItem(at: directory.file("index")) }
            let store = try Store.forTest(directory)
            defer { store.close() }
            #expect(store.report.damage.isEmpty)
            // The gap stays told: no document that looks whole and is not.
            #expect {
                _ = try store.events(of: recording)
            } throws: { error in
                guard case StoreError.damaged(let damage) = error else { return false }
                return damage.kind == .lostEvents(30..<40)
            }
            #expect(try rest(store, recording) == events(without: 30..<40))
            #expect(try store.events(of: 3 - recording) == makeEvents(10 * Self.batchCount))
            let snapshot = try store.snapshot(recording)
            #expect(snapshot.gaps.map(\.ordinals) == [30..<40] && snapshot.gaps.allSatisfy(\.isGivenUp))
            let row = try store.recording(recording).row
            #expect(row.eventCount == UInt64(10 * Self.batchCount) && row.lostEventCount == 10)
            dumps.append(try store.dump())
        }
        #expect(differences(dumps[0], dumps[1]).isEmpty, "\(differences(dumps[0], dumps[1]).joined(separator: "\n"))")
        #expect(try !repair(directory).isNeeded, "a second repair finds nothing to do")
    }

    @Test(arguments: [20, 196], [false, true])
    func aDamagedFrameIsQuarantinedAndItsLossTold(offset: Int, removesTable: Bool) throws {
        let directory = TemporaryDirectory()
        let frame = try #require(fill(directory)[1])[3]
        let original = try Data(contentsOf: URL(filePath: frame.segment.path))
        try damage(frame, at: offset)
        if removesTable {
            let name = URL(filePath: frame.segment.path).lastPathComponent.replacing(".seg", with: ".frames")
            try FileManager.default.removeItem(at: directory.file("index/\(name)"))
        }
        let before = try directory.listing()
        let dry = try repair(directory, isDryRun: true)
        let changed = try directory.listing().filter { before[$0.key] != $0.value }
        #expect(changed.isEmpty && dry.after == nil, "a dry run changes nothing")

        let report = try repair(directory)
        #expect(report.after?.isSound == true)
        #expect(report.losses == dry.losses && report.losses.count == (offset == 20 && removesTable ? 2 : 1))
        let loss = try #require(report.losses.first)
        #expect(loss.kind == .events && loss.recording == 1 && loss.ordinals == 30..<40 && loss.id != nil)
        // Where neither header nor table is left the neighbours bound the time.
        let times = makeEvents(2, from: 29).count == 2 ? 1_700_000_000_000_000 as Int64 : 0
        if offset == 20, removesTable {
            #expect(
                !loss.isTimeExact && loss.fromMicroseconds == times + 29 * 40_000
                    && loss.toMicroseconds == times + 40 * 40_000)
        } else {
            #expect(
                loss.isTimeExact && loss.fromMicroseconds == times + 30 * 40_000
                    && loss.toMicroseconds == times + 39 * 40_000)
            #expect(loss.batch == 3 && loss.file == frame.segment.path && loss.offsetBytes == frame.entry.offsetBytes)
        }
        let copy = try #require(report.quarantined.first)
        let start = Int(frame.entry.offsetBytes)
        var damaged = original[start..<start + Int(frame.entry.strideBytes)]
        damaged[start + offset] ^= 0x10
        #expect(try Data(contentsOf: URL(filePath: copy.copy)) == Data(damaged))
        let note = try String(contentsOfFile: copy.copy.replacing(".bin", with: ".json"), encoding: .utf8)
        #expect(
            note.contains(#""recording":1"#) == !(offset == 20 && removesTable) && note.contains(frame.segment.path))
        try expectRepaired(directory)
    }

    /// A repeat of a batch that is lost gets its first answer, as before the repair.
    @Test func aLostBatchKeepsItsFirstAnswer() throws {
        let directory = TemporaryDirectory()
        let frame = try #require(fill(directory)[1])[3]
        try damage(frame, at: 200)
        _ = try repair(directory)
        let store = try Store.forTest(directory)
        defer { store.close() }
        let again = try store.append(makeEvents(10, from: 30), to: 1, writer: "w", batch: 3)
        #expect(again.isDuplicate && again.firstOrdinal == 30 && again.eventCount == 10)
        #expect(try store.append(makeEvents(10, from: 80), to: 1, writer: "w", batch: 8).firstOrdinal == 80)
    }

    /// Compaction neither loses what is told nor makes the gap look like anything else.
    @Test func theGapOutlivesCompaction() throws {
        let directory = TemporaryDirectory()
        try damage(try #require(fill(directory)[2])[3], at: 200)
        _ = try repair(directory)
        let store = try Store.forTest(directory)
        _ = try store.vacuum()
        _ = try store.erase(1)
        _ = try store.vacuum()
        #expect(try store.snapshot(2).gaps.map(\.ordinals) == [30..<40])
        store.close()
        let verified = try StoreVerifier(directory.path, .test).run()
        #expect(verified.isSound && verified.givenUp == [VerifyReport.Gap(2, 30..<40)])
    }

    @Test(arguments: [false, true]) func aLostSegmentIsGivenUp(removesTable: Bool) throws {
        let directory = TemporaryDirectory()
        let frames = try fill(directory)
        let victim = try #require(frames[1])[4].segment
        let lost = frames.values.flatMap { $0 }.filter { $0.segment.number == victim.number }.map(\.entry)
        try FileManager.default.removeItem(atPath: victim.path)
        let table = URL(filePath: victim.path).lastPathComponent.replacing(".seg", with: ".frames")
        if removesTable { try FileManager.default.removeItem(at: directory.file("index/\(table)")) }
        #expect(try !StoreVerifier(directory.path, .test).run().isSound)
        let report = try repair(directory)
        #expect(report.lostEventCount == lost.reduce(0) { $0 + UInt64($1.eventCount) })
        #expect(report.losses.allSatisfy { $0.kind == .events && $0.isTimeExact == !removesTable })
        let after = try #require(report.after)
        #expect(after.isSound && after.givenUpEventCount == report.lostEventCount)
        let store = try Store.forTest(directory)
        defer { store.close() }
        #expect(store.report.damage.isEmpty)
        #expect(try store.snapshot(1).gaps.allSatisfy(\.isGivenUp))
        #expect(try !repair(directory: directory, whileOpen: store))
    }

    private func repair(directory: TemporaryDirectory, whileOpen store: Store) throws -> Bool {
        #expect { try repair(directory) } throws: {
            if case RepairError.open(.locked) = $0 { true } else { false }
        }
        return false
    }

    /// A row counted a frame that was lost in one segment when another segment of the recording was written anew.
    @Test func damageInSeveralSegmentsLeavesTheIndexEqual() throws {
        let directory = TemporaryDirectory()
        let filled = try Store.forTest(directory) { $0.segmentFrameMax = 3 }
        for number in 1...2 { #expect(try filled.start().recording.number == number) }
        // The second segment keeps a frame of recording 1, the third has no other.
        for (batch, number) in [1, 1, 1, 2, 1, 2, 2, 1].enumerated() {
            _ = try filled.append(makeEvents(10, from: batch * 10), to: UInt64(number))
        }
        let frames = try filled.snapshot(1).frames
        filled.close()
        for victim in [frames[1], frames[3]] { try damage(victim, at: 200) }
        let report = try repair(directory)
        #expect(report.after?.isSound == true && report.lostEventCount == 20 && report.rewrittenSegments.count == 2)
        let store = try Store.forTest(directory)
        let dump = try store.dump()
        store.close()
        try FileManager.default.removeItem(at: directory.file("index"))
        let again = try Store.forTest(directory)
        defer { again.close() }
        let changed = differences(try again.dump(), dump)
        #expect(changed.isEmpty, "\(changed.joined(separator: "\n"))")
    }

    /// What is known of a recording whose metadata was lost comes from its row and from older metadata.
    @Test(arguments: [false, true]) func lostMetadataIsMadeAnewFromWhatIsLeft(isOnlyOne: Bool) throws {
        let directory = TemporaryDirectory()
        _ = try fill(directory, segmentSizeBytes: 1 << 20)
        let store = try Store.forTest(directory)
        let listed = try store.recording(isOnlyOne ? 1 : 2)
        let segment = try #require(store.snapshot(1).frames.first).segment
        store.close()
        let url = URL(filePath: segment.path)
        try Data(contentsOf: url).flipped(Int(listed.row.metadataOffsetBytes) + 200).write(to: url)
        let report = try repair(directory)
        #expect(report.losses.map(\.kind) == [.metadata] && report.losses.first?.recording == listed.row.number)
        #expect(report.after?.isSound == true && report.after?.givenUp == [])
        let again = try Store.forTest(directory)
        defer { again.close() }
        let now = try again.recording(listed.row.number)
        #expect(now.metadata.id == listed.metadata.id && again.number(of: now.metadata.id) == listed.row.number)
        #expect(now.row.status == listed.row.status && now.row.endedMicroseconds == listed.row.endedMicroseconds)
        #expect(now.metadata.createdMicroseconds == listed.metadata.createdMicroseconds)
        #expect(now.metadata.user == (isOnlyOne ? "" : "ada"))
        #expect(try again.events(of: listed.row.number) == makeEvents(10 * Self.batchCount))
    }

    @Test func aLostStateFrameIsMadeAnew() throws {
        let directory = TemporaryDirectory()
        _ = try fill(directory)
        for name in try directory.segments() {
            let path = directory.file("log/\(name)")
            try Data(contentsOf: path).flipped(200).write(to: path)
        }
        let report = try repair(directory)
        #expect(report.losses.isEmpty && report.after?.isSound == true)
        let store = try Store.forTest(directory)
        defer { store.close() }
        #expect(store.report.damage.isEmpty)
        for number in [1, 2] as [UInt64] { #expect(try store.events(of: number) == makeEvents(80)) }
    }

    @Test func aSegmentOfAnotherStoreIsCopiedAndGoes() throws {
        let directory = TemporaryDirectory()
        _ = try fill(directory)
        let other = TemporaryDirectory()
        _ = try fill(other)
        let foreign = try Data(contentsOf: other.file("log/0000000001.seg"))
        let path = directory.file("log/0000000099.seg")
        try foreign.write(to: path)
        // The daemon leaves it alone and says so.
        let store = try Store.forTest(directory)
        #expect(store.report.damage == [Corruption(file: path.path, offsetBytes: 0, kind: .foreignFrame)])
        #expect(try store.append(makeEvents(1, from: 80), to: 1).firstOrdinal == 80)
        store.close()
        #expect(try Data(contentsOf: path) == foreign)
        let report = try repair(directory)
        #expect(report.after?.isSound == true && report.lostEventCount == 0)
        #expect(try Data(contentsOf: URL(filePath: try #require(report.quarantined.first).copy)) == foreign)
        #expect(!FileManager.default.fileExists(atPath: path.path))
    }

    @Test func swappedSegmentsLoseNothing() throws {
        let directory = TemporaryDirectory()
        _ = try fill(directory)
        let names = try directory.segments()
        let (one, other) = (directory.file("log/\(names[1])"), directory.file("log/\(names[2])"))
        let (first, second) = (try Data(contentsOf: one), try Data(contentsOf: other))
        try first.write(to: other)
        try second.write(to: one)
        let report = try repair(directory)
        #expect(report.losses.isEmpty && report.after?.isSound == true)
        let store = try Store.forTest(directory)
        defer { store.close() }
        for number in [1, 2] as [UInt64] { #expect(try store.events(of: number) == makeEvents(80)) }
    }

    @Test func aDamagedIndexIsMadeAnew() throws {
        let directory = TemporaryDirectory()
        _ = try fill(directory)
        let path = directory.file("index/recordings")
        try Data(contentsOf: path).flipped(4096 + 90).write(to: path)
        #expect(try !StoreVerifier(directory.path, .test).run().isSound)
        let report = try repair(directory)
        #expect(report.hasRebuiltIndex && report.losses.isEmpty && report.after?.isSound == true)
    }

    /// A repair is stopped after each of its changes, and a second one finishes the work: nothing more is lost.
    @Test func aRepairBrokenOffAnywhereIsFinishedByTheNext() throws {
        let directory = TemporaryDirectory()
        try damage(try #require(fill(directory)[1])[3], at: 200)
        var stopped = 0
        while true {
            let copy = try directory.crashed()
            let fileSystem = StoppingFileSystem(after: stopped)
            let repair = StoreRepair(copy.path, .test, fileSystem: fileSystem, clock: FakeClock())
            _ = try? repair.run(isDryRun: false)
            _ = try StoreRepair(copy.path, .test, clock: FakeClock()).run(isDryRun: false)
            try expectRepaired(copy)
            guard fileSystem.hasStopped else { break }
            stopped += 1
        }
        #expect(stopped > 20, "a repair makes many changes")
    }

    @Test func whereThereIsNoStoreNothingIsMade() throws {
        let directory = TemporaryDirectory()
        #expect(throws: RepairError.self) { try repair(directory) }
        #expect(try directory.listing().isEmpty)
    }
}
