import Foundation
import ReelCodec
import ReelFormat
import StoreFixtures
import Testing

@testable import ReelStore

/// Damage that once was passed over in silence, or cost more than it hit.
@Suite struct DamagedStoreTests {
    /// One recording of twelve numbered batches in small segments, closed cleanly.
    private func fill(_ directory: TemporaryDirectory, segmentSizeBytes: UInt64 = 1 << 20) throws -> [LocatedFrame] {
        let store = try Store.forTest(directory) { $0.segmentSizeBytes = segmentSizeBytes }
        defer { store.close() }
        var metadata = RecordingMetadata()
        metadata.user = "ada"
        _ = try store.start(metadata)
        for batch in 0..<12 {
            _ = try store.append(makeEvents(10, from: batch * 10), to: 1, writer: "w", batch: UInt64(batch))
        }
        return try store.snapshot(1).frames
    }

    private func flip(_ path: String, _ offset: UInt64) throws {
        try Data(contentsOf: URL(filePath: path)).flipped(Int(offset)).write(to: URL(filePath: path))
    }

    private func isDamaged(_ error: any Error, _ path: String, _ offset: UInt64) -> Bool {
        guard case StoreError.damaged(let damage) = error else { return false }
        return damage.file == path && damage.offsetBytes == offset
    }

