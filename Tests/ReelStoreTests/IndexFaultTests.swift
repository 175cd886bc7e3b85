import Foundation
import Glibc
import ReelCodec
import ReelFormat
import ReelSystem
import StoreFixtures
import Testing

@testable import ReelStore

/// What the fault sweep found wrong with the index, the list and the verifier, each by itself.
@Suite struct IndexFaultTests {
    private let events = Monitor<[StoreEvent]>([])

    private func open(
        _ directory: TemporaryDirectory, _ system: any FileSystem, clock: any Clock = FakeClock()
    ) throws -> Store {
        var options = StoreOptions()
        options.compaction.isAutomatic = false
        return try Store.open(directory.path, .test, options: options, fileSystem: system, clock: clock) {
            [events] event in
            events.withLock { $0.append(event) }
        }
    }

    @Test(arguments: ["recordings", "summaries", "ids.new"])
    func anIndexThatCouldNotBeSyncedIsNotSyncedAgainAndMadeAnewAtTheNextStart(_ name: String) throws {
        let directory = TemporaryDirectory()
        let system = FaultyFileSystem()
        let store = try open(directory, system)
        _ = try store.start()
        try store.checkpoint()
        _ = try store.append(makeEvents(10), to: 1)
        system.faults.withLock { $0 = .init(sync: EIO, path: "/index/\(name)") }
        #expect { try store.checkpoint() } throws: { ($0 as? SystemError)?.code == EIO }
        system.heal()
        let before = system.record.trace.count
        #expect { try store.checkpoint() } throws: { ($0 as? SystemError)?.code == EIO }
        _ = try store.append(makeEvents(10, from: 10), to: 1)
        let dump = try store.dump()
        store.close()
        #expect(system.record.trace[before...].allSatisfy { $0.kind != .sync || !$0.path.hasSuffix("/\(name)") })
        let again = try open(directory, HostFileSystem())
        #expect(again.report.rebuiltIndex)
        #expect(try again.dump() == dump)
        again.close()
        let third = try open(directory, HostFileSystem())
        #expect(!third.report.rebuiltIndex)
        third.close()
    }

    @Test(arguments: ["recordings", "summaries", "ids"])
    func aRecordingWhoseRowCouldNotBeWrittenIsFoundByItsIdAndListed(_ name: String) throws {
        let directory = TemporaryDirectory()
        let system = FaultyFileSystem()
        let store = try open(directory, system)
        let id = try #require(UUIDv7(high: 0x0190_0000_0000_7000, low: 1 << 63 | 7))
        var metadata = RecordingMetadata()
        metadata.user = "ann"
        // The files have room from the first one on, so that only the writing itself can fail.
        _ = try store.start()
        system.faults.withLock { $0 = .init(write: EIO, path: "/index/\(name)") }
        #expect(try store.start(metadata, id: id).recording.number == 2)
        // What is sent again must not become a second recording.
        #expect(try store.start(metadata, id: id).isDuplicate)
        #expect(store.number(of: id) == 2)
        var query = RecordingQuery()
        query.equalities = [.init(field: .user, value: "ann")]
        #expect(store.list(query, limit: 10).recordings.map(\.row.id) == [id])
        query.equalities = [.init(field: .user, value: "bob")]
        #expect(store.list(query, limit: 10).recordings.isEmpty)
        query = RecordingQuery()
        query.statuses = [.ended]
        #expect(store.list(query, limit: 10).recordings.isEmpty)
        for batch in 0..<3 { _ = try store.append(makeEvents(10, from: batch * 10), to: 2) }
        let told = events.withLock { $0.filter { if case .indexWriteFailed = $0 { true } else { false } } }
        #expect(told.count == 1, "the journal is told once a recording, not once a commit")
        system.heal()
        store.close()
        let again = try open(directory, HostFileSystem())
        #expect(again.number(of: id) == 2)
        #expect(try again.events(of: 2) == makeEvents(30))
        again.close()
    }

    @Test func aFailedCheckpointIsToldOnceAndTriedAgainWhenTheNextIsDue() throws {
        let directory = TemporaryDirectory()
        let system = FaultyFileSystem()
        let clock = FakeClock()
        let store = try open(directory, system, clock: clock)
        defer { store.close() }
        _ = try store.start()
        system.faults.withLock { $0 = .init(sync: EIO, path: ".frames.new") }
        func toldCount() -> Int {
            events.withLock { $0.count { if case .checkpointFailed = $0 { true } else { false } } }
        }
        clock.advance(seconds: 61)
        for _ in 0..<3 { store.tick() }
        #expect(toldCount() == 1)
        clock.advance(seconds: 61)
        store.tick()
        #expect(toldCount() == 2)
        system.heal()
        clock.advance(seconds: 61)
        store.tick()
        #expect(toldCount() == 2)
        #expect(store.health.lastCheckpointMicroseconds > 0)
    }

    @Test func aRecordingThatCannotBeReadIsNotLeftOutOfTheListInSilence() throws {
        let directory = TemporaryDirectory()
        let system = FaultyFileSystem()
        let store = try open(directory, system)
        defer { store.close() }
        for _ in 0..<3 { _ = try store.start() }
        system.faults.withLock { $0 = .init(read: EIO, path: ".seg") }
        let page = store.list(RecordingQuery(), limit: 10)
        #expect(page.recordings.isEmpty)
        #expect(page.failures.map(\.code) == [EIO, EIO, EIO])
        system.heal()
        #expect(store.list(RecordingQuery(), limit: 10).recordings.count == 3)
    }

    @Test(arguments: ["recordings", "summaries", ".frames", ".seg", "/index", "/log"])
    func verifyDoesNotJudgeWhatItCouldNotRead(_ path: String) throws {
        let directory = TemporaryDirectory()
        let store = try open(directory, HostFileSystem())
        _ = try store.start()
        _ = try store.append(makeEvents(10), to: 1)
        store.close()
        let trace = FaultyFileSystem()
        #expect(try StoreVerifier(directory.path, .test, fileSystem: trace).run().isSound)
        let calls = trace.record.trace.enumerated().filter { $1.path.hasSuffix(path) }
        #expect(!calls.isEmpty)
        for (index, call) in calls {
            let system = FaultyFileSystem(FaultPoint(index: index, fault: .error(EIO), isSticky: false))
            #expect("\(call)") {
                _ = try StoreVerifier(directory.path, .test, fileSystem: system).run()
            } throws: {
                if case OpenError.system(let error) = $0 { error.code == EIO } else { false }
            }
        }
    }
}
