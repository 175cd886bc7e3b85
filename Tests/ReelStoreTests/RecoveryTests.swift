import Foundation
import ReelCodec
import ReelFormat
import Testing

@testable import ReelStore

@Suite struct RecoveryTests {
    /// A store with several recordings in every state, small segments, some of it checkpointed.
    private func fill(_ directory: TemporaryDirectory, clock: FakeClock = FakeClock()) throws -> Store {
        let store = try Store.forTest(directory, clock: clock) { $0.segmentSizeBytes = 8 << 10 }
        for number in 1...6 {
            var metadata = RecordingMetadata()
            metadata.user = "user \(number % 2)"
            metadata.tags = (0..<number).map { "tag \($0)" }
            _ = try store.start(metadata)
            for batch in 0..<8 {
                let page = "https://shop\(number).example/p\(batch)/item?q=secret"
                let events = makeEvents(10, from: batch * 10, snapshotEvery: 10, page: page)
                _ = try store.append(events, to: UInt64(number), writer: "w", batch: UInt64(batch))
                clock.advance(seconds: 1)
            }
            if number == 3 { try store.checkpoint() }
        }
        _ = try store.end(2)
        _ = try store.change(4) { $0.notes = "kept" }
        _ = try store.erase(5)
        return store
    }

    @Test func aKilledStoreComesBackEqual() throws {
        let directory = TemporaryDirectory()
        let store = try fill(directory)
        let dump = try store.dump()
        let events = try store.events(of: 1)
        let crashed = try directory.crashed()
        store.close()
        let again = try Store.forTest(crashed)
        defer { again.close() }
        #expect(try again.dump() == dump)
        #expect(!again.report.rebuiltIndex && again.report.damage.isEmpty)
        #expect(again.report.replayedFrameCount > 0 || again.report.recordingCount == 5)
        #expect(try again.events(of: 1) == events)
        #expect(try again.start().recording.number == 7)
    }

    @Test func aCleanlyStoppedStoreReplaysNothing() throws {
        let directory = TemporaryDirectory()
        let store = try fill(directory)
        let dump = try store.dump()
        store.close()
        let again = try Store.forTest(directory)
        defer { again.close() }
        #expect(again.report.replayedFrameCount == 0 && !again.report.rebuiltIndex)
        #expect(try again.dump() == dump)
    }

    @Test func aRestartWritesNoTableAgain() throws {
        let directory = TemporaryDirectory()
        try fill(directory).close()
        let path = "\(directory.path)/index/0000000001.frames"
        func inode() throws -> UInt64 {
            let attributes = try FileManager.default.attributesOfItem(atPath: path)
            return try #require(attributes[.systemFileNumber] as? UInt64)
        }
        let before = try inode()
        let again = try Store.forTest(directory)
        _ = try again.start()
        again.close()
        #expect(try inode() == before)
    }

    @Test(arguments: [false, true]) func aDeletedIndexIsRebuiltEqual(isCompacted: Bool) throws {
        let directory = TemporaryDirectory()
        let store = try fill(directory)
        if isCompacted { _ = try store.vacuum() }
        let dump = try store.dump()
        store.close()
        try FileManager.default.removeItem(atPath: "\(directory.path)/index")
        let again = try Store.forTest(directory)
        defer { again.close() }
        #expect(again.report.rebuiltIndex)
        let changed = differences(try again.dump(), dump)
        #expect(changed.isEmpty, "\(changed.joined(separator: "\n"))")
    }

    @Test(arguments: ["recordings", "summaries", "ids"]) func anyIndexFileMayBeMissing(name: String) throws {
        let directory = TemporaryDirectory()
        let store = try fill(directory)
        let dump = try store.dump()
        let id = try store.recording(4).row.id
        store.close()
        try FileManager.default.removeItem(atPath: "\(directory.path)/index/\(name)")
        let again = try Store.forTest(directory)
        defer { again.close() }
        #expect(try again.dump() == dump)
        #expect(again.number(of: id) == 4)
    }

    @Test func rowsOlderThanTheirCheckpointSaysAreFoldedAgain() throws {
        let directory = TemporaryDirectory()
        let store = try fill(directory)
        let dump = try store.dump()
        store.close()
        // A row is zeroed and another one flipped: neither is served as it is.
        let rows = try FileHandle(forUpdating: URL(filePath: "\(directory.path)/index/recordings"))
        try rows.seek(toOffset: 4096)
        try rows.write(contentsOf: Data(count: 256))
        try rows.seek(toOffset: 4096 + 256 + 140)
        try rows.write(contentsOf: Data([0xFF]))
        try rows.close()
        let again = try Store.forTest(directory)
        defer { again.close() }
        #expect(try again.dump() == dump)
    }

