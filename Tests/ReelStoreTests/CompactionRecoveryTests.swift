import Foundation
import ReelCodec
import ReelFormat
import Testing

@testable import ReelStore

/// Rows of FORMAT.md §14 that are about a compaction behind the last checkpoint.
@Suite struct CompactionRecoveryTests {
    /// A store with a compaction behind its checkpoint: some of what was compacted is older than the checkpoint, some is
    /// younger, and the log went on behind it.
    ///
    /// - Returns: the index as of the checkpoint, the store as it was left, and what a dump of it says.
    private func crash() throws -> (checkpoint: TemporaryDirectory, crashed: TemporaryDirectory, dump: [String]) {
        let directory = TemporaryDirectory()
        let store = try Store.forTest(directory) { $0.segmentSizeBytes = 4 << 10 }
        for number: UInt64 in 1...5 {
            _ = try store.start()
            for batch in 0..<6 { _ = try store.append(makeEvents(10, from: batch * 10), to: number) }
        }
        _ = try store.end(2)
        try store.checkpoint()
        let checkpoint = try directory.crashed()
        // Younger than the checkpoint, and compacted.
        _ = try store.append(makeEvents(2, page: "https://elsewhere.example/new"), to: 1)
        _ = try store.append(makeEvents(2, page: "https://elsewhere.example/late"), to: 3)
        _ = try store.change(3) { $0.tags = ["late"] }
        _ = try store.end(3)
        _ = try store.start(id: lateID)
        _ = try store.append(makeEvents(10), to: 6)
        _ = try store.erase(4)
        _ = try store.vacuum()
        // Behind the compaction.
        _ = try store.append(makeEvents(3, from: 62), to: 1)
        _ = try store.append(makeEvents(3, from: 60), to: 5)
        _ = try store.start()
        let dump = try store.dump()
        let crashed = try directory.crashed()
        store.close()
        return (checkpoint, crashed, dump)
    }

    private let lateID: UUIDv7

    init() throws { lateID = try UUIDv7(unixMilliseconds: 1_800_000_000_000) }

