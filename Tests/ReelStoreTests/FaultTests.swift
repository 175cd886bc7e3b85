import Foundation
import Glibc
import ReelFormat
import ReelSystem
import StoreFixtures
import Testing

@testable import ReelStore

@Suite struct FaultTests {
    private func open(_ directory: TemporaryDirectory, _ system: FaultyFileSystem) throws -> Store {
        var options = StoreOptions()
        options.compaction.isAutomatic = false
        return try Store.open(directory.path, .test, options: options, fileSystem: system, clock: FakeClock())
    }

    @Test func afterAFailedSyncTheTailIsNeverServed() throws {
        let directory = TemporaryDirectory()
        let system = FaultyFileSystem()
        let store = try open(directory, system)
        _ = try store.start()
        _ = try store.append(makeEvents(10), to: 1)
        system.faults.withLock { $0 = .init(sync: EIO, path: "0000000001.seg") }
        #expect { try store.append(makeEvents(10, from: 10), to: 1, writer: "w", batch: 1) } throws: {
            if case StoreError.outcomeUnknown = $0 { true } else { false }
        }
        #expect(try store.events(of: 1) == makeEvents(10))
        // One new segment is tried, and its retry gets the ordinal that the lost batch had.
        #expect(try store.append(makeEvents(10, from: 10), to: 1, writer: "w", batch: 1).firstOrdinal == 10)
        #expect(try #require(store.snapshot(1).frames.last).segment.number == 2)
        let wanted = makeEvents(20)
        #expect(try store.events(of: 1) == wanted)
        let dump = try store.dump()
        store.close()
        for removesIndex in [false, true] {
            if removesIndex { try FileManager.default.removeItem(atPath: "\(directory.path)/index") }
            let again = try open(directory, FaultyFileSystem())
            #expect(try again.events(of: 1) == wanted)
            #expect(try again.dump() == dump)
            again.close()
        }
        #expect(try StoreVerifier(directory.path, .test).run().isSound)
    }

    @Test func aDiskThatFailsTwiceMakesTheStoreReadOnly() throws {
        let directory = TemporaryDirectory()
        let system = FaultyFileSystem()
        let store = try open(directory, system)
        defer { store.close() }
        _ = try store.start()
        _ = try store.append(makeEvents(10), to: 1)
        system.faults.withLock { $0 = .init(write: EIO, open: EIO, path: ".seg") }
        #expect { try store.append(makeEvents(1), to: 1) } throws: {
            if case StoreError.outcomeUnknown = $0 { true } else { false }
        }
        #expect(store.health.isReadOnly)
        system.faults.withLock { $0 = .init() }
        #expect { try store.append(makeEvents(1), to: 1) } throws: {
            if case StoreError.readOnly = $0 { true } else { false }
        }
        #expect(try store.events(of: 1) == makeEvents(10))
    }

    @Test func anInstallInDoubtStopsAllWriting() throws {
        let directory = TemporaryDirectory()
        let system = FaultyFileSystem()
        let store = try open(directory, system)
        _ = try store.start()
        for batch in 0..<3 { _ = try store.append(makeEvents(10, from: batch * 10), to: 1) }
        _ = try store.end(1)
        // A rotation syncs the directory too, so it comes before the fault.
        _ = try store.context.wait { .rotate($0) }
        system.faults.withLock { $0 = .init(syncDirectory: EIO, path: "/log") }
        #expect { try store.vacuum() } throws: { if case StoreError.readOnly = $0 { true } else { false } }
        #expect(store.health.isReadOnly)
        #expect(try store.events(of: 1) == makeEvents(30))
        store.close()
        let again = try open(directory, FaultyFileSystem())
        #expect(try again.events(of: 1) == makeEvents(30))
        again.close()
        #expect(try StoreVerifier(directory.path, .test).run().isSound)
    }

    @Test func aFullDiskLeavesNothingHalfWrittenAndServiceGoesOn() throws {
        let directory = TemporaryDirectory()
        let system = FaultyFileSystem()
        let store = try open(directory, system)
        _ = try store.start()
        _ = try store.append(makeEvents(10), to: 1)
        let size = try HostFileSystem().open("\(directory.path)/log/0000000001.seg", .readOnly).sizeBytes()
        for part in [0, 1, 192, 300] {
            system.faults.withLock { $0 = .init(write: ENOSPC, writtenBytes: part, path: "/log/") }
            #expect { try store.append(makeEvents(10, from: 10), to: 1) } throws: {
                if case StoreError.diskFull = $0 { true } else { false }
            }
            #expect(try HostFileSystem().open("\(directory.path)/log/0000000001.seg", .readOnly).sizeBytes() == size)
        }
        system.faults.withLock { $0 = .init() }
        #expect(try store.append(makeEvents(10, from: 10), to: 1).firstOrdinal == 10)
        #expect(try store.events(of: 1) == makeEvents(20))
        store.close()
        #expect(try StoreVerifier(directory.path, .test).run().isSound)
    }

    @Test func aFullDiskUnderTheIndexRefusesNewRecordingsBeforeTheLogHasThem() throws {
        let directory = TemporaryDirectory()
        let system = FaultyFileSystem()
        let store = try open(directory, system)
        defer { store.close() }
        system.faults.withLock { $0 = .init(write: ENOSPC, path: "/index/") }
        #expect { try store.start() } throws: { if case StoreError.diskFull = $0 { true } else { false } }
        system.faults.withLock { $0 = .init() }
        #expect(try store.start().recording.number == 1)
    }

    @Test func aRowThatCouldNotBeWrittenIsFoldedFromTheLog() throws {
        let directory = TemporaryDirectory()
        let system = FaultyFileSystem()
        let store = try open(directory, system)
        _ = try store.start()
        _ = try store.append(makeEvents(10), to: 1)
        system.faults.withLock { $0 = .init(write: EIO, path: "/index/recordings") }
        // The log took it, so it is acked, and what is acked is served.
        _ = try store.append(makeEvents(10, from: 10), to: 1)
        #expect(try store.recording(1).row.eventCount == 20)
        system.faults.withLock { $0 = .init() }
        try store.checkpoint()
        _ = try store.append(makeEvents(10, from: 20), to: 1)
        #expect(try store.recording(1).row.eventCount == 30)
        let dump = try store.dump()
        store.close()
        let again = try open(directory, FaultyFileSystem())
        #expect(try again.dump() == dump)
        again.close()
    }

    @Test func aSegmentThatIsGoneIsTold() throws {
        let directory = TemporaryDirectory()
        let store = try Store.forTest(directory) { $0.segmentSizeBytes = 4 << 10 }
        for number in 1...8 {
            _ = try store.start()
            for batch in 0..<4 { _ = try store.append(makeEvents(20, from: batch * 20), to: UInt64(number)) }
        }
        store.close()
        let path = "\(directory.path)/log/0000000002.seg"
        try FileManager.default.removeItem(atPath: path)
        let missing = Corruption(file: path, offsetBytes: 0, kind: .missing)
        let report = try StoreVerifier(directory.path, .test).run()
        #expect(report.damage == [missing] && !(report.gaps.isEmpty && report.lostRecordings.isEmpty))
        let again = try Store.forTest(directory)
        #expect(again.report.damage == [missing])
        again.close()
        // Without its table the loss is still seen, by the rows.
        try FileManager.default.removeItem(atPath: "\(directory.path)/index/0000000002.frames")
        #expect(try !StoreVerifier(directory.path, .test).run().isSound)
    }

    /// The number went to the next segment, and the file that was put back was void by an old state frame.
    @Test func theNumberOfASegmentThatIsGoneIsNotGivenAgain() throws {
        let directory = TemporaryDirectory()
        let store = try Store.forTest(directory) { $0.segmentSizeBytes = 4 << 10 }
        for number in 1...4 {
            _ = try store.start()
            for batch in 0..<4 { _ = try store.append(makeEvents(20, from: batch * 20), to: UInt64(number)) }
            _ = try store.end(UInt64(number))
        }
        _ = try store.vacuum()
        store.close()
        let log = "\(directory.path)/log"
        let away = TemporaryDirectory()
        let names = try FileManager.default.contentsOfDirectory(atPath: log).sorted()
        let gone = names.suffix(1)
        for name in gone { try FileManager.default.moveItem(atPath: "\(log)/\(name)", toPath: "\(away.path)/\(name)") }
        let without = try Store.forTest(directory)
        #expect(!without.report.damage.isEmpty)
        let number = try without.start().recording.number
        _ = try without.append(makeEvents(7), to: number)
        without.close()
        for name in gone {
            #expect(!FileManager.default.fileExists(atPath: "\(log)/\(name)"), "its number was given again")
            try FileManager.default.moveItem(atPath: "\(away.path)/\(name)", toPath: "\(log)/\(name)")
        }
        let again = try Store.forTest(directory)
        #expect(try again.events(of: number) == makeEvents(7))
        #expect(try again.events(of: 1).count == 80)
        again.close()
    }

    @Test func theIdentityOfAnotherStoreIsRefusedAndTheLogKept() throws {
        let directory = TemporaryDirectory()
        let store = try Store.forTest(directory)
        _ = try store.start()
        store.close()
        let other = TemporaryDirectory()
        try Store.forTest(other).close()
        let path = "\(directory.path)/store"
        try FileManager.default.removeItem(atPath: path)
        try FileManager.default.copyItem(atPath: "\(other.path)/store", toPath: path)
        let names = try FileManager.default.contentsOfDirectory(atPath: "\(directory.path)/log")
        func isRefused(_ error: any Error) -> Bool {
            if case OpenError.foreignLog(path) = error { true } else { false }
        }
        #expect { try Store.forTest(directory) } throws: { isRefused($0) }
        #expect { try StoreVerifier(directory.path, .test).run() } throws: { isRefused($0) }
        #expect {
            try StoreRepair(directory.path, .test).run(isDryRun: false)
        } throws: {
            if case RepairError.open(let error) = $0 { isRefused(error) } else { false }
        }
        #expect(try FileManager.default.contentsOfDirectory(atPath: "\(directory.path)/log") == names)
    }

    @Test func verifyNamesFileAndOffsetAndWhatIsMissing() throws {
        let directory = TemporaryDirectory()
        let store = try open(directory, FaultyFileSystem())
        _ = try store.start()
        for batch in 0..<3 { _ = try store.append(makeEvents(10, from: batch * 10), to: 1) }
        let frames = try store.snapshot(1).frames.map(\.entry)
        store.close()
        #expect(try StoreVerifier(directory.path, .test).run().isSound)
        let path = "\(directory.path)/log/0000000001.seg"
        let file = try HostFileSystem().open(path, .existing)
        try file.write([0xAA], at: frames[1].offsetBytes + 250)
        let report = try StoreVerifier(directory.path, .test).run()
        #expect(report.damage == [Corruption(file: path, offsetBytes: frames[1].offsetBytes, kind: .payloadChecksum)])
        #expect(report.gaps == [VerifyReport.Gap(1, 10..<20)])
    }
}
