import Foundation
import ReelFormat
import ReelSystem
import StoreFixtures
import Testing

@testable import ReelStore

/// Copies of a store that goes on.
@Suite struct SnapshotTests {
    /// A store of several segments, with an ended, an open and an erased recording.
    private func filled(
        _ directory: TemporaryDirectory, _ files: any FileSystem = HostFileSystem(),
        _ encryption: StoreEncryption = .test
    ) throws -> Store {
        let store = try Store.forTest(directory, encryption, fileSystem: files) { $0.segmentSizeBytes = 4 << 10 }
        for number in 1...4 as ClosedRange<UInt64> {
            _ = try store.start()
            for batch in 0..<6 { _ = try store.append(makeEvents(20, from: 20 * batch), to: number) }
        }
        _ = try store.end(1)
        _ = try store.erase(3)
        return store
    }

    /// What a copy of the snapshot, opened with its keys, says.
    private func dump(_ snapshot: String, keys: String) throws -> [String] {
        let copy = TemporaryDirectory()
        for name in try FileManager.default.contentsOfDirectory(atPath: snapshot) {
            try FileManager.default.copyItem(atPath: "\(snapshot)/\(name)", toPath: "\(copy.path)/\(name)")
        }
        try FileManager.default.copyItem(atPath: keys, toPath: "\(copy.path)/keys")
        let store = try Store.forTest(copy)
        defer { store.close() }
        #expect(store.report.damage.isEmpty)
        return try store.dump()
    }

    @Test func aSnapshotOpensAsTheStoreItWasMadeOf() throws {
        let (directory, outside) = (TemporaryDirectory(), TemporaryDirectory())
        let store = try filled(directory)
        defer { store.close() }
        let before = try store.dump()
        let report = try store.snapshot(
            SnapshotOrder(
                directory: "\(outside.path)/s", keysDirectory: "\(outside.path)/k", expiresMicroseconds: 7))
        #expect(report.linkedCount > 0 && report.lsn == store.statistics.lastLSN)
        // What comes later is not in it.
        _ = try store.append(makeEvents(20, from: 500), to: 2)
        _ = try store.erase(1)
        _ = try store.vacuum()
        #expect(try dump("\(outside.path)/s", keys: "\(outside.path)/k") == before)
        let verified = try #require(try SnapshotVerifier("\(outside.path)/s").run(now: 6))
        #expect(verified.faults.isEmpty && !verified.hasExpired)
        #expect(try SnapshotVerifier("\(outside.path)/s").run(now: 7)?.hasExpired == true)
    }

    @Test func whereThereAreNoLinksSegmentsAreCopied() throws {
        let (directory, outside) = (TemporaryDirectory(), TemporaryDirectory())
        let store = try filled(directory, FaultyFileSystem())
        defer { store.close() }
        let report = try store.snapshot(SnapshotOrder(directory: "\(outside.path)/s"))
        #expect(report.linkedCount == 0)
        #expect(try dump("\(outside.path)/s", keys: "\(directory.path)/keys") == store.dump())
    }

    @Test func aSegmentThatCompactionRemovedMeanwhileIsCopiedFromTheOpenFile() throws {
        let (directory, outside) = (TemporaryDirectory(), TemporaryDirectory())
        let store = try filled(directory)
        defer { store.close() }
        let first = try #require(try FileManager.default.contentsOfDirectory(atPath: "\(directory.path)/log").min())
        try FileManager.default.removeItem(atPath: "\(directory.path)/log/\(first)")
        _ = try store.snapshot(SnapshotOrder(directory: "\(outside.path)/s"))
        #expect(try dump("\(outside.path)/s", keys: "\(directory.path)/keys") == store.dump())
    }

    @Test func aSnapshotThatFailsHasNoNameAndTheNextOneSucceeds() throws {
        let (directory, outside) = (TemporaryDirectory(), TemporaryDirectory())
        let files = FaultyFileSystem()
        let store = try filled(directory, files)
        defer { store.close() }
        let order = SnapshotOrder(directory: "\(outside.path)/s", keysDirectory: "\(outside.path)/k")
        for path in ["/s.new", "/k.new"] {
            try failEach(store, files, order, path, outside)
        }
        _ = try store.snapshot(order)
        #expect(try dump(order.directory, keys: "\(outside.path)/k") == store.dump())
        #expect(try store.start().recording.number == 5)
    }

    private func failEach(
        _ store: Store, _ files: FaultyFileSystem, _ order: SnapshotOrder, _ path: String, _ outside: TemporaryDirectory
    ) throws {
        for fault in [\FaultyFileSystem.Faults.write, \.sync, \.rename]
            as [WritableKeyPath<FaultyFileSystem.Faults, Int32?>]
        {
            files.faults.withLock {
                $0[keyPath: fault] = EIO
                $0.path = path
            }
            #expect(throws: SnapshotError.self) { try store.snapshot(order) }
            files.heal()
            #expect(try FileManager.default.contentsOfDirectory(atPath: outside.path) == [])
        }
    }

