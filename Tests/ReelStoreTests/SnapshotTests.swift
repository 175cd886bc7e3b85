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
        let order = SnapshotOrder(directory: "\(outside.path)/s")
        for fault in [\FaultyFileSystem.Faults.write, \.sync, \.rename]
            as [WritableKeyPath<FaultyFileSystem.Faults, Int32?>]
        {
            files.faults.withLock {
                $0[keyPath: fault] = EIO
                $0.path = "/s.new"
            }
            #expect(throws: SnapshotError.self) { try store.snapshot(order) }
            #expect(!FileManager.default.fileExists(atPath: order.directory))
            files.heal()
        }
        _ = try store.snapshot(order)
        #expect(try dump(order.directory, keys: "\(directory.path)/keys") == store.dump())
        #expect(try store.start().recording.number == 5)
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
        #expect(!FileManager.default.fileExists(atPath: "\(outside.path)/s"))
    }

    @Test func keysOfAStoreWithoutAnyAreRefused() throws {
        let (directory, outside) = (TemporaryDirectory(), TemporaryDirectory())
        let store = try filled(directory, HostFileSystem(), .off)
        defer { store.close() }
        let order = SnapshotOrder(directory: "\(outside.path)/s", keysDirectory: "\(outside.path)/k")
        #expect { try store.snapshot(order) } throws: { if case SnapshotError.noKeys = $0 { true } else { false } }
    }
}
