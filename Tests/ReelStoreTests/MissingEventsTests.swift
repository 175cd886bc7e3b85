import Foundation
import ReelFormat
import Testing

@testable import ReelStore

/// What a lost, cut or copied segment file does to reading: never a document that looks whole and is not.
@Suite struct MissingEventsTests {
    private static let batchCount = 12

    /// One recording over several small segments, stopped.
    private func fill(_ directory: TemporaryDirectory) throws -> [FrameEntry] {
        let store = try Store.forTest(directory) { $0.segmentSizeBytes = 2 << 10 }
        defer { store.close() }
        _ = try store.start()
        for batch in 0..<Self.batchCount {
            _ = try store.append(makeEvents(10, from: batch * 10), to: 1, writer: "w", batch: UInt64(batch))
        }
        return try store.snapshot(1).frames.map(\.entry)
    }

    private func skippingText(_ store: Store) throws -> String {
        let reader = SpliceReader(try store.snapshot(1), coding: .identity, skipsDamaged: true)
        var text: [UInt8] = []
        while let piece = try reader.nextPiece() { text += piece }
        return String(decoding: text, as: UTF8.self)
    }

    private func expectMissing(_ body: () throws -> Void) {
        #expect {
            try body()
        } throws: { error in
            guard case StoreError.damaged(let damage) = error, case .missingEvents = damage.kind else { return false }
            return true
        }
    }

    @Test(arguments: ["gone", "cut"], [false, true])
    func aLostSegmentIsNotServedAsAShortDocument(damage: String, removesIndex: Bool) throws {
        let directory = TemporaryDirectory()
        _ = try fill(directory)
        let segments = try directory.segments()
        let path = directory.file("log/\(segments[segments.count / 2])")
        if damage == "gone" {
            try FileManager.default.removeItem(at: path)
        } else {
            try Data(contentsOf: path).prefix(400).write(to: path)
        }
        if removesIndex { try FileManager.default.removeItem(at: directory.file("index")) }
        let store = try Store.forTest(directory)
        defer { store.close() }
        expectMissing { _ = try store.events(of: 1) }
        expectMissing {
            var lines = EventSelection()
            lines.types = [3]
            let reader = SelectionReader(try store.snapshot(1), lines, layout: .lines)
            while try reader.nextPiece() != nil {}
        }
        let text = try skippingText(store)
        #expect(text.contains(try #require(makeEvents(1).first)) && text.hasSuffix("]"))
        // Who follows the recording from behind what is missing reads on.
        var rest = EventSelection()
        rest.firstOrdinal = UInt64(Self.batchCount - 1) * 10
        let reader = SelectionReader(try store.snapshot(1), rest, layout: .lines)
        #expect(try reader.nextPiece()?.isEmpty == false)
    }

    @Test func eventsMissingAtTheEndAreToldByTheRow() throws {
        let directory = TemporaryDirectory()
        _ = try fill(directory)
        let store = try Store.forTest(directory)
        let last = try #require(store.snapshot(1).frames.last)
        // A recording of its own makes the last segment another one, so that this one is only read.
        _ = try store.start()
        store.context.view.state.withLock { state in
            state.sealed.removeAll { $0.segment.number == last.segment.number }
            if state.activeSegment.number == last.segment.number { state.active = ActiveTable() }
        }
        expectMissing { _ = try store.events(of: 1) }
        store.close()
    }

    /// A checkpoint says how long the last segment was: what is missing of it is not a write that a crash cut off.
    @Test(arguments: [0, 200, 500]) func aLastSegmentCutBehindItsCheckpointIsTold(sizeBytes: Int) throws {
        let directory = TemporaryDirectory()
        _ = try fill(directory)
        let store = try Store.forTest(directory)
        let lsn = store.statistics.lastLSN
        store.close()
        let path = directory.file("log/\(try #require(directory.segments().last))")
        let bytes = try Data(contentsOf: path)
        try #require(bytes.count > sizeBytes)
        try bytes.prefix(sizeBytes).write(to: path)
        let again = try Store.forTest(directory)
        defer { again.close() }
        let told = again.report.damage.contains { $0.file == path.path && $0.kind == .truncated }
        #expect(told)
        // A frame whose header is still there is told by its place.
        #expect {
            _ = try again.events(of: 1)
        } throws: { error in
            guard case StoreError.damaged(let damage) = error else { return false }
            if case .missingEvents = damage.kind { return true }
            return damage.kind == .truncated && damage.file == path.path
        }
        #expect(try again.append(makeEvents(1), to: 1).firstOrdinal == UInt64(10 * Self.batchCount))
        #expect(again.statistics.lastLSN > lsn)
        #expect(try #require(again.snapshot(1).frames.last).segment.path != path.path)
    }

    /// The row used to count what could still be read, and the next batch got ordinals that were given before.
    @Test(arguments: [false, true]) func ordinalsOfDamagedFramesAreNotGivenAgain(isLast: Bool) throws {
        let directory = TemporaryDirectory()
        let entries = try fill(directory)
        let numbers = try directory.segments()
        let store = try Store.forTest(directory)
        let frames = try store.snapshot(1).frames
        let victim = isLast ? frames[frames.count - 1] : frames[frames.count / 2]
        store.close()
        let path = directory.file("log/\(try #require(numbers.first { $0.hasSuffix("\(victim.segment.number).seg") }))")
        try Data(contentsOf: path).flipped(Int(victim.entry.offsetBytes) + 192 + 20).write(to: path)
        try FileManager.default.removeItem(at: directory.file("index/recordings"))
        let again = try Store.forTest(directory)
        defer { again.close() }
        let end = try #require(entries.last).endOrdinal
        if isLast {
            // Unsynced bytes and damage look the same at the log's end: what is cut off there was never counted.
            #expect(try again.append(makeEvents(1, from: 500), to: 1).firstOrdinal >= end - 10)
        } else {
            #expect(try again.append(makeEvents(1, from: 500), to: 1).firstOrdinal == end)
        }
        let ordinals = try again.snapshot(1).frames.map { $0.entry.firstOrdinal..<$0.entry.endOrdinal }
        for (one, next) in zip(ordinals, ordinals.dropFirst()) { #expect(one.upperBound <= next.lowerBound) }
    }

    @Test(arguments: ["0000000000.seg", "0000000099.seg"]) func aCopiedSegmentDoublesNothing(name: String) throws {
        let directory = TemporaryDirectory()
        _ = try fill(directory)
        let first = try #require(directory.segments().first)
        try FileManager.default.copyItem(at: directory.file("log/\(first)"), to: directory.file("log/\(name)"))
        try FileManager.default.removeItem(at: directory.file("index"))
        let store = try Store.forTest(directory)
        defer { store.close() }
        #expect(try store.events(of: 1) == makeEvents(10 * Self.batchCount))
        #expect(try store.recording(1).row.eventCount == UInt64(10 * Self.batchCount))
    }

    /// Numbers go on from the greatest there is; one that no row has room for once ended the daemon at every start.
    @Test func aFileNumberedBeyondEverySegmentIsNone() throws {
        let directory = TemporaryDirectory()
        _ = try fill(directory)
        for name in ["18446744073709551615.seg", "4294967295.seg", "99999999999.seg"] {
            try Data().write(to: directory.file("log/\(name)"))
        }
        let store = try Store.forTest(directory)
        defer { store.close() }
        #expect(try store.events(of: 1) == makeEvents(10 * Self.batchCount))
        #expect(try store.append(makeEvents(1), to: 1).firstOrdinal == UInt64(10 * Self.batchCount))
    }
}
