import Foundation
import ReelCodec
import ReelFormat
import Testing

@testable import ReelStore

@Suite struct CompactionTests {
    @Test func eventsAreTheSameBeforeAndAfter() throws {
        let directory = TemporaryDirectory()
        let store = try Store.forTest(directory) { $0.segmentSizeBytes = 16 << 10 }
        defer { store.close() }
        var wanted: [[String]] = []
        for number in 1...4 {
            _ = try store.start()
            let events = makeEvents(600, from: number * 100_000, snapshotEvery: 150)
            for start in stride(from: 0, to: 600, by: 20) {
                _ = try store.append(Array(events[start..<start + 20]), to: UInt64(number))
            }
            wanted.append(events)
            if number != 2 { _ = try store.end(UInt64(number)) }
        }
        let row = try store.recording(1).row
        let report = try store.vacuum()
        #expect(report.bytesAfter < report.bytesBefore)
        for number in 1...4 { #expect(try store.events(of: UInt64(number)) == wanted[number - 1]) }
        let after = try store.recording(1).row
        #expect(after.generation == row.generation + 1 && after.frameCount < row.frameCount)
        #expect(after.eventCount == row.eventCount && after.clicks == row.clicks)
        #expect(try store.vacuum() == CompactionReport())
    }

    /// It was found wasteful after each copy, so that `vacuum` never ended.
    @Test(arguments: [false, true]) func aDamagedFrameIsCarriedAlongOnce(isMetadata: Bool) throws {
        let directory = TemporaryDirectory()
        let store = try Store.forTest(directory)
        defer { store.close() }
        for number in 1...2 {
            _ = try store.start()
            for start in stride(from: 0, to: 100, by: 10) {
                _ = try store.append(makeEvents(10, from: start), to: UInt64(number))
            }
            _ = try store.end(UInt64(number))
        }
        let row = try store.recording(1).row
        let frame = try store.snapshot(1).frames[5]
        let offset = isMetadata ? UInt64(row.metadataOffsetBytes) : frame.entry.offsetBytes
        let file = URL(filePath: StorePaths(root: directory.path).segment(frame.segment.number))
        try Data(contentsOf: file).flipped(Int(offset) + FrameHeader.sizeBytes + 20).write(to: file, options: [])

        #expect(try store.vacuum().segmentCount == 1)
        #expect(try store.vacuum() == CompactionReport())
        #expect(try store.events(of: 2) == makeEvents(100))
        let frames = try store.snapshot(1).frames
        #expect(frames.map(\.entry.eventCount) == (isMetadata ? [100] : [50, 10, 40]))
        #expect(try frames.filter { try !$0.isSound() }.map(\.entry.firstOrdinal) == (isMetadata ? [] : [50]))
    }

    @Test func aReaderInFlightIsNotDisturbed() throws {
        let directory = TemporaryDirectory()
        let store = try Store.forTest(directory) { $0.segmentSizeBytes = 16 << 10 }
        defer { store.close() }
        _ = try store.start()
        let events = makeEvents(6000)
        for start in stride(from: 0, to: 6000, by: 50) {
            _ = try store.append(Array(events[start..<start + 50]), to: 1)
        }
        _ = try store.end(1)
        let snapshot = try store.snapshot(1)
        let reader = SpliceReader(snapshot, coding: .identity)
        var text = try #require(try reader.nextPiece())
        _ = try store.vacuum()
        while let piece = try reader.nextPiece() { text += piece }
        #expect(String(decoding: text, as: UTF8.self) == "[" + events.joined(separator: ",\n") + "]")
        #expect { try store.snapshot(1).chunk(first: 0, generation: snapshot.generation) } throws: {
            if case StoreError.staleChunkTable = $0 { true } else { false }
        }
    }

    @Test func anOpenRecordingIsMergedUpToItsLastFullSnapshot() throws {
        let directory = TemporaryDirectory()
        let store = try Store.forTest(directory)
        defer { store.close() }
        _ = try store.start()
        let events = makeEvents(300, snapshotEvery: 100)
        for start in stride(from: 0, to: 300, by: 10) { _ = try store.append(Array(events[start..<start + 10]), to: 1) }
        _ = try store.vacuum()
        let frames = try store.snapshot(1).frames.map(\.entry)
        #expect(frames.first?.flags == [.merged, .sealed] && frames.first?.eventCount == 200)
        #expect(frames.count == 11 && frames[1].firstOrdinal == 200 && frames[1].flags == .sealed)
        _ = try store.append(makeEvents(10, from: 300), to: 1)
        _ = try store.end(1)
        _ = try store.vacuum()
        #expect(try store.events(of: 1) == makeEvents(300, snapshotEvery: 100) + makeEvents(10, from: 300))
    }

    @Test func anErasedRecordingLeavesNoByte() throws {
        let directory = TemporaryDirectory()
        var store = try Store.forTest(directory)
        let id = try store.start().recording.id
        _ = try store.append([#"{"type":5,"timestamp":1,"data":{"tag":"t","payload":"hunter2"}}"#], to: 1)
        _ = try store.start()
        _ = try store.append(makeEvents(10), to: 2)
        _ = try store.erase(1)
        _ = try store.vacuum()
        #expect(throws: StoreError.self) { try store.snapshot(1) }
        #expect(try store.context.view.frames(of: 1).isEmpty)
        store.close()
        // The tombstone outlives the frames and the index.
        try FileManager.default.removeItem(atPath: "\(directory.path)/index")
        store = try Store.forTest(directory)
        #expect { try store.start(id: id) } throws: { if case StoreError.erased = $0 { true } else { false } }
        #expect(try store.start().recording.number == 3)
        store.close()
    }

    @Test func chunksBeginAtFullSnapshotsWithTheirMeta() throws {
        let directory = TemporaryDirectory()
        let store = try Store.forTest(directory) { $0.compaction.chunkSizeBytes = 8 << 10 }
        defer { store.close() }
        _ = try store.start()
        let events = makeEvents(600, snapshotEvery: 60)
        for start in stride(from: 0, to: 600, by: 25) { _ = try store.append(Array(events[start..<start + 25]), to: 1) }
        _ = try store.end(1)
        _ = try store.vacuum()
        let frames = try store.snapshot(1).frames.map(\.entry)
        #expect(frames.count > 3)
        for frame in frames { #expect(frame.firstOrdinal % 60 == 0, "\(frame.firstOrdinal)") }
        #expect(try store.events(of: 1) == events)
    }

    @Test func manyRestartsAndCompactionsKeepEverything() throws {
        let directory = TemporaryDirectory()
        let clock = FakeClock()
        var wanted: [String] = []
        for round in 0..<6 {
            let store = try Store.forTest(directory, clock: clock) { $0.segmentSizeBytes = 4 << 10 }
            if round == 0 { _ = try store.start() }
            for batch in 0..<10 {
                let events = makeEvents(7, from: (round * 10 + batch) * 7, snapshotEvery: 50)
                _ = try store.append(events, to: 1, writer: "w", batch: UInt64(round * 10 + batch))
                wanted += events
            }
            if round % 2 == 1 { _ = try store.vacuum() }
            #expect(try store.events(of: 1) == wanted)
            let dump = try store.dump()
            store.close()
            if round == 3 { try FileManager.default.removeItem(atPath: "\(directory.path)/index") }
            let again = try Store.forTest(directory, clock: clock)
            let changed = differences(try again.dump(), dump)
            #expect(changed.isEmpty, "\(changed.joined(separator: "\n"))")
            again.close()
        }
    }
}