    /// What a power cut may take: pages that the kernel had not written since the checkpoint.
    @Test(arguments: [
        [], ["recordings"], ["summaries"], ["ids"], ["recordings", "ids"], ["summaries", "ids"],
        ["recordings", "summaries", "ids"],
    ]) func whatAPowerCutTookBehindACompactionComesBack(lost: [String]) throws {
        let (checkpoint, crashed, dump) = try crash()
        for name in lost {
            try FileManager.default.removeItem(at: crashed.file("index/\(name)"))
            try FileManager.default.copyItem(at: checkpoint.file("index/\(name)"), to: crashed.file("index/\(name)"))
        }
        let again = try Store.forTest(crashed)
        defer { again.close() }
        #expect(!again.report.rebuiltIndex && again.report.damage.isEmpty)
        let changed = differences(try again.dump(), dump)
        #expect(changed.isEmpty, "\(changed.joined(separator: "\n"))")
        // Each row points to its metadata where that lies now.
        #expect(try again.recording(3).metadata.tags == ["late"])
        for number: UInt64 in [1, 2, 5, 6, 7] { #expect(throws: Never.self) { try again.recording(number) } }
        #expect(again.number(of: lateID) == 6)
        #expect(try again.append(makeEvents(1), to: 1).firstOrdinal == 65)
    }

    /// A row that was moved once and is compacted again behind the same checkpoint.
    @Test(arguments: [false, true]) func twoCompactionsBehindACheckpointMoveTheirRows(rowsAreLost: Bool) throws {
        let directory = TemporaryDirectory()
        let store = try Store.forTest(directory)
        for number: UInt64 in 1...3 {
            _ = try store.start()
            for batch in 0..<6 { _ = try store.append(makeEvents(10, from: batch * 10), to: number) }
        }
        try store.checkpoint()
        let checkpoint = try directory.crashed()
        _ = try store.vacuum()
        for number: UInt64 in 1...2 {
            _ = try store.append(makeEvents(10, from: 60), to: number)
            _ = try store.end(number)
        }
        _ = try store.vacuum()
        let dump = try store.dump()
        let crashed = try directory.crashed()
        store.close()
        if rowsAreLost {
            try FileManager.default.removeItem(at: crashed.file("index/recordings"))
            try FileManager.default.copyItem(
                at: checkpoint.file("index/recordings"), to: crashed.file("index/recordings"))
        }
        let again = try Store.forTest(crashed)
        defer { again.close() }
        let changed = differences(try again.dump(), dump)
        #expect(changed.isEmpty, "\(changed.joined(separator: "\n"))")
        for number: UInt64 in 1...3 { #expect(throws: Never.self) { try again.recording(number) } }
    }

    /// Its frames are in the compacted segment: they were written there before it was erased.
    @Test(arguments: [false, true]) func aRecordingErasedWhileItWasCompactedStaysErased(rowIsDamaged: Bool) throws {
        let directory = TemporaryDirectory()
        let store = try Store.forTest(directory) { $0.segmentSizeBytes = 4 << 10 }
        for number: UInt64 in 1...3 {
            _ = try store.start()
            for batch in 0..<6 { _ = try store.append(makeEvents(10, from: batch * 10), to: number) }
        }
        let inputs = store.context.view.state.withLock { $0.sealed }
        let replaced = inputs.map(\.segment.number)
        let number = store.context.takeSegmentNumber()
        let beginning = try store.context.wait { .describe(segment: number, replacing: replaced, $0) }
        var writer = try CompactedSegmentWriter(beginning, context: store.context)
        var frames: [LocatedFrame] = []
        for input in inputs { frames += try input.allFrames().map { LocatedFrame(segment: input.segment, entry: $0) } }
        for frame in frames.sorted(by: { FrameEntry.tableOrder($0.entry, $1.entry) }) {
            try writer.append(try frame.readStored())
        }
        let compacted = try writer.finish(replacing: replaced)
        _ = try store.erase(1)
        try store.checkpoint()
        try store.context.wait { .install([compacted], $0) }
        let dump = try store.dump()
        let crashed = try directory.crashed()
        store.close()
        if rowIsDamaged {
            let rows = try Data(contentsOf: crashed.file("index/recordings"))
            try rows.flipped(RecordingIndex.firstRowBytes + 100).write(to: crashed.file("index/recordings"))
        }
        let again = try Store.forTest(crashed)
        defer { again.close() }
        let changed = differences(try again.dump(), dump)
        #expect(changed.isEmpty, "\(changed.joined(separator: "\n"))")
        #expect(throws: StoreError.self) { try again.recording(1) }
        #expect(try again.events(of: 2).count == 60)
    }

    /// Opening once folded every recording of a compacted segment anew: seconds for hundreds of thousands of them.
    @Test(arguments: [false, true]) func openingBehindACompactionReadsNoEvents(rowsAreLost: Bool) throws {
        let directory = TemporaryDirectory()
        let store = try Store.forTest(directory)
        for number: UInt64 in 1...20 {
            _ = try store.start()
            let noise = try SecureRandom.bytes(count: 100_000).map { String($0, radix: 16) }.joined()
            let event = #"{"type":5,"data":{"tag":"noise","payload":"\#(noise)"},"timestamp":1700000000000}"#
            _ = try store.append([event], to: number)
            _ = try store.end(number)
        }
        try store.checkpoint()
        let checkpoint = try directory.crashed()
        _ = try store.vacuum()
        let dump = try store.dump()
        let crashed = try directory.crashed()
        store.close()
        if rowsAreLost {
            try FileManager.default.removeItem(at: crashed.file("index/recordings"))
            try FileManager.default.copyItem(
                at: checkpoint.file("index/recordings"), to: crashed.file("index/recordings"))
        }
        let system = FaultyFileSystem()
        let again = try Store.forTest(crashed, fileSystem: system)
        defer { again.close() }
        let read = system.segmentReadBytes.withLock { $0 }
        let logSizeBytes = again.statistics.logSizeBytes
        #expect(logSizeBytes > 2_000_000)
        #expect(read < 200_000, "\(read) of \(logSizeBytes) bytes of the log were read")
        #expect(try again.dump() == dump)
    }

    /// Until then opening has to make the compacted segment's table anew, and a power cut takes its rows back.
    @Test func aCompactionGetsItsCheckpointSoon() throws {
        let directory = TemporaryDirectory()
        let clock = FakeClock()
        let store = try Store.forTest(directory, clock: clock)
        defer { store.close() }
        _ = try store.start()
        _ = try store.append(makeEvents(10), to: 1)
        _ = try store.end(1)
        try store.checkpoint()
        let before = store.health.lastCheckpointMicroseconds
        _ = try store.vacuum()
        store.tick()
        #expect(store.health.lastCheckpointMicroseconds == before)
        clock.advance(seconds: 2)
        // The store's own thread looks every other second.
        let limit = ContinuousClock.now + .seconds(120)
        while store.health.lastCheckpointMicroseconds == before, ContinuousClock.now < limit { usleep(10_000) }
        #expect(store.health.lastCheckpointMicroseconds > before)
        let names = try FileManager.default.contentsOfDirectory(atPath: directory.file("index").path)
        for segment in try directory.segments() {
            #expect(names.contains(segment.replacing(".seg", with: ".frames")), "\(segment) has no table")
        }
    }
}
