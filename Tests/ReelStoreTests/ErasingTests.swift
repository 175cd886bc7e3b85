import Foundation
import ReelCodec
import ReelFormat
import ReelSystem
import StoreFixtures
import Testing

@testable import ReelStore

/// Erasing many, the ledger, and what both leave after a restart.
@Suite struct ErasingTests {
    private func ledger(_ directory: TemporaryDirectory) throws -> LedgerText {
        LedgerText(decoding: try SmallFile.read("\(directory.path)/erased.ledger", sizeMaxBytes: 1 << 26))
    }

    /// A store of so many recordings, each of one event.
    private func fill(_ store: Store, _ count: Int) throws {
        for number in 1...UInt64(count) {
            _ = try store.start()
            _ = try store.append(makeEvents(1), to: number)
        }
    }

    @Test func manyAreErasedInFewCommits() throws {
        let directory = TemporaryDirectory()
        let store = try Store.forTest(directory)
        defer { store.close() }
        try fill(store, 40)
        let commits = store.statistics.commits.commitCount
        let numbers = Array<UInt64>(1...40) + [7, 99]
        let done = store.erase(numbers)
        #expect(done.map(\.recording) == numbers)
        #expect(done.prefix(41).allSatisfy { (try? $0.result.get()) != nil })
        #expect(try done[40].result.get() == done[6].result.get(), "erased twice in one call: the first tombstone")
        #expect { try done[41].result.get() } throws: {
            if case StoreError.unknownRecording = $0 { true } else { false }
        }
        #expect(store.statistics.commits.commitCount - commits < 20)
        #expect(try ledger(directory).lines.map(\.tombstone) == done.prefix(40).map { try $0.result.get() })
        #expect(store.erase([3]).map(\.isRepeat) == [true])
        #expect(try ledger(directory).lines.count == 40)
    }

    @Test func moreThanTheQueueHoldsAreErased() throws {
        let directory = TemporaryDirectory()
        let store = try Store.forTest(directory) { $0.queueCountMax = 4 }
        defer { store.close() }
        try fill(store, 50)
        #expect(store.erase(Array(1...50)).allSatisfy { (try? $0.result.get()) != nil })
    }

    @Test func aPinnedRecordingIsErasedOnlyByAnOverride() throws {
        let directory = TemporaryDirectory()
        let store = try Store.forTest(directory)
        defer { store.close() }
        try fill(store, 2)
        _ = try store.change(1) { $0.isPinned = true }
        let held = store.erase([1, 2])
        #expect { try held[0].result.get() } throws: { if case StoreError.held = $0 { true } else { false } }
        #expect((try? held[1].result.get()) != nil)
        #expect((try? store.erase([1], overridingHold: true)[0].result.get()) != nil)
    }

    @Test func anErasingIsDurableThoughOtherChangesWait() throws {
        let directory = TemporaryDirectory()
        let files = FaultyFileSystem()
        let store = try Store.forTest(directory, fileSystem: files) { $0.durability = .interval(milliseconds: 60_000) }
        defer { store.close() }
        try fill(store, 1)
        let before = files.record.trace.count
        _ = try store.erase(1)
        let calls = files.record.trace[before...].map { ($0.kind, $0.path.hasSuffix(".seg")) }
        let written = try #require(calls.firstIndex { $0 == (.write, true) })
        #expect(calls[written...].contains { $0 == (.sync, true) })
    }

    @Test func aLedgerThatIsGoneOrShortIsCompletedFromTheLog() throws {
        let directory = TemporaryDirectory()
        var store = try Store.forTest(directory)
        try fill(store, 5)
        for number in [2, 4, 5] as [UInt64] { _ = try store.erase(number) }
        store.close()
        let path = "\(directory.path)/erased.ledger"
        let whole = try ledger(directory)
        let text = try SmallFile.read(path, sizeMaxBytes: 1 << 20)
        for size in [nil, 0, 40, text.count / 3, text.count / 3 + 10, text.count - 1] {
            try FileManager.default.removeItem(atPath: path)
            if let size { try SmallFile.createPrivate(path, holding: Array(text.prefix(size))) }
            store = try Store.forTest(directory)
            store.close()
            #expect(try ledger(directory) == whole, "after a cut at \(size ?? -1)")
        }
    }

    @Test func aDamagedLedgerIsMadeAnewAndTold() throws {
        let directory = TemporaryDirectory()
        var store = try Store.forTest(directory)
        try fill(store, 3)
        for number in [1, 2, 3] as [UInt64] { _ = try store.erase(number) }
        store.close()
        let path = "\(directory.path)/erased.ledger"
        let whole = try ledger(directory)
        var text = try SmallFile.read(path, sizeMaxBytes: 1 << 20)
        text[text.count / 2] ^= 1
        try FileManager.default.removeItem(atPath: path)
        try SmallFile.createPrivate(path, holding: text)
        let told = Monitor<[Int]>([])
        let found = try StoreVerifier(directory.path, .test).run()
        #expect(found.damage.map(\.kind) == [.ledgerLine(2)])
        store = try Store.open(directory.path, .test) { event in
            if case .ledgerMadeAnew(_, let lines) = event { told.withLock { $0 = lines } }
        }
        store.close()
        #expect(told.withLock { $0 } == [2])
        #expect(Set(try ledger(directory).lines) == Set(whole.lines))
        #expect(try ledger(directory).damagedLines.isEmpty && StoreVerifier(directory.path).run().isSound)
    }

    @Test func anErasingWhoseLedgerFailsIsNotAnsweredAndComesRightLater() throws {
        let directory = TemporaryDirectory()
        let files = FaultyFileSystem()
        let store = try Store.forTest(directory, fileSystem: files)
        defer { store.close() }
        try fill(store, 2)
        _ = try store.erase(1)
        files.faults.withLock {
            $0.sync = EIO
            $0.path = "erased.ledger"
        }
        #expect { try store.erase(2) } throws: { if case StoreError.ledgerFailed = $0 { true } else { false } }
        #expect { try store.recording(2) } throws: { if case StoreError.erased = $0 { true } else { false } }
        files.heal()
        let tombstone = try store.erase(2)
        #expect(try ledger(directory).lines.map(\.tombstone).last == tombstone)
        #expect(try ledger(directory).lines.count == 2)
    }

    @Test func anOlderCopyOfTheStoreIsErasedByALaterLedger() throws {
        let directory = TemporaryDirectory()
        var store = try Store.forTest(directory)
        try fill(store, 4)
        _ = try store.change(3) { $0.isPinned = true }
        _ = try store.erase(1)
        store.close()
        let older = try directory.crashed()
        store = try Store.forTest(directory)
        _ = try store.erase(2)
        _ = store.erase([3], overridingHold: true)
        _ = try store.start()
        _ = try store.erase(5)
        store.close()

        let restored = try Store.forTest(older)
        defer { restored.close() }
        #expect(try restored.recording(2).row.number == 2)
        // The number 5 belongs to another recording here.
        #expect(try restored.start().recording.number == 5)
        #expect(try restored.applyLedger("\(directory.path)/erased.ledger") == [2, 3])
        for number in [1, 2, 3] as [UInt64] {
            #expect { try restored.recording(number) } throws: {
                if case StoreError.erased = $0 { true } else { false }
            }
        }
        #expect(try restored.recording(5).row.number == 5 && restored.recording(4).row.number == 4)
        let adopted = try ledger(older).lines
        #expect(adopted.map(\.recording.number) == [1, 2, 3, 5], "also of what this copy never had")
        #expect(try restored.applyLedger("\(directory.path)/erased.ledger") == [])
        #expect(try ledger(older).lines == adopted)
    }

    @Test func theStoresOwnLedgerAheadOfItsLogErasesAgain() throws {
        let directory = TemporaryDirectory()
        var store = try Store.forTest(directory)
        try fill(store, 2)
        store.close()
        let older = try directory.crashed()
        store = try Store.forTest(directory)
        _ = try store.erase(2)
        store.close()
        try FileManager.default.copyItem(
            atPath: "\(directory.path)/erased.ledger", toPath: "\(older.path)/erased.ledger")
        let restored = try Store.forTest(older)
        defer { restored.close() }
        #expect { try restored.recording(2) } throws: { if case StoreError.erased = $0 { true } else { false } }
        #expect(try restored.recording(1).row.number == 1)
    }

    @Test func aForeignOrDamagedLedgerIsRefused() throws {
        let directory = TemporaryDirectory()
        let other = TemporaryDirectory()
        let store = try Store.forTest(directory)
        defer { store.close() }
        try fill(store, 1)
        let foreign = try Store.forTest(other)
        try fill(foreign, 1)
        _ = try foreign.erase(1)
        foreign.close()
        let path = "\(other.path)/erased.ledger"
        #expect { try store.applyLedger(path) } throws: { if case LedgerError.foreign = $0 { true } else { false } }
        var text = try SmallFile.read(path, sizeMaxBytes: 1 << 20)
        text[40] ^= 1
        try FileManager.default.removeItem(atPath: path)
        try SmallFile.createPrivate(path, holding: text)
        #expect { try store.applyLedger(path) } throws: {
            if case LedgerError.damaged(_, line: 1, _) = $0 { true } else { false }
        }
        #expect { try store.applyLedger(path + "x") } throws: {
            if case LedgerError.system = $0 { true } else { false }
        }
        #expect(try store.recording(1).row.number == 1)
    }

    @Test func whatWasErasedIsDueForCompactionOnceNoMoreComes() {
        let erased = ErasedRecordings([], uptime: 0)
        #expect(erased.due(uptime: 60_000_000) == [])
        erased.note([4], uptime: 61_000_000)
        #expect(erased.due(uptime: 62_000_000) == [], "more may come")
        erased.note([5], uptime: 62_500_000)
        #expect(erased.due(uptime: 64_000_000) == [])
        #expect(erased.due(uptime: 64_500_000) == [4, 5])
        for second in stride(from: 64, through: 90, by: 1) as StrideThrough<Int64> {
            erased.note([UInt64(second)], uptime: second * 1_000_000)
        }
        #expect(erased.due(uptime: 91_000_000).count == 29, "not for ever")
        erased.postpone(uptime: 91_000_000)
        #expect(erased.due(uptime: 150_000_000) == [] && erased.due(uptime: 151_000_000).count == 29, "after a failure")
        erased.forget([4, 5], uptime: 92_000_000)
        #expect(!erased.due(uptime: 95_000_000).contains(4))
    }

    @Test func aSegmentWithSomethingErasedIsDueAtOnce() {
        let policy = CompactionPolicy(options: CompactionOptions(), segmentSizeBytes: 1 << 20)
        var segment = SegmentFacts(
            number: 3, lengthBytes: 1 << 19, isCompacted: true, sealedMicroseconds: 0, wastefulFrameCount: 0,
            frameCount: 100)
        #expect(policy.choose([segment], uptime: 1, isForced: false) == [])
        segment.holdsErased = true
        #expect(policy.choose([segment], uptime: 1, isForced: false) == [3])
    }
}