    /// An empty log was taken for one in which nothing had happened yet: the daemon started, and gave the numbers out again.
    @Test func aLogThatIsGoneIsNotTakenForAnEmptyOne() throws {
        let directory = TemporaryDirectory()
        _ = try fill(directory)
        let log = directory.file("log")
        let away = directory.file("away")
        try FileManager.default.moveItem(at: log, to: away)
        try FileManager.default.createDirectory(at: log, withIntermediateDirectories: false)
        let before = try directory.listing()
        for path in ["index/0000000001.frames", nil] {
            #expect { try Store.forTest(directory) } throws: {
                if case OpenError.logMissing(log.path, 1)? = $0 as? OpenError { true } else { false }
            }
            if path == nil { continue }
            #expect(try directory.listing() == before)
            #expect(try StoreVerifier(directory.path, .test).run().lostRecordings == [1])
            try FileManager.default.removeItem(at: directory.file("index/0000000001.frames"))
        }
        try FileManager.default.removeItem(at: log)
        try FileManager.default.moveItem(at: away, to: log)
        let store = try Store.forTest(directory)
        #expect(try store.events(of: 1).count == 120)
        store.close()
    }

    /// With the index gone too nothing tells what a lost segment held; that recordings are missing is told all the same.
    @Test func numbersThatNothingTellsOfAreTold() throws {
        let directory = TemporaryDirectory()
        let store = try Store.forTest(directory)
        for number: UInt64 in 1...5 {
            _ = try store.start()
            _ = try store.append(makeEvents(10), to: number)
            if number == 2 || number == 4 { _ = try store.context.wait { .rotate($0) } }
        }
        _ = try store.erase(4)
        store.close()
        #expect(try StoreVerifier(directory.path, .test).run().unaccountedCount == 0)
        try FileManager.default.removeItem(at: directory.file("log/0000000001.seg"))
        try FileManager.default.removeItem(at: directory.file("index"))
        #expect(try StoreVerifier(directory.path, .test).run().unaccountedCount == 2)
        let again = try Store.forTest(directory)
        #expect(again.report.unaccountedCount == 2 && again.report.recordingCount == 2)
        #expect(again.statistics.recordingCount == 2 && again.statistics.erasedRecordingCount == 1)
        again.close()
    }

    /// The last frame of a store that was stopped was taken for a write that a crash cut off: cut away in silence, and
    /// called sound by verify.
    @Test(arguments: [20, 200] as [UInt64], [false, true])
    func damageBeforeTheCheckpointIsNoTornWrite(offset: UInt64, removesTable: Bool) throws {
        let directory = TemporaryDirectory()
        let last = try #require(fill(directory).last)
        let path = last.segment.path
        try flip(path, last.entry.offsetBytes + offset)
        if removesTable { try FileManager.default.removeItem(at: directory.file("index/0000000001.frames")) }
        let report = try StoreVerifier(directory.path, .test).run()
        #expect(report.damage.contains { $0.file == path && $0.offsetBytes == last.entry.offsetBytes })
        #expect(report.gaps == [VerifyReport.Gap(1, 110..<120)] && report.unfinishedBytes == 0)
        let size = try Data(contentsOf: URL(filePath: path)).count
        let store = try Store.forTest(directory)
        #expect { _ = try store.events(of: 1) } throws: { isDamaged($0, path, last.entry.offsetBytes) || removesTable }
        #expect(try store.append(makeEvents(1, from: 120), to: 1).firstOrdinal == 120)
        store.close()
        #expect(try Data(contentsOf: URL(filePath: path)).count >= size, "nothing was cut away")
    }

    /// What was erased came back when the index was lost too.
    @Test func anErasedRecordingStaysErasedWhenItsTombstoneIsDamaged() throws {
        let directory = TemporaryDirectory()
        let segment = try #require(fill(directory).first).segment
        let store = try Store.forTest(directory)
        _ = try store.erase(1)
        _ = try store.start()
        let tombstone = try #require(store.context.view.frames(of: 1).last { $0.entry.kind == .tombstone })
        store.close()
        try flip(segment.path, tombstone.entry.offsetBytes + 200)
        for round in 0..<2 {
            try FileManager.default.removeItem(at: directory.file("index"))
            let again = try Store.forTest(directory)
            #expect(round == 1 || again.report.damage.contains { $0.offsetBytes == tombstone.entry.offsetBytes })
            #expect(throws: StoreError.self) { try again.snapshot(1) }
            again.close()
        }
    }

    /// Each of its events was read twice.
    @Test func aCopyOfASegmentCompactedSinceDoublesNothing() throws {
        let directory = TemporaryDirectory()
        let frames = try fill(directory, segmentSizeBytes: 2 << 10)
        let old = try #require(frames.first).segment
        let copy = try Data(contentsOf: URL(filePath: old.path))
        let store = try Store.forTest(directory)
        _ = try store.end(1)
        _ = try store.vacuum()
        store.close()
        // Until no state frame says any more that the old one is void.
        try Store.forTest(directory).close()
        let renamed = Array(copy)
        var bytes = renamed
        let stateBytes = Int(FrameHeader.stride(storedSizeBytes: UInt32(try old.stateSizeBytes(in: renamed))))
        bytes.removeFirst(stateBytes)
        try Data(bytes).write(to: directory.file("log/0000000090.seg"))
        try FileManager.default.removeItem(at: directory.file("index"))
        let again = try Store.forTest(directory)
        defer { again.close() }
        #expect(try again.events(of: 1) == makeEvents(120))
        _ = try again.vacuum()
        #expect(try again.events(of: 1) == makeEvents(120))
    }

    /// It was removed because another segment of that number had been compacted.
    @Test func aRenamedSegmentIsNotVoidByItsNewName() throws {
        let directory = TemporaryDirectory()
        _ = try fill(directory, segmentSizeBytes: 2 << 10)
        let store = try Store.forTest(directory) { $0.segmentSizeBytes = 2 << 10 }
        let first = try #require(directory.segments().first)
        _ = try store.vacuum()
        for batch in 12..<30 { _ = try store.append(makeEvents(10, from: batch * 10), to: 1) }
        let hot = try #require(store.snapshot(1).frames.last { $0.entry.firstOrdinal < 250 }).segment
        store.close()
        try #require(!directory.segments().contains(first))
        try FileManager.default.moveItem(at: URL(filePath: hot.path), to: directory.file("log/\(first)"))
        let again = try Store.forTest(directory)
        defer { again.close() }
        #expect(again.report.damage.contains { $0.file.hasSuffix(first) && $0.kind == .state })
        #expect(try again.events(of: 1) == makeEvents(300))
    }

    /// The list looks at rows without their checksums: the recording was not in it, or in the wrong ones.
    @Test func aDamagedRowIsListedAsBefore() throws {
        let directory = TemporaryDirectory()
        _ = try fill(directory)
        let sound = try Data(contentsOf: directory.file("index/recordings"))
        for offset in [4, 5, 12] {
            try sound.flipped(4096 + offset).write(to: directory.file("index/recordings"))
            let store = try Store.forTest(directory)
            var query = RecordingQuery()
            query.statuses = [.recording]
            query.equalities = [.init(field: .user, value: "ada")]
            #expect(store.list(query, limit: 10).recordings.map(\.row.number) == [1], "byte \(offset)")
            store.close()
            #expect(try StoreVerifier(directory.path, .test).run().isSound, "it was made anew")
        }
    }

    /// A summary of another moment was shown beside its row.
    @Test func aSummaryOfAnotherMomentIsFoldedAgain() throws {
        let directory = TemporaryDirectory()
        _ = try fill(directory)
        let old = try Data(contentsOf: directory.file("index/summaries"))
        let store = try Store.forTest(directory)
        _ = try store.append(makeEvents(2, page: "https://elsewhere.example/new"), to: 1)
        store.close()
        try old.write(to: directory.file("index/summaries"))
        let again = try Store.forTest(directory)
        #expect(try again.recording(1).summary.lastURL == "https://elsewhere.example/new")
        again.close()
        #expect(try Data(contentsOf: directory.file("index/summaries")) != old, "it was written anew")
    }

    /// With the index gone older metadata was served, as if it were current.
    @Test(arguments: [20, 200] as [UInt64]) func damagedMetadataIsToldAndNotPassedOver(offset: UInt64) throws {
        let directory = TemporaryDirectory()
        let segment = try #require(fill(directory).first).segment
        let store = try Store.forTest(directory)
        let row = try store.change(1) { $0.notes = "new" }
        _ = try store.append(makeEvents(10, from: 120), to: 1)
        store.close()
        try flip(segment.path, UInt64(row.metadataOffsetBytes) + offset)
        for removesIndex in [false, true] {
            if removesIndex { try FileManager.default.removeItem(at: directory.file("index")) }
            let again = try Store.forTest(directory)
            let page = again.list(RecordingQuery(), limit: 10)
            if removesIndex, offset == 20 {
                // Nothing is left that would say that it was metadata; opening and verify tell of the place.
                #expect(again.report.damage.contains { $0.offsetBytes == UInt64(row.metadataOffsetBytes) })
            } else {
                #expect(page.recordings.isEmpty && page.damage.map(\.offsetBytes) == [UInt64(row.metadataOffsetBytes)])
                #expect { _ = try again.recording(1) } throws: {
                    isDamaged($0, segment.path, UInt64(row.metadataOffsetBytes))
                }
            }
            #expect(try again.events(of: 1) == makeEvents(130))
            again.close()
        }
    }

    /// The batches of a merged chunk stand before its member: where it was damaged the recording took no event any more.
    @Test func aDamagedChunkDoesNotStopWriting() throws {
        let directory = TemporaryDirectory()
        _ = try fill(directory)
        let store = try Store.forTest(directory)
        _ = try store.append(makeEvents(2, from: 1000), to: 1)
        _ = try store.vacuum()
        let chunk = try #require(store.snapshot(1).frames.first)
        try #require(chunk.entry.flags.contains(.merged))
        store.close()
        try flip(chunk.segment.path, chunk.entry.offsetBytes + 195)
        let again = try Store.forTest(directory)
        defer { again.close() }
        #expect(try again.append(makeEvents(10, from: 122), to: 1, writer: "w", batch: 50).firstOrdinal == 122)
    }

    /// Compaction left it out, and no copy of its bytes was anywhere.
    @Test(arguments: [20, 200] as [UInt64], [false, true])
    func compactionDestroysNoDamagedBytes(offset: UInt64, removesIndex: Bool) throws {
        let directory = TemporaryDirectory()
        let frames = try fill(directory)
        let victim = frames[5]
        try flip(victim.segment.path, victim.entry.offsetBytes + offset)
        let bytes = try Data(contentsOf: URL(filePath: victim.segment.path))
        let start = Int(victim.entry.offsetBytes)
        let damaged = bytes[start..<start + Int(victim.entry.strideBytes)]
        if removesIndex { try FileManager.default.removeItem(at: directory.file("index")) }
        let store = try Store.forTest(directory)
        _ = try store.end(1)
        #expect(try store.vacuum().segmentCount > 0)
        #expect(throws: StoreError.self) { _ = try store.events(of: 1) }
        #expect(try store.append(makeEvents(1, from: 120), to: 1).firstOrdinal == 120)
        store.close()
        let kept = try directory.segments().contains { name in
            try Data(contentsOf: directory.file("log/\(name)")).range(of: damaged) != nil
        }
        #expect(kept, "the damaged bytes are in the log still")
        let report = try StoreVerifier(directory.path, .test).run()
        #expect(!report.damage.isEmpty && report.gaps == [VerifyReport.Gap(1, 50..<60)])
        let repaired = try StoreRepair(directory.path, .test, clock: FakeClock()).run(isDryRun: false)
        #expect(repaired.after?.isSound == true && repaired.lostEventCount == 10)
    }

    /// A bit of `ids` that changed made a start with a known id another recording.
    @Test(arguments: ["flipped", "zeroed"]) func aStartWithAKnownIDIsTheSameWhenItsSlotIsDamaged(damage: String) throws
    {
        let directory = TemporaryDirectory()
        _ = try fill(directory)
        let id = try UUIDv7(unixMilliseconds: 1_800_000_000_000)
        let store = try Store.forTest(directory)
        let first = try store.start(id: id)
        store.close()
        let path = directory.file("index/ids")
        var bytes = try Data(contentsOf: path)
        for offset in stride(from: 4096, to: bytes.count, by: 8) where bytes[offset] == 2 {
            if damage == "flipped" { bytes[offset] ^= 0x10 } else { bytes[offset..<offset + 8] = Data(count: 8) }
        }
        try bytes.write(to: path)
        let again = try Store.forTest(directory)
        defer { again.close() }
        #expect(try again.start(id: id) == StartReceipt(recording: first.recording, isDuplicate: true))
    }
}

extension Segment {
    /// The size of the state payload at the beginning of a segment's bytes.
    fileprivate func stateSizeBytes(in bytes: [UInt8]) throws -> Int {
        let span = bytes.span
        return Int(try FrameHeader(decoding: span.bytes).storedSizeBytes)
    }
}