    @Test func aTornLastFrameIsDropped() throws {
        let directory = TemporaryDirectory()
        let store = try Store.forTest(directory)
        _ = try store.start()
        _ = try store.append(makeEvents(10), to: 1)
        let before = FileManager.default.contents(atPath: "\(directory.path)/log/0000000001.seg")?.count
        _ = try store.append(makeEvents(10, from: 10), to: 1)
        let whole = try directory.crashed()
        store.close()
        let path = "\(whole.path)/log/0000000001.seg"
        let bytes = try #require(FileManager.default.contents(atPath: path))
        let start = try #require(before)
        // The last bytes may be padding: without them the frame is whole.
        for cut in stride(from: bytes.count - 8, to: start, by: -37) {
            let copy = try whole.crashed()
            let log = "\(copy.path)/log/0000000001.seg"
            try bytes.prefix(cut).write(to: URL(filePath: log))
            let again = try Store.forTest(copy)
            #expect(try again.events(of: 1) == makeEvents(10), "cut at \(cut)")
            #expect(again.report.cutBytes == UInt64(cut - start))
            #expect(try again.append(makeEvents(1, from: 10), to: 1).firstOrdinal == 10)
            again.close()
        }
    }

    @Test func aDamagedFrameCostsThatFrameOnly() throws {
        let directory = TemporaryDirectory()
        let store = try Store.forTest(directory)
        _ = try store.start()
        for batch in 0..<3 { _ = try store.append(makeEvents(10, from: batch * 10), to: 1) }
        let frames = try store.snapshot(1).frames.map(\.entry)
        store.close()
        let path = "\(directory.path)/log/0000000001.seg"
        let file = try FileHandle(forUpdating: URL(filePath: path))
        try file.seek(toOffset: frames[1].offsetBytes + 192 + 20)
        try file.write(contentsOf: Data([0xAA, 0x55, 0xAA]))
        try file.close()
        let again = try Store.forTest(directory)
        defer { again.close() }
        #expect { try again.events(of: 1) } throws: { error in
            guard case StoreError.damaged(let damage) = error else { return false }
            return damage.file == path && damage.offsetBytes == frames[1].offsetBytes && damage.kind == .payloadChecksum
        }
        let reader = SpliceReader(try again.snapshot(1), coding: .identity, skipsDamaged: true)
        var text: [UInt8] = []
        while let piece = try reader.nextPiece() { text += piece }
        let expected = makeEvents(10) + makeEvents(10, from: 20)
        #expect(String(decoding: text, as: UTF8.self) == "[" + expected.joined(separator: ",\n") + "]")
    }

    @Test func nothingIsAppendedToADamagedSegment() throws {
        let directory = TemporaryDirectory()
        let store = try Store.forTest(directory)
        _ = try store.start()
        for batch in 0..<3 { _ = try store.append(makeEvents(10, from: batch * 10), to: 1) }
        let frames = try store.snapshot(1).frames.map(\.entry)
        let crashed = try directory.crashed()
        store.close()
        let path = "\(crashed.path)/log/0000000001.seg"
        let size = try #require(FileManager.default.contents(atPath: path)).count
        let file = try FileHandle(forUpdating: URL(filePath: path))
        try file.seek(toOffset: frames[1].offsetBytes + 192 + 20)
        try file.write(contentsOf: Data([0xAA, 0x55, 0xAA]))
        try file.close()
        let again = try Store.forTest(crashed)
        defer { again.close() }
        #expect(again.report.damage.count >= 1)
        _ = try again.append(makeEvents(1, from: 30), to: 1)
        #expect(try #require(FileManager.default.contents(atPath: path)).count == size)
        #expect(try #require(again.snapshot(1).frames.last).segment.number == 2)
    }

    @Test func aSegmentThatNeverBeganIsRemoved() throws {
        let directory = TemporaryDirectory()
        let store = try fill(directory)
        let dump = try store.dump()
        store.close()
        for content in [Data(), Data(count: 4096), Data("RLF1".utf8)] {
            try content.write(to: URL(filePath: "\(directory.path)/log/0000000099.seg"))
            let again = try Store.forTest(directory)
            #expect(try again.dump() == dump && again.report.damage.isEmpty)
            again.close()
        }
    }

    @Test func aStoreOfANewerFormatIsRefused() throws {
        let directory = TemporaryDirectory()
        try Store.forTest(directory).close()
        let path = "\(directory.path)/store"
        var identity = try StoreIdentity(decoding: Array(#require(FileManager.default.contents(atPath: path))))
        identity.incompatibleFeatures = 1 << 40
        try Data(identity.encoded()).write(to: URL(filePath: path))
        #expect { try Store.forTest(directory) } throws: {
            if case OpenError.identity(_, .features(1 << 40)) = $0 { true } else { false }
        }
    }
}
