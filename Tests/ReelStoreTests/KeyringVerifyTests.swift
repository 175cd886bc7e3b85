import Foundation
import ReelFormat
import StoreFixtures
import Testing

@testable import ReelStore

/// What `reeld verify` says of a keyring, in its place and beside a snapshot.
struct KeyringVerifyTests {
    private let directory = TemporaryDirectory()
    private let outside = TemporaryDirectory()

    private var rings: [URL] {
        ["keys/0000000000.1-1a.ring", "keys/0000000000.1-1b.ring"].map { directory.file($0) }
    }

    private func fill(_ directory: TemporaryDirectory) throws -> Store {
        let store = try Store.forTest(directory)
        for number: UInt64 in 1...3 {
            _ = try store.start()
            _ = try store.append(makeEvents(10), to: number)
        }
        return store
    }

    private func kinds(_ path: String, keys: String? = nil, _ encryption: StoreEncryption? = .test) throws
        -> [Corruption.Kind]
    {
        try StoreVerifier(path, encryption, keys: keys, clock: FakeClock()).run().damage.map(\.kind)
    }

    /// As when a backup of the keyring was put back. The next start destroys it again.
    @Test func aLiveKeyOfAnErasedRecordingIsTold() throws {
        let store = try fill(directory)
        let old = try rings.map { try Data(contentsOf: $0) }
        _ = try store.erase(2)
        store.close()
        #expect(try kinds(directory.path).isEmpty)
        for (file, content) in zip(rings, old) { try content.write(to: file) }
        for encryption in [StoreEncryption.test, nil] {
            let report = try StoreVerifier(directory.path, encryption).run()
            #expect(report.damage.map(\.kind) == [.keyOfErased] && !report.isSound)
            #expect(report.damage[0].offsetBytes == Ring.offset(of: 2))
        }
        try Store.forTest(directory).close()
        #expect(try kinds(directory.path).isEmpty)
    }

    @Test func aCopyOfTheStoreFileThatIsNoneIsTold() throws {
        try fill(directory).close()
        let copy = directory.file("keys/store")
        let sound = try Data(contentsOf: copy)
        let other = TemporaryDirectory()
        try fill(other).close()
        for damage in [nil, Data(), sound.flipped(100), try Data(contentsOf: other.file("store"))] {
            if let damage { try damage.write(to: copy) } else { try FileManager.default.removeItem(at: copy) }
            for encryption in [StoreEncryption.test, nil] {
                #expect(try kinds(directory.path, encryption) == [.identityCopy])
            }
            try Store.forTest(directory).close()
            #expect(try kinds(directory.path).isEmpty)
        }
    }

    @Test func aSnapshotIsProvedTogetherWithItsKeys() throws {
        let store = try fill(directory)
        _ = try store.erase(3)
        let (snapshot, keys) = ("\(outside.path)/s", "\(outside.path)/k")
        _ = try store.snapshot(SnapshotOrder(directory: snapshot, keysDirectory: keys))
        store.close()
        let alone = try StoreVerifier(snapshot, .test).run()
        #expect(alone.isSound && alone.unopenedFrameCount > 0 && !alone.hasKeyring)
        let pair = try StoreVerifier(snapshot, .test, keys: keys).run()
        #expect(pair.isSound && pair.unopenedFrameCount == 0 && pair.hasKeyring)
        #expect(pair.keyCount == 31 && pair.destroyedKeyCount == 1)
        let ring = try #require(rings.first?.lastPathComponent)
        // One copy is enough.
        try FileManager.default.removeItem(atPath: "\(keys)/\(ring)")
        #expect(try kinds(snapshot, keys: keys).isEmpty)
        for name in try FileManager.default.contentsOfDirectory(atPath: keys) where name != "store" {
            try FileManager.default.removeItem(atPath: "\(keys)/\(name)")
        }
        #expect(try kinds(snapshot, keys: keys).contains(.keyMissing))
        #expect(try kinds(snapshot, keys: keys, nil) == [.keyMissing, .keyMissing])
    }

    /// With what the recordings have keys in still there.
    @Test func aPageOfWhichBothFilesAreCutIsTold() throws {
        try fill(directory).close()
        for ring in rings { try Data(contentsOf: ring).prefix(8192).write(to: ring) }
        #expect(try kinds(directory.path) == [.ring] && kinds(directory.path, nil) == [.ring])
    }

    @Test func keysOfAnotherStoreAreNotTheSnapshots() throws {
        let store = try fill(directory)
        let other = TemporaryDirectory()
        try fill(other).close()
        _ = try store.snapshot(SnapshotOrder(directory: "\(outside.path)/s"))
        store.close()
        let found = try kinds("\(outside.path)/s", keys: "\(other.path)/keys")
        #expect(found.contains(.identityCopy) && found.contains(.keyDamaged))
        #expect(try kinds("\(outside.path)/s", keys: "\(other.path)/keys", nil).contains(.ring))
    }

    /// Renamed so that each has the other's name: nothing is lost, and the next start puts it right.
    @Test func copiesInEachOthersPlaceAreHealed() throws {
        let store = try fill(directory)
        _ = try store.erase(2)
        store.close()
        let sound = try rings.map { try Data(contentsOf: $0) }
        // What only one of them has is not lost either.
        let at = Int(Ring.offset(of: 1)) + 60
        try sound[1].flipped(at).write(to: rings[0])
        try sound[0].write(to: rings[1])
        #expect(try !kinds(directory.path).isEmpty)
        for _ in 0..<2 {
            let again = try Store.forTest(directory)
            #expect(again.report.damage.isEmpty)
            for number: UInt64 in [1, 3] { #expect(try again.events(of: number) == makeEvents(10)) }
            #expect { try again.events(of: 2) } throws: {
                if case StoreError.erased? = $0 as? StoreError { true } else { false }
            }
            again.close()
            #expect(try rings.map { try Data(contentsOf: $0) } == sound)
        }
        #expect(try kinds(directory.path).isEmpty)
    }
}
