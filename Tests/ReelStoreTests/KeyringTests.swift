import Foundation
import ReelCodec
import ReelFormat
import ReelSystem
import SimulatedDisk
import StoreFixtures
import Testing

@testable import ReelStore

/// The keyring of a store and what becomes of it: FORMAT.md §21 "Recovery of a sealed store".
struct KeyringTests {
    private let directory = TemporaryDirectory()
    private let events = Monitor<[StoreEvent]>([])

    private func open(clock: any Clock = FakeClock()) throws -> Store {
        var options = StoreOptions()
        options.compaction.isAutomatic = false
        return try Store.open(directory.path, .test, options: options, clock: clock) { [events] event in
            events.withLock { $0.append(event) }
        }
    }

    private func fill(_ count: UInt64 = 3) throws {
        let store = try open()
        for _ in 1...count {
            let number = try store.start().recording.number
            _ = try store.append(makeEvents(10), to: number)
        }
        store.close()
    }

    private var first: URL { directory.file("keys/0000000000.1-1a.ring") }
    private var second: URL { directory.file("keys/0000000000.1-1b.ring") }

    private func change(_ file: URL, at offset: Int, to bytes: [UInt8]) throws {
        var content = try Data(contentsOf: file)
        content.replaceSubrange(offset..<offset + bytes.count, with: bytes)
        try content.write(to: file)
    }

    private func slot(_ number: UInt64) -> Int { Int(Ring.offset(of: number)) }

    private func isHealed(_ isWanted: (StoreEvent) -> Bool) -> Bool { events.withLock { $0.contains(where: isWanted) } }

    @Test func theStoreFileIsMadeAnewFromItsCopy() throws {
        try fill()
        let sound = try Data(contentsOf: directory.file("store"))
        for damage in [nil, Data(), sound.flipped(100), sound.flipped(200)] {
            if let damage {
                try damage.write(to: directory.file("store"))
            } else {
                try FileManager.default.removeItem(at: directory.file("store"))
            }
            let store = try open()
            #expect(try store.events(of: 1) == makeEvents(10))
            store.close()
            #expect(try Data(contentsOf: directory.file("store")) == sound)
        }
        #expect(isHealed { if case .identityRestored = $0 { true } else { false } })
        // A record that was changed under a sound checksum does not open, and its copy does.
        var forged = Array(sound)
        forged[72 + 130] ^= 1
        forged.replaceSubrange(
            508..<512, with: withUnsafeBytes(of: CRC32C.checksum(Array(forged[..<508])).littleEndian, Array.init))
        try Data(forged).write(to: directory.file("store"))
        try open().close()
        #expect(try Data(contentsOf: directory.file("store")) == sound)
    }

    @Test func theCopyOfTheStoreFileIsMadeAnew() throws {
        try fill()
        let sound = try Data(contentsOf: directory.file("store"))
        for damage in [nil, sound.flipped(100)] {
            if let damage {
                try damage.write(to: directory.file("keys/store"))
            } else {
                try FileManager.default.removeItem(at: directory.file("keys/store"))
            }
            try open().close()
            #expect(try Data(contentsOf: directory.file("keys/store")) == sound)
        }
    }

