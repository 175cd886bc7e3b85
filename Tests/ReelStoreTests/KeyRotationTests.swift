import Foundation
import ReelCodec
import ReelFormat
import ReelSystem
import StoreFixtures
import Testing

@testable import ReelStore

/// Another key for a store.
struct KeyRotationTests {
    private static let new = StoreEncryption.key(key(of: 9))
    private let directory = TemporaryDirectory()

    private static func key(of byte: UInt8) -> StoreKey { StoreEncryption.key(of: byte) }

    private func fill() throws {
        let store = try Store.forTest(directory) { $0.segmentSizeBytes = 8 << 10 }
        for number: UInt64 in 1...40 {
            _ = try store.start()
            _ = try store.append(makeEvents(10), to: number)
        }
        _ = try store.end(1)
        _ = try store.erase(3)
        _ = try store.vacuum()
        _ = try store.append(makeEvents(10, from: 10), to: 2)
        store.close()
    }

    private func expectWhole(_ place: TemporaryDirectory, _ encryption: StoreEncryption) throws {
        let store = try Store.forTest(place, encryption)
        #expect(try store.events(of: 1) == makeEvents(10))
        #expect(try store.events(of: 2) == makeEvents(20))
        #expect { try store.events(of: 3) } throws: {
            if case StoreError.erased? = $0 as? StoreError { true } else { false }
        }
        #expect(store.report.damage.isEmpty)
        store.close()
        let verified = try StoreVerifier(place.path, encryption).run()
        #expect(verified.isSound && verified.destroyedKeyCount >= 1)
    }

    @Test func theLogStaysAsItIsAndOpensWithTheNewKeyOnly() throws {
        try fill()
        func log() throws -> [String: Data] {
            Dictionary(
                uniqueKeysWithValues: try FileManager.default.contentsOfDirectory(atPath: directory.file("log").path)
                    .map { ($0, try Data(contentsOf: directory.file("log/\($0)"))) })
        }
        let before = try log()
        let report = try KeyRotation(directory.path, clock: FakeClock()).run(from: .test, to: KeyRotationTests.new)
        #expect(report.keyCount == 95 && !report.isRepeat)
        #expect(try log() == before)
        #expect(throws: OpenError.self) { try Store.forTest(directory) }
        try expectWhole(directory, KeyRotationTests.new)
        let rings = try FileManager.default.contentsOfDirectory(atPath: directory.file("keys").path).sorted()
        #expect(rings == ["0000000000.1-2a.ring", "0000000000.1-2b.ring", "store"])
        // Given again it finds nothing to do.
        #expect(try KeyRotation(directory.path).run(from: .test, to: KeyRotationTests.new).isRepeat)
    }

    @Test func aWrongKeyRotatesNothing() throws {
        try fill()
        let before = try directory.listing()
        #expect {
            try KeyRotation(directory.path).run(from: .key(KeyRotationTests.key(of: 1)), to: KeyRotationTests.new)
        } throws: { if case OpenError.wrongKey? = $0 as? OpenError { true } else { false } }
        #expect(try directory.listing() == before)
        let store = try Store.forTest(directory)
        #expect { try KeyRotation(directory.path).run(from: .test, to: KeyRotationTests.new) } throws: {
            if case OpenError.locked? = $0 as? OpenError { true } else { false }
        }
        store.close()
    }

    @Test func aPassphraseTakesThePlaceOfAKey() throws {
        try fill()
        let passphrase = StoreEncryption.passphrase(
            SecretBytes(copying: Array("a long enough passphrase".utf8).span.bytes))
        _ = try KeyRotation(directory.path).run(from: .test, to: passphrase)
        try expectWhole(directory, passphrase)
        _ = try KeyRotation(directory.path).run(from: passphrase, to: .test)
        try expectWhole(directory, .test)
    }

    /// What opened a frame before opens none of them afterwards.
    @Test func aDeepRotationEncryptsEverythingAnew() throws {
        try fill()
        let old = try Store.forTest(directory)
        let known = try #require(try old.context.sealer.keyring?.key(of: 2))
        old.close()
        _ = try KeyRotation(directory.path).run(from: .test, to: KeyRotationTests.new, isDeep: true)
        // Between the two steps everything opens, and is written.
        try expectWhole(directory, KeyRotationTests.new)
        let store = try Store.forTest(directory, KeyRotationTests.new)
        #expect(try store.rekey() > 1)
        #expect(try store.rekey() == 0)
        for frame in try store.snapshot(2).frames { #expect(try frame.readStored().header.keyID == 2) }
        #expect(try store.context.sealer.keyring?.key(of: 2) != known)
        store.close()
        let rings = try FileManager.default.contentsOfDirectory(atPath: directory.file("keys").path).sorted()
        #expect(rings == ["0000000000.2-2a.ring", "0000000000.2-2b.ring", "store"])
        try expectWhole(directory, KeyRotationTests.new)
    }

    /// Stopped after each of its changes: the store opens with one of the keys, and the same command finishes the work.
    @Test(arguments: [false, true]) func aRotationBrokenOffAnywhereIsFinishedByTheNext(isDeep: Bool) throws {
        try fill()
        var stopped = 0
        while true {
            let copy = try directory.crashed(in: TemporaryDirectory.memory)
            let fileSystem = StoppingFileSystem(after: stopped)
            _ = try? KeyRotation(copy.path, fileSystem: fileSystem, clock: FakeClock())
                .run(from: .test, to: KeyRotationTests.new, isDeep: isDeep)
            let opens = [.test, KeyRotationTests.new].filter { encryption in
                let kept = try? copy.crashed(in: TemporaryDirectory.memory)
                return kept.map { (try? expectWhole($0, encryption)) != nil } ?? false
            }
            #expect(opens.count == 1, "stopped after \(stopped) changes")
            _ = try KeyRotation(copy.path, clock: FakeClock()).run(
                from: .test, to: KeyRotationTests.new, isDeep: isDeep)
            let store = try Store.forTest(copy, KeyRotationTests.new)
            _ = try store.rekey()
            store.close()
            try expectWhole(copy, KeyRotationTests.new)
            guard fileSystem.hasStopped else { break }
            stopped += 1
        }
        #expect(stopped > 15, "a rotation makes many changes")
    }
}
