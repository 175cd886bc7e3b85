import ReelCodec
import ReelFormat
import ReelSystem
import StoreFixtures
import Testing

@testable import ReelStore

/// What the end-to-end tests cannot bring about: faults in the middle of it, and lies with sound checksums.
struct RestoreDrillTests {
    private func filled(_ directory: TemporaryDirectory, _ change: (Store) throws -> Void = { _ in }) throws
        -> FoundSnapshot
    {
        let store = try Store.forTest(directory, change: { $0.segmentSizeBytes = 64 << 10 })
        defer { store.close() }
        for _ in 0..<3 {
            let number = try store.start().recording.number
            for batch in 0..<10 { _ = try store.append(makeEvents(400, from: batch * 400), to: number) }
        }
        try change(store)
        let place = "\(directory.path)/snapshots/today"
        _ = try store.snapshot(SnapshotOrder(directory: place, keysDirectory: "\(directory.path)/snapshots/keys"))
        return try #require(try FoundSnapshot.at(place))
    }

    private func drill(
        _ snapshot: FoundSnapshot, in directory: TemporaryDirectory, fileSystem: any FileSystem = HostFileSystem(),
        isCancelled: @escaping @Sendable () -> Bool = { false }
    ) -> RestoreDrill {
        RestoreDrill(
            snapshot, keys: "\(directory.path)/snapshots/keys", scratch: "\(directory.path)/snapshots/.trial",
            fileSystem: fileSystem, isCancelled: isCancelled)
    }

    private func names(_ directory: TemporaryDirectory) throws -> [String] {
        try HostFileSystem().list("\(directory.path)/snapshots").sorted()
    }

    @Test func everySegmentButTheLastIsALinkAndTheSnapshotIsNotWrittenTo() throws {
        let directory = TemporaryDirectory()
        let snapshot = try filled(directory)
        let segments = snapshot.manifest.files.filter { $0.name.hasPrefix("log/") }.count
        let report = try drill(snapshot, in: directory).run(.test, clock: FakeClock())
        #expect(report.faults.isEmpty && report.recordingCount == 3 && report.eventCount == 12_000)
        #expect(segments > 2 && report.linkedCount == segments - 1)
        #expect(try SnapshotVerifier(snapshot.directory).run(now: 0)?.faults == [])
        #expect(try names(directory) == ["keys", "today"])
    }

    @Test func aManifestThatSaysMoreThanComesBackIsAFault() throws {
        let directory = TemporaryDirectory()
        var snapshot = try filled(directory)
        snapshot.manifest.recordingCount += 1
        snapshot.manifest.lsn += 1000
        let report = try drill(snapshot, in: directory).run(.test, clock: FakeClock())
        #expect(report.faults.count == 2 && report.faults[0].contains("4 recordings were started"), "\(report.faults)")
    }

    @Test func whateverFailsNothingIsLeft() throws {
        let directory = TemporaryDirectory()
        let snapshot = try filled(directory)
        // Asked again and again it stops wherever that is, until nothing stops it.
        var stop = 0
        while true {
            let asked = Monitor(0)
            let trial = drill(snapshot, in: directory) { [stop] in
                asked.withLock {
                    $0 += 1
                    return $0 > stop
                }
            }
            let report = try? trial.run(.test, clock: FakeClock())
            #expect(try names(directory) == ["keys", "today"], "after \(stop)")
            if report != nil { break }
            stop += 1 + stop / 4
        }
        #expect(stop > 6)
        let wrong = drill(snapshot, in: directory)
        #expect(throws: RestoreDrill.Failure.self) {
            _ = try wrong.run(.key(try StoreKey(try SecretBytes.random(count: 32))), clock: FakeClock())
        }
        #expect(try names(directory) == ["keys", "today"])
    }

    @Test func eventsThatWereGivenUpBeforeAreNoFault() throws {
        let directory = TemporaryDirectory()
        _ = try filled(directory)
        let segments = try HostFileSystem().list("\(directory.path)/log").filter { $0.hasSuffix(".seg") }.sorted()
        let file = try HostFileSystem().open("\(directory.path)/log/\(segments[0])", .existing)
        let length = try file.sizeBytes()
        try file.write([0xFF], at: length / 2)
        _ = try StoreRepair(directory.path, .test).run(isDryRun: false)
        let store = try Store.forTest(directory)
        let place = "\(directory.path)/snapshots/later"
        _ = try store.snapshot(
            SnapshotOrder(directory: place, keysDirectory: "\(directory.path)/snapshots/later.keys"))
        store.close()
        let snapshot = try #require(try FoundSnapshot.at(place))
        let trial = RestoreDrill(
            snapshot, keys: "\(directory.path)/snapshots/later.keys", scratch: "\(directory.path)/snapshots/.trial")
        let report = try trial.run(.test, clock: FakeClock())
        #expect(report.faults.isEmpty && report.recordingCount == 3, "\(report.faults)")
        #expect(report.eventCount < 12_000 && report.eventCount > 8_000)
    }
}