    /// Missing, short, with another header, and with all of its slots damaged: one file is enough.
    @Test(arguments: [true, false]) func oneFileOfAPageIsMadeAnewFromTheOther(isFirst: Bool) throws {
        try fill()
        let file = isFirst ? first : second
        let sound = try Data(contentsOf: file)
        for damage in [nil, sound.prefix(5000), sound.flipped(10), Data(count: sound.count)] {
            if let damage { try damage.write(to: file) } else { try FileManager.default.removeItem(at: file) }
            let store = try open()
            for number: UInt64 in 1...3 { #expect(try store.events(of: number) == makeEvents(10)) }
            store.close()
            #expect(try Data(contentsOf: file) == sound)
        }
        #expect(isHealed { if case .ringHealed = $0 { true } else { false } })
    }

    @Test func aDamagedSlotIsHealedWhenItIsRead() throws {
        try fill()
        let sound = try Data(contentsOf: first)
        try change(first, at: slot(2) + 60, to: [0xFF, 0xFF, 0xFF])
        let store = try open()
        #expect(try store.events(of: 2) == makeEvents(10))
        #expect(try Data(contentsOf: first) == sound)
        #expect(isHealed { if case .keyHealed(2) = $0 { true } else { false } })
        store.close()
    }

    @Test func aSlotLostInBothCopiesCostsThatRecordingOnly() throws {
        try fill()
        for file in [first, second] { try change(file, at: slot(2) + 60, to: [0xFF, 0xFF, 0xFF]) }
        let store = try open()
        #expect(throws: StoreError.self) { try store.events(of: 2) }
        expectDamage(.keyDamaged) { _ = try store.events(of: 2) }
        #expect(try store.events(of: 1) == makeEvents(10) && store.events(of: 3) == makeEvents(10))
        store.close()
        #expect(try StoreVerifier(directory.path, .test).run().damage.contains { $0.kind == .keyDamaged })
        #expect(try !StoreVerifier(directory.path).run().isSound)
    }

    /// Wrapped under another key, or for another recording, under sound checksums.
    @Test func aForgedSlotOpensNothing() throws {
        try fill()
        let ring = Array(try Data(contentsOf: first))
        guard case .sound(let other) = KeyringSlot.read(ring[slot(1)..<slot(1) + 128].span.bytes, of: 1) else {
            Issue.record("no slot")
            return
        }
        let forged = KeyringSlot(recording: 2, other.content).encoded()
        for file in [first, second] { try change(file, at: slot(2), to: forged) }
        let store = try open()
        expectDamage(.keyDamaged) { _ = try store.events(of: 2) }
        store.close()
        #expect(try StoreVerifier(directory.path, .test).run().damage.contains { $0.kind == .keyDamaged })
    }

    /// With a page gone or a ring older than the log nothing is opened: what is written then would be in the way of the
    /// keys, once they are put back. A repair does not give up what they would bring back.
    @Test(arguments: [true, false]) func aKeyringThatLacksKeysOfTheLogIsRefusedAndAllComesBackWithIt(isGone: Bool)
        throws
    {
        try fill(1)
        let old = [try Data(contentsOf: first), try Data(contentsOf: second)]
        try fill(40)
        // Erased ones need no keys, and say nothing of those between them.
        let store = try open()
        for number: UInt64 in [1, 41] { _ = try store.erase(number) }
        store.close()
        let whole = [try Data(contentsOf: first), try Data(contentsOf: second)]
        for (file, content) in zip([first, second], old) {
            if isGone { try FileManager.default.removeItem(at: file) } else { try content.write(to: file) }
        }
        let before = try directory.listing()
        #expect { try open() } throws: {
            if case OpenError.keyringIncomplete? = $0 as? OpenError { true } else { false }
        }
        #expect { try StoreRepair(directory.path, .test, clock: FakeClock()).run(isDryRun: false) } throws: {
            if case RepairError.keys? = $0 as? RepairError { true } else { false }
        }
        #expect(try directory.listing() == before)
        #expect(try !StoreVerifier(directory.path, .test).run().isSound)
        for (file, content) in zip([first, second], whole) { try content.write(to: file) }
        let again = try open()
        #expect(try again.events(of: 40) == makeEvents(10))
        #expect(try again.start().recording.number == 42)
        again.close()
    }

    /// Where there is no copy, the recordings whose keys are gone are erased by who says so, and the store goes on.
    @Test func whatLostItsKeyForGoodIsErasedByARepairThatIsTold() throws {
        try fill(3)
        for file in [first, second] { try change(file, at: slot(2) + 60, to: [0xFF, 0xFF, 0xFF]) }
        let repaired = try StoreRepair(directory.path, .test, clock: FakeClock()).run(
            isDryRun: false, givesUpKeys: true)
        #expect(repaired.erasedForLostKeys == [2])
        #expect(try StoreVerifier(directory.path, .test).run().isSound)
        for file in [first, second] { try FileManager.default.removeItem(at: file) }
        #expect(
            try StoreRepair(directory.path, .test, clock: FakeClock()).run(isDryRun: false, givesUpKeys: true)
                .erasedForLostKeys == [1, 3])
        let store = try open()
        #expect { try store.events(of: 1) } throws: {
            if case StoreError.erased? = $0 as? StoreError { true } else { false }
        }
        #expect(try store.start().recording.number == 4)
        store.close()
        #expect(try StoreVerifier(directory.path, .test).run().isSound)
    }

    /// As when a backup of the log was put back and the keyring kept: what was erased since stays erased.
    @Test func aLogOlderThanTheKeyringShowsNothingThatWasErasedSince() throws {
        try fill()
        let backup = try directory.crashed()
        let store = try open()
        _ = try store.erase(2)
        store.close()
        for name in ["log", "index"] {
            try FileManager.default.removeItem(at: directory.file(name))
            try FileManager.default.copyItem(at: backup.file(name), to: directory.file(name))
        }
        try FileManager.default.removeItem(at: directory.file("erased.ledger"))
        for rebuilds in [false, true] {
            if rebuilds { try FileManager.default.removeItem(at: directory.file("index")) }
            let again = try open()
            #expect { try again.events(of: 2) } throws: {
                if case StoreError.erased? = $0 as? StoreError { true } else { false }
            }
            #expect(try again.events(of: 1) == makeEvents(10))
            #expect(again.list(RecordingQuery(), limit: 10).recordings.map(\.row.number) == [3, 1] || !rebuilds)
            again.close()
        }
    }

    /// As when a backup of the keyring was put back and the log kept.
    @Test func aTombstoneDestroysAKeyThatCameBack() throws {
        try fill()
        let old = [try Data(contentsOf: first), try Data(contentsOf: second)]
        let store = try open()
        _ = try store.erase(2)
        store.close()
        for (file, content) in zip([first, second], old) { try content.write(to: file) }
        try open().close()
        for file in [first, second] {
            let ring = Array(try Data(contentsOf: file))
            guard case .sound(let slot) = KeyringSlot.read(ring[slot(2)..<slot(2) + 128].span.bytes, of: 2) else {
                Issue.record("no slot")
                continue
            }
            #expect(slot.isDestroyed)
        }
    }

    @Test func keysAreMadeAheadAndMoreOfThemWhileStartsComeFast() throws {
        let clock = FakeClock()
        let store = try open(clock: clock)
        func keyCount() throws -> Int { try StoreVerifier(directory.path, .test).run().keyCount }
        _ = try store.start()
        #expect(try keyCount() == 32)
        for _ in 0..<32 { _ = try store.start() }
        #expect(try keyCount() == 96)
        clock.advance(seconds: 60)
        for _ in 0..<64 { _ = try store.start() }
        #expect(try keyCount() == 128)
        store.close()
        // What was made and not given out is used.
        let again = try open()
        #expect(try again.start().recording.number == 98)
        #expect(try keyCount() == 128)
        again.close()
    }

    private func expectDamage(
        _ kind: Corruption.Kind, sourceLocation: SourceLocation = #_sourceLocation, _ body: () throws -> Void
    ) {
        #expect(sourceLocation: sourceLocation) {
            try body()
        } throws: { error in
            if case StoreError.damaged(let damage)? = error as? StoreError { damage.kind == kind } else { false }
        }
    }

    @Test(arguments: [nil, 7, 30]) func keysOfManyPagesAreDestroyedTogether(failingSync: Int?) throws {
        let disk = SimulatedDisk()
        try Store.open("/store", .test, fileSystem: disk, clock: FakeClock()).close()
        let paths = StorePaths(root: "/store")
        let store = try #require(try IdentityFile(paths, disk).unlocked(by: .test) { _ in })
        let rings = try #require(store.rings)
        let keyring = try KeyringOpening(paths, disk, rings) { _ in }.run(
            try #require(store.sealed).key, clock: FakeClock())
        let pages = 0..<UInt64(20)
        let victims = try pages.map { try keyring.firstUsable(from: Ring.recordings(of: $0).lowerBound) }
        let tombstones = victims.map { number in
            Tombstone(recording: number, id: .unknown, erasedMicroseconds: 5, lsn: number)
        }
        if let failingSync {
            let count = Monitor(0)
            disk.setFault { kind, _ in
                guard kind == .sync,
                    count.withLock({
                        $0 += 1; return $0
                    }) == failingSync
                else { return nil }
                return SimulatedDisk.Failure()
            }
            #expect(throws: SystemError.self) { try keyring.destroy(tombstones) }
            disk.setFault(nil)
        }
        try keyring.destroy(tombstones)
        let files = RingFiles(paths, disk, isReadOnly: true)
        for number in victims {
            let pair = try files.slots(of: number...number, in: rings)[0]
            guard case .sound(let slot) = pair.first, slot.isDestroyed, pair.first == pair.second else {
                Issue.record("\(number): \(pair)")
                continue
            }
            #expect(throws: KeyFault.destroyed(microseconds: 5)) { try keyring.key(of: number) }
            #expect(throws: Never.self) { try keyring.key(of: number + 1) }
        }
    }
}
