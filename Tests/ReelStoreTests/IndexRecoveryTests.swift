import Foundation
import ReelCodec
import ReelFormat
import ReelSystem
import Testing

@testable import ReelStore

/// Rows of FORMAT.md §14 that are about the index.
@Suite struct IndexRecoveryTests {
    private func fill(_ directory: TemporaryDirectory, clock: FakeClock = FakeClock()) throws -> Store {
        let store = try Store.forTest(directory, clock: clock) { $0.segmentSizeBytes = 4 << 10 }
        for number in 1...3 {
            _ = try store.start()
            for batch in 0..<6 { _ = try store.append(makeEvents(10, from: batch * 10), to: UInt64(number)) }
        }
        return store
    }

    /// Puts a file or directory of another moment, or store, in the place of the one that is there.
    private func replace(_ name: String, in directory: TemporaryDirectory, from other: TemporaryDirectory) throws {
        try FileManager.default.removeItem(at: directory.file(name))
        try FileManager.default.copyItem(at: other.file(name), to: directory.file(name))
    }

    @Test func anIndexOfAnotherStoreIsRebuilt() throws {
        let directory = TemporaryDirectory()
        let store = try fill(directory)
        let dump = try store.dump()
        store.close()
        let other = TemporaryDirectory()
        let otherStore = try fill(other)
        _ = try otherStore.append(makeEvents(10), to: 1)
        otherStore.close()
        try replace("index", in: directory, from: other)
        let again = try Store.forTest(directory)
        defer { again.close() }
        #expect(again.report.rebuiltIndex)
        #expect(try again.dump() == dump)
    }

    @Test func aTornCheckpointFallsBackToTheOther() throws {
        let directory = TemporaryDirectory()
        let store = try fill(directory)
        try store.checkpoint()
        _ = try store.append(makeEvents(10), to: 1)
        try store.checkpoint()
        let dump = try store.dump()
        let crashed = try directory.crashed()
        store.close()
        // The second checkpoint of a store lies in the first slot.
        for (damaged, isRebuilt) in [([0], false), ([1], false), ([0, 1], true)] {
            let copy = try crashed.crashed()
            var rows = try Data(contentsOf: copy.file("index/recordings"))
            for slot in damaged { rows = rows.flipped(slot * CheckpointHeader.sizeBytes + 33) }
            try rows.write(to: copy.file("index/recordings"))
            let again = try Store.forTest(copy)
            #expect(again.report.rebuiltIndex == isRebuilt, "\(damaged)")
            #expect(try again.dump() == dump, "\(damaged)")
            again.close()
        }
    }

    @Test func aSummaryOlderThanItsRowIsFoldedAgain() throws {
        let directory = TemporaryDirectory()
        let store = try fill(directory)
        try store.checkpoint()
        let before = try directory.crashed()
        _ = try store.append(makeEvents(2, page: "https://elsewhere.example/new"), to: 2)
        let dump = try store.dump()
        let crashed = try directory.crashed()
        store.close()
        // A power cut: the kernel had written the row's page and not the summary's.
        try replace("index/summaries", in: crashed, from: before)
        let again = try Store.forTest(crashed)
        defer { again.close() }
        let changed = differences(try again.dump(), dump)
        #expect(changed.isEmpty, "\(changed.joined(separator: "\n"))")
        #expect(try again.recording(2).summary.lastURL == "https://elsewhere.example/new")
    }

    /// The same with the pages of the rows, and of everything.
    @Test(arguments: ["index/recordings", "index"]) func rowsThatAPowerCutTookAreReplayed(name: String) throws {
        let directory = TemporaryDirectory()
        let store = try fill(directory)
        try store.checkpoint()
        let before = try directory.crashed()
        _ = try store.append(makeEvents(2, page: "https://elsewhere.example/new"), to: 2)
        _ = try store.start()
        _ = try store.end(1)
        let dump = try store.dump()
        let crashed = try directory.crashed()
        store.close()
        try replace(name, in: crashed, from: before)
        let again = try Store.forTest(crashed)
        defer { again.close() }
        #expect(!again.report.rebuiltIndex && again.report.replayedFrameCount >= 3)
        let changed = differences(try again.dump(), dump)
        #expect(changed.isEmpty, "\(changed.joined(separator: "\n"))")
    }