    @Test func aSnapshotThatIsCancelledHasNoName() throws {
        let (directory, outside) = (TemporaryDirectory(), TemporaryDirectory())
        let store = try filled(directory)
        defer { store.close() }
        let asked = Monitor(0)
        #expect(throws: SnapshotError.self) {
            try store.snapshot(SnapshotOrder(directory: "\(outside.path)/s")) {
                asked.withLock { asked in
                    asked += 1
                    return asked == 3
                }
            }
        }
        #expect(try FileManager.default.contentsOfDirectory(atPath: outside.path) == [])
    }

    @Test func nothingIsPutIntoAnotherSnapshot() throws {
        let (directory, outside) = (TemporaryDirectory(), TemporaryDirectory())
        let store = try filled(directory)
        defer { store.close() }
        _ = try store.snapshot(SnapshotOrder(directory: "\(outside.path)/a", keysDirectory: "\(outside.path)/ak"))
        for order in [
            SnapshotOrder(directory: "\(outside.path)/b", keysDirectory: "\(outside.path)/a/k"),
            SnapshotOrder(directory: "\(outside.path)/b", keysDirectory: "\(outside.path)/a/x/k"),
            SnapshotOrder(directory: "\(outside.path)/a/b"), SnapshotOrder(directory: "\(outside.path)/ak/b"),
        ] {
            #expect { try store.snapshot(order) } throws: {
                if case SnapshotError.withinSnapshot = $0 { true } else { false }
            }
        }
        #expect(try SnapshotVerifier("\(outside.path)/a", keys: "\(outside.path)/ak").run(now: 0)?.faults == [])
    }

    /// Keys of what was erased since must not outlive the snapshot they were copied with.
    @Test func keysGoWithTheirSnapshot() throws {
        let (directory, outside) = (TemporaryDirectory(), TemporaryDirectory())
        let store = try filled(directory)
        defer { store.close() }
        func make(_ name: String) throws {
            _ = try store.snapshot(
                SnapshotOrder(
                    directory: "\(outside.path)/\(name)", keysDirectory: "\(outside.path)/k", expiresMicroseconds: 7))
        }
        func left() throws -> [String] { try FileManager.default.contentsOfDirectory(atPath: outside.path).sorted() }
        try make("a")
        #expect(try SnapshotRemoval().removeIfExpired("\(outside.path)/a", now: 6) == nil)
        let removed = try SnapshotRemoval().removeIfExpired("\(outside.path)/a", now: 7)
        #expect(try removed?.removedKeys == "\(outside.path)/k" && left() == [])
        // Moved, they go from where they are; what has their place since stays.
        try make("b")
        try FileManager.default.moveItem(atPath: "\(outside.path)/k", toPath: "\(outside.path)/moved")
        _ = try store.start()
        try make("c")
        let moved = try SnapshotRemoval().removeIfExpired("\(outside.path)/b", now: 7)
        #expect(try moved?.movedKeys == "\(outside.path)/k" && left() == ["c", "k", "moved"])
        #expect(try SnapshotRemoval().removeIfExpired("\(outside.path)/moved", now: 7)?.strangers == [])
        #expect(try left() == ["c", "k"])
    }

    /// Put back, and not opened yet: the keys of a store are never taken for those of a snapshot.
    @Test func keysInAStoreDoNotExpire() throws {
        let (directory, outside) = (TemporaryDirectory(), TemporaryDirectory())
        let store = try filled(directory)
        _ = try store.snapshot(
            SnapshotOrder(directory: "\(outside.path)/s", keysDirectory: "\(outside.path)/k", expiresMicroseconds: 7))
        store.close()
        try FileManager.default.moveItem(atPath: "\(outside.path)/k", toPath: "\(outside.path)/s/keys")
        #expect(try SnapshotRemoval().removeIfExpired("\(outside.path)/s/keys", now: 7) == nil)
        let copy = TemporaryDirectory()
        try FileManager.default.removeItem(atPath: copy.path)
        try FileManager.default.moveItem(atPath: "\(outside.path)/s", toPath: copy.path)
        try Store.forTest(copy).close()
        #expect(!FileManager.default.fileExists(atPath: "\(copy.path)/keys/snapshot.json"))
        #expect(try StoreVerifier(copy.path, .test).run().isSound)
    }

    @Test func keysOfAStoreWithoutAnyAreRefused() throws {
        let (directory, outside) = (TemporaryDirectory(), TemporaryDirectory())
        let store = try filled(directory, HostFileSystem(), .off)
        defer { store.close() }
        let order = SnapshotOrder(directory: "\(outside.path)/s", keysDirectory: "\(outside.path)/k")
        #expect { try store.snapshot(order) } throws: { if case SnapshotError.noKeys = $0 { true } else { false } }
    }
}
