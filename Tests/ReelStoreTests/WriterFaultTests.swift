import Foundation
import Glibc
import ReelFormat
import ReelSystem
import StoreFixtures
import Testing

@testable import ReelStore

/// What the fault sweep found wrong with the writer and with opening, each by itself.
@Suite struct WriterFaultTests {
    private func open(
        _ directory: TemporaryDirectory, _ system: any FileSystem, clock: any Clock = FakeClock(),
        events: Monitor<[StoreEvent]> = Monitor([]), change: (inout StoreOptions) -> Void = { _ in }
    ) throws -> Store {
        var options = StoreOptions()
        options.compaction.isAutomatic = false
        change(&options)
        return try Store.open(directory.path, .test, options: options, fileSystem: system, clock: clock) { event in
            events.withLock { $0.append(event) }
        }
    }

    @Test func anErrorOfTheLockIsNotASecondDaemon() throws {
        let directory = TemporaryDirectory()
        let system = FaultyFileSystem()
        system.faults.withLock { $0 = .init(lock: EIO) }
        #expect { try open(directory, system) } throws: {
            guard case OpenError.system(let error) = $0 else { return false }
            return error.code == EIO && error.path.hasSuffix("/lock")
        }
        system.faults.withLock { $0 = .init(lock: EAGAIN) }
        #expect { try open(directory, system) } throws: { if case OpenError.locked = $0 { true } else { false } }
    }

    @Test func aReadOnlyStoreDoesNotSyncItsPoisonedSegmentAgain() throws {
        let directory = TemporaryDirectory()
        let system = FaultyFileSystem()
        let store = try open(directory, system) { $0.durability = .interval(milliseconds: 60_000) }
        _ = try store.start()
        system.faults.withLock { $0 = .init(write: EIO, open: EIO, path: ".seg") }
        #expect(throws: StoreError.self) { try store.append(makeEvents(10), to: 1) }
        #expect(store.health.isReadOnly)
        system.heal()
        let before = system.record.trace.count
        try store.checkpoint()
        store.close()
        #expect(system.record.trace[before...].allSatisfy { !$0.path.hasSuffix(".seg") })
    }

    @Test func aStoreThatWentReadOnlyInTheMiddleOfARoundBeginsNoFurtherSegment() throws {
        let directory = TemporaryDirectory()
        let system = FaultyFileSystem()
        let store = try open(directory, system) { $0.segmentSizeBytes = 3 << 10 }
        defer { store.close() }
        _ = try store.start()
        let batches = try (0..<4).map { number in
            store.prepare(try scan(makeEvents(50, from: number * 50)), writer: "w", batch: UInt64(number))
        }
        let results = Monitor<[Result<AppendReceipt, StoreError>]>([])
        // A completion runs on the writer's thread: what it submits is taken in one round.
        _ = try? store.start(StartRequest(id: nil, metadata: RecordingMetadata())) { _ in
            system.faults.withLock { $0 = .init(write: EIO, open: EIO, path: ".seg") }
            for batch in batches {
                try? store.append(batch, to: 1) { result in results.broadcast { $0.append(result) } }
            }
        }
        let all = try #require(results.wait(timeoutMilliseconds: 120_000) { $0.count == 4 ? $0 : nil })
        for (index, result) in all.enumerated() {
            let told = result.failureTold
            #expect(told == .outcomeUnknown || told == .readOnly, "batch \(index)")
        }
        #expect(all.last?.failureTold == .readOnly)
        #expect(system.record.trace.filter { $0.kind == .open && $0.failure == EIO }.count == 1)
    }

    @Test func aSegmentWhoseBeginningFailedIsNeverTakenForDamage() throws {
        let directory = TemporaryDirectory()
        let system = FaultyFileSystem()
        let store = try open(directory, system)
        _ = try store.start()
        _ = try store.append(makeEvents(10), to: 1)
        // Half a state frame is written, and cannot be removed again.
        system.faults.withLock { $0 = .init(write: EIO, writtenBytes: 100, unlink: EIO, path: "0000000002.seg") }
        #expect(throws: StoreError.self) { try store.context.wait { .rotate($0) } }
        system.heal()
        _ = try store.context.wait { .rotate($0) }
        _ = try store.append(makeEvents(10, from: 10), to: 1)
        store.close()
        #expect(try StoreVerifier(directory.path, .test).run().isSound)
        let again = try open(directory, HostFileSystem())
        #expect(again.report.damage.isEmpty)
        #expect(try again.events(of: 1) == makeEvents(20))
        again.close()
        #expect(access("\(directory.path)/log/0000000002.seg", F_OK) != 0)
    }

    @Test func anEndThatWasNotWrittenKeepsTheLease() throws {
        let directory = TemporaryDirectory()
        let system = FaultyFileSystem()
        let store = try open(directory, system)
        defer { store.close() }
        _ = try store.start()
        _ = try store.start()
        system.faults.withLock { $0 = .init(write: ENOSPC, path: "/log/") }
        #expect(throws: StoreError.self) { try store.end(1) }
        #expect(throws: StoreError.self) { try store.erase(2) }
        #expect(store.statistics.openRecordingCount == 2)
        system.heal()
        _ = try store.end(1)
        _ = try store.erase(2)
        #expect(store.statistics.openRecordingCount == 0)
    }

    @Test func aCompactionThatCouldNotBeInstalledLeavesNothingInTmp() throws {
        let directory = TemporaryDirectory()
        let system = FaultyFileSystem()
        let store = try open(directory, system)
        defer { store.close() }
        _ = try store.start()
        for batch in 0..<3 { _ = try store.append(makeEvents(10, from: batch * 10), to: 1) }
        _ = try store.end(1)
        system.faults.withLock { $0 = .init(rename: EIO, path: "\(directory.path)/tmp/") }
        #expect { try store.vacuum() } throws: {
            if case StoreError.system(let error) = $0 { error.code == EIO } else { false }
        }
        #expect(try FileManager.default.contentsOfDirectory(atPath: "\(directory.path)/tmp").isEmpty)
        system.heal()
        #expect(try store.vacuum().segmentCount == 1)
        #expect(try store.events(of: 1) == makeEvents(30))
    }

    @Test func aReadErrorDoesNotLeaveACompactionHalfInstalled() throws {
        let directory = TemporaryDirectory()
        let store = try open(directory, HostFileSystem())
        for number in 1...3 {
            _ = try store.start()
            for batch in 0..<3 {
                _ = try store.append(
                    makeEvents(10, from: batch * 10), to: UInt64(number), writer: "w", batch: UInt64(batch))
            }
            _ = try store.end(UInt64(number))
        }
        store.close()
        let system = FaultyFileSystem()
        // Nothing is in the writer's memory now; and the new segment cannot be read while its rows are brought up to it.
        let again = try open(directory, system)
        system.faults.withLock { $0 = .init(read: EIO, path: "\(directory.path)/tmp/") }
        #expect(try again.vacuum().segmentCount == 1)
        system.heal()
        for number in 1...3 {
            #expect(try again.events(of: UInt64(number)) == makeEvents(30))
            #expect(try again.recording(UInt64(number)).row.status == .ended)
        }
        #expect(try FileManager.default.contentsOfDirectory(atPath: "\(directory.path)/log").count == 2)
        try again.checkpoint()
        let dump = try again.dump()
        again.close()
        let rebuilt = try open(directory, HostFileSystem()) { $0.rebuildsIndex = true }
        #expect(try rebuilt.dump() == dump)
        rebuilt.close()
    }

    @Test func aFrameThatCannotBeReadIsNotTakenForDamaged() throws {
        let directory = TemporaryDirectory()
        let system = FaultyFileSystem()
        let store = try open(directory, system)
        defer { store.close() }
        _ = try store.start()
        _ = try store.append(makeEvents(10), to: 1)
        let frame = try #require(store.snapshot(1).frames.first)
        system.faults.withLock { $0 = .init(read: EIO, path: ".seg") }
        #expect { try frame.isSound() } throws: {
            if case StoreError.system(let error) = $0 { error.code == EIO } else { false }
        }
        system.heal()
        #expect(try frame.isSound())
    }

    @Test func anErrorOfACompactedSegmentNamesTheFileWhereItIs() throws {
        let directory = TemporaryDirectory()
        let system = FaultyFileSystem()
        let store = try open(directory, system)
        defer { store.close() }
        _ = try store.start()
        for batch in 0..<3 { _ = try store.append(makeEvents(10, from: batch * 10), to: 1) }
        _ = try store.end(1)
        _ = try store.vacuum()
        system.faults.withLock { $0 = .init(read: EIO, path: ".seg") }
        #expect { try store.events(of: 1) } throws: {
            guard case StoreError.system(let error) = $0 else { return false }
            return error.path == "\(directory.path)/log/0000000003.seg"
        }
    }
}

extension Result where Failure == StoreError {
    fileprivate var failureTold: Told? {
        if case .failure(let error) = self { Told(error) } else { nil }
    }
}
