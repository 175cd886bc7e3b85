import Foundation
import ReelCodec
import ReelFormat
import ReelSystem
import Testing

@testable import ReelStore

/// Rows of FORMAT.md §14 that are about what lies in the directory and the log.
@Suite struct RecoveryTableTests {
    /// Three recordings in several small segments, the second one ended.
    private func fill(_ directory: TemporaryDirectory) throws -> Store {
        let store = try Store.forTest(directory) { $0.segmentSizeBytes = 4 << 10 }
        for number in 1...3 {
            _ = try store.start()
            for batch in 0..<8 {
                _ = try store.append(
                    makeEvents(10, from: batch * 10), to: UInt64(number), writer: "w", batch: UInt64(batch))
            }
        }
        _ = try store.end(2)
        return store
    }

    // MARK: The directory

    @Test func aStoreHalfMadeIsMadeAnew() throws {
        let directory = TemporaryDirectory()
        try Data("RLS1 but not all of it".utf8).write(to: directory.file("store.new"))
        try Data().write(to: directory.file("lock"))
        try FileManager.default.createDirectory(at: directory.file("log"), withIntermediateDirectories: false)
        let store = try Store.forTest(directory)
        #expect(try store.start().recording.number == 1)
        store.close()
        let again = try Store.forTest(directory)
        #expect(again.report.recordingCount == 1)
        again.close()
    }

    @Test func aLogWithoutItsIdentityIsRefused() throws {
        let directory = TemporaryDirectory()
        try fill(directory).close()
        try FileManager.default.removeItem(at: directory.file("store"))
        try FileManager.default.removeItem(at: directory.file("keys/store"))
        let before = try directory.listing()
        #expect { try Store.forTest(directory) } throws: { if case OpenError.notAStore = $0 { true } else { false } }
        #expect(try directory.listing() == before)
    }