    @Test func anIDWhoseSlotWasLostIsFoundAgain() throws {
        let directory = TemporaryDirectory()
        let store = try fill(directory)
        try store.checkpoint()
        let before = try directory.crashed()
        let id = try UUIDv7(unixMilliseconds: 1_800_000_000_000)
        let first = try store.start(id: id)
        let crashed = try directory.crashed()
        store.close()
        // A power cut: the kernel had written the row's page and not the slot's.
        try replace("index/ids", in: crashed, from: before)
        let again = try Store.forTest(crashed)
        defer { again.close() }
        #expect(try again.start(id: id) == StartReceipt(recording: first.recording, isDuplicate: true))
    }

    /// Found by the fuzzer: compaction drops a tombstone's frame, and a row folded anew from the rest was none.
    @Test(arguments: ["recordings", "summaries"])
    func anErasedRecordingWhoseRowIsDamagedStaysErased(file: String) throws {
        let directory = TemporaryDirectory()
        let store = try fill(directory)
        _ = try store.erase(2)
        _ = try store.vacuum()
        let dump = try store.dump()
        store.close()
        let path = directory.file("index/\(file)")
        var bytes = Array(try Data(contentsOf: path))
        bytes[file == "recordings" ? 4096 + 256 + 100 : 512 + 100] ^= 0x40
        try Data(bytes).write(to: path)
        let again = try Store.forTest(directory)
        defer { again.close() }
        #expect(!again.report.rebuiltIndex)
        #expect(try again.dump() == dump)
        #expect {
            _ = try again.recording(2)
        } throws: { error in
            if case StoreError.erased = error { true } else { false }
        }
    }

    /// Found by the fuzzer: a search ends at an empty slot, so without one it never ended.
    @Test(arguments: [1 << 16, 1 << 15, 0]) func aTableOfIDsThatIsFullOfGarbageIsMadeAnew(capacity: Int) throws {
        let directory = TemporaryDirectory()
        let store = try fill(directory)
        let ids = try (1...3).map { try store.recording($0).row.id }
        store.close()
        var writer = ByteWriter()
        writer.append(0x3144_4C52 as UInt64)
        writer.append(UInt64(capacity))
        writer.append(0 as UInt64)
        writer.append(CRC32C.checksum(writer.bytes))
        writer.appendZeros(4096 - writer.bytes.count)
        let path = directory.file("index/ids").path
        try Data(writer.bytes + [UInt8](repeating: 0xA5, count: 8 << 16)).write(to: directory.file("index/ids"))
        // Asked first, so that a failure is no endless search.
        try #require(IDTable(path: path, fileSystem: HostFileSystem()) == nil)
        let again = try Store.forTest(directory)
        defer { again.close() }
        for (index, id) in ids.enumerated() { #expect(again.number(of: id) == UInt64(index + 1)) }
    }

    /// With `durability = interval` rows are written before the log is synced, so a power cut can leave them ahead of it.
    @Test func rowsAheadOfTheLogAreFoldedAgain() throws {
        let directory = TemporaryDirectory()
        let store = try Store.forTest(directory) { $0.durability = .interval(milliseconds: 3_600_000) }
        _ = try store.start()
        _ = try store.append(makeEvents(10), to: 1)
        try store.checkpoint()
        let dump = try store.dump()
        let before = try directory.crashed()
        _ = try store.append(makeEvents(10, from: 10), to: 1)
        let crashed = try directory.crashed()
        store.close()
        try replace("log", in: crashed, from: before)
        let again = try Store.forTest(crashed)
        defer { again.close() }
        #expect(try again.events(of: 1) == makeEvents(10))
        #expect(try again.dump() == dump)
        #expect(try again.append(makeEvents(1), to: 1).firstOrdinal == 10)
    }

    @Test func aCompactionBehindTheCheckpointMovesItsRows() throws {
        let directory = TemporaryDirectory()
        let store = try fill(directory)
        _ = try store.end(2)
        try store.checkpoint()
        let before = try directory.crashed()
        _ = try store.vacuum()
        let dump = try store.dump()
        let crashed = try directory.crashed()
        store.close()
        try replace("index", in: crashed, from: before)
        let again = try Store.forTest(crashed)
        defer { again.close() }
        #expect(!again.report.rebuiltIndex)
        let changed = differences(try again.dump(), dump)
        #expect(changed.isEmpty, "\(changed.joined(separator: "\n"))")
    }

    @Test func aDamagedFrameTableIsMadeAnew() throws {
        let directory = TemporaryDirectory()
        let store = try fill(directory)
        let dump = try store.dump()
        store.close()
        for number in try directory.segments() {
            let name = "index/" + number.replacing(".seg", with: ".frames")
            let sound = try Data(contentsOf: directory.file(name))
            let head = SegmentTableHeader.sizeBytes
            for damaged in [
                Data(), sound.dropLast(), sound.flipped(9), sound.flipped(head + 3), Data(count: sound.count),
            ] {
                let copy = try directory.crashed()
                try damaged.write(to: copy.file(name))
                let again = try Store.forTest(copy)
                #expect(try again.dump() == dump, "\(name)")
                #expect(again.report.damage.isEmpty && !again.report.rebuiltIndex)
                again.close()
            }
        }
    }

    @Test func anIndexCutUnderTheStoreIsReadFromTheLogAndRebuilt() throws {
        let directory = TemporaryDirectory()
        let store = try fill(directory)
        try store.checkpoint()
        let dump = try store.dump()
        let file = try FileHandle(forUpdating: directory.file("index/recordings"))
        try file.truncate(atOffset: 0)
        try file.close()
        #expect(try store.dump() == dump)
        store.close()
        let again = try Store.forTest(directory)
        defer { again.close() }
        #expect(again.report.rebuiltIndex)
        #expect(try again.dump() == dump)
    }

    /// FORMAT.md §13, worked out once more from its text.
    @Test func anotherProgramFindsIDsByTheDocument() throws {
        let directory = TemporaryDirectory()
        let store = try Store.forTest(directory)
        var ids: [UUIDv7] = []
        for _ in 0..<50 { ids.append(try store.start().recording.id) }
        store.close()
        let bytes = Array(try Data(contentsOf: directory.file("index/ids")))
        func word(_ offset: Int) -> UInt64 { bytes[offset..<offset + 8].reversed().reduce(0) { $0 << 8 | UInt64($1) } }
        #expect(String(decoding: bytes[..<4], as: UTF8.self) == "RLD1" && word(0) >> 32 == 0)
        let capacity = word(8)
        #expect(capacity.nonzeroBitCount == 1 && capacity >= 1 << 10 && bytes.count >= 4096 + 8 * Int(capacity))
        #expect(word(24) & 0xFFFF_FFFF == UInt64(CRC32C.checksum(Array(bytes[..<24]))))
        for (index, id) in ids.enumerated() {
            var x = id.high ^ (id.low &* 0x9E37_79B9_7F4A_7C15)
            x = (x ^ (x >> 30)) &* 0xBF58_476D_1CE4_E5B9
            x = (x ^ (x >> 27)) &* 0x94D0_49BB_1331_11EB
            let hash = (x ^ (x >> 31)) | 1 << 63
            var slot = hash % capacity
            var found: [UInt64] = []
            while case let value = word(4096 + 8 * Int(slot)), value != 0 {
                if value >> 40 == hash >> 40 { found.append(value & (1 << 40 - 1)) }
                slot = (slot + 1) % capacity
            }
            #expect(found.contains(UInt64(index + 1)))
        }
    }
}