    @Test func aDamagedIdentityIsRefused() throws {
        let directory = TemporaryDirectory()
        try fill(directory).close()
        try FileManager.default.removeItem(at: directory.file("keys/store"))
        let sound = try Data(contentsOf: directory.file("store"))
        for damaged in [Data(), sound.dropLast(), sound + [0], Data(count: 512), sound.flipped(300)] {
            try damaged.write(to: directory.file("store"))
            #expect { try Store.forTest(directory) } throws: {
                if case OpenError.identity(_, .damaged) = $0 { true } else { false }
            }
            #expect(try Data(contentsOf: directory.file("store")) == damaged)
        }
    }

    @Test func theCompactorsLeftoversAreRemoved() throws {
        let directory = TemporaryDirectory()
        let store = try fill(directory)
        let dump = try store.dump()
        store.close()
        let segment = try Data(contentsOf: directory.file("log/0000000001.seg"))
        try segment.write(to: directory.file("tmp/0000000077.seg"))
        let again = try Store.forTest(directory)
        defer { again.close() }
        #expect(try again.dump() == dump)
        #expect(try FileManager.default.contentsOfDirectory(atPath: directory.file("tmp").path).isEmpty)
    }

    // MARK: The log

    @Test func aLostStateFrameCostsOnlyItself() throws {
        let directory = TemporaryDirectory()
        let store = try fill(directory)
        let dump = try store.dump()
        let numbers = try directory.segments()
        store.close()
        let last = try #require(numbers.last)
        for number in [try #require(numbers.dropFirst().first), last] {
            for removesIndex in [false, true] {
                let copy = try directory.crashed()
                let path = copy.file("log/\(number)")
                try Data(contentsOf: path).flipped(200).write(to: path)
                if removesIndex { try FileManager.default.removeItem(at: copy.file("index")) }
                let again = try Store.forTest(copy)
                #expect(again.report.damage.contains(Corruption(file: path.path, offsetBytes: 0, kind: .state)))
                #expect(try again.dump() == dump)
                let size = try Data(contentsOf: path).count
                #expect(try again.append(makeEvents(1), to: 3).firstOrdinal == 80)
                #expect(try Data(contentsOf: path).count == size, "nothing is appended to a segment without its state")
                again.close()
            }
        }
    }

    @Test(arguments: [false, true]) func aReplacedSegmentThatIsStillThereIsVoid(removesIndex: Bool) throws {
        let directory = TemporaryDirectory()
        let store = try fill(directory)
        let before = try directory.crashed()
        _ = try store.erase(3)
        _ = try store.vacuum()
        let dump = try store.dump()
        let kept = try directory.segments()
        store.close()
        // A crash between the rename and the unlinks leaves old and new.
        let old = try before.segments().filter { !kept.contains($0) }
        #expect(!old.isEmpty)
        for name in old {
            try FileManager.default.copyItem(at: before.file("log/\(name)"), to: directory.file("log/\(name)"))
        }
        if removesIndex { try FileManager.default.removeItem(at: directory.file("index")) }
        let again = try Store.forTest(directory)
        defer { again.close() }
        let changed = differences(try again.dump(), dump)
        #expect(changed.isEmpty, "\(changed.joined(separator: "\n"))")
        #expect(try again.context.view.frames(of: 3).filter { $0.entry.kind != .tombstone }.isEmpty)
        #expect(try directory.segments().filter { old.contains($0) }.isEmpty)
    }

    /// A crash within one write of two frames, of which the disk kept the second.
    @Test(arguments: [false, true]) func anUnackedGroupIsCutOffWhole(hasCheckpoint: Bool) throws {
        let directory = TemporaryDirectory()
        let store = try Store.forTest(directory)
        _ = try store.start()
        _ = try store.append(makeEvents(10), to: 1)
        let dump = try store.dump()
        let last = try #require(store.snapshot(1).frames.last).entry
        let crashed = hasCheckpoint ? nil : try directory.crashed()
        store.close()
        let target = crashed ?? directory
        let path = target.file("log/0000000001.seg")
        var log = Array(try Data(contentsOf: path))
        let size = log.count
        let identity = try StoreIdentity(decoding: Array(Data(contentsOf: target.file("store"))))
        for (index, start) in [10, 20].enumerated() {
            let run = try scan(makeEvents(10, from: start))
            var header = FrameHeader(
                kind: .events, lsn: last.lsn + 1 + UInt64(index), receivedMicroseconds: last.receivedMicroseconds,
                store: identity.store)
            header.recording = 1
            header.firstOrdinal = UInt64(start)
            header.describe(run.summary, rawSizeBytes: UInt32(run.text.count))
            header.durableLSN = last.lsn
            StoredFrame(FrameDraft(header, member: FrameDeflater().member(of: run.text))).append(to: &log)
        }
        log[size + 200] ^= 1
        try Data(log).write(to: path)
        let again = try Store.forTest(target)
        defer { again.close() }
        #expect(again.report.damage.isEmpty)
        #expect(again.report.cutBytes == UInt64(log.count - size))
        #expect(try again.dump() == dump)
        #expect(try again.append(makeEvents(1), to: 1).firstOrdinal == 10)
    }

    @Test func aCompactedSegmentWithoutItsCommitIsTold() throws {
        let directory = TemporaryDirectory()
        let store = try fill(directory)
        _ = try store.vacuum()
        let dump = try store.dump()
        let sealed = try #require(store.context.view.state.withLock { $0.sealed }.first { $0.isCompacted })
        store.close()
        let path = StorePaths(root: directory.path).segment(sealed.segment.number)
        let scan = try sealed.segment.scan(verifiesPayloads: true, isSealed: true)
        let commit = try #require(scan.commit)
        let size = UInt64(FrameHeader.sizeBytes + commit.payload.encoded().count)
        try Data(contentsOf: URL(filePath: path)).prefix(Int(sealed.lengthBytes - size)).write(to: URL(filePath: path))
        let again = try Store.forTest(directory)
        defer { again.close() }
        #expect(
            again.report.damage == [Corruption(file: path, offsetBytes: sealed.lengthBytes - size, kind: .truncated)])
        #expect(try again.dump() == dump)
    }

    /// A segment is opened in `tmp/` and renamed; what it says of its damage must name the file that is there.
    @Test func damageInAJustCompactedSegmentNamesItsFile() throws {
        let directory = TemporaryDirectory()
        let store = try fill(directory)
        defer { store.close() }
        _ = try store.vacuum()
        let frame = try #require(store.snapshot(2).frames.first)
        let path = StorePaths(root: directory.path).segment(frame.segment.number)
        let offset = Int(frame.entry.offsetBytes)
        try Data(contentsOf: URL(filePath: path)).flipped(offset + 200).write(to: URL(filePath: path), options: [])
        #expect { try store.events(of: 2) } throws: { error in
            guard case StoreError.damaged(let damage) = error else { return false }
            return damage == Corruption(file: path, offsetBytes: UInt64(offset), kind: .payloadChecksum)
        }
    }
}

extension TemporaryDirectory {
    func file(_ name: String) -> URL { URL(filePath: path).appending(path: name) }

    /// The names of the segments, in order.
    func segments() throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: file("log").path).sorted()
    }

    /// Every file with its bytes.
    func listing() throws -> [String: Data] {
        var files: [String: Data] = [:]
        for name in try FileManager.default.subpathsOfDirectory(atPath: path) {
            files[name] = FileManager.default.contents(atPath: file(name).path) ?? Data()
        }
        return files
    }
}

extension Data {
    /// The same with one bit of a byte changed.
    func flipped(_ offset: Int) -> Data {
        var copy = Data(self)
        copy[offset] ^= 0x10
        return copy
    }
}
