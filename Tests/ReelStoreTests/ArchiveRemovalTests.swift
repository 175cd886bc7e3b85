import Foundation
import ReelFormat
import ReelSystem
import Testing

@testable import ReelStore

/// What becomes of an archive's copies when recordings go.
@Suite struct ArchiveRemovalTests {
    /// Three recordings, each in a segment of its own, archived.
    private func archived(_ change: @escaping (inout StoreOptions) -> Void = { _ in }) throws -> ArchivedStore {
        let one = try ArchivedStore(0, change: change)
        for _ in 1...3 {
            try one.record()
            try one.archive()
        }
        #expect(one.copies.count == 3)
        return one
    }

    private func expire(_ one: ArchivedStore, olderThan seconds: Int64) throws {
        _ = try one.store.vacuum { $0.ageMaxMicroseconds = seconds * 1_000_000 }
    }

    @Test func whatExpiresGoesFromTheArchiveToo() throws {
        let one = try archived()
        try expire(one, olderThan: 1500)
        try one.archive()
        #expect(one.copies.count == 1)
        #expect(try one.names(".discarded").isEmpty)
        #expect(try one.names(".archived").count == 1)
        #expect(try one.store.events(of: 3) == one.all)
        #expect(try one.verify().isSound)
    }

    @Test func whatExpiresWhileTheArchiveIsAwayGoesFromItLater() throws {
        let one = try archived()
        one.isMounted = false
        try expire(one, olderThan: 1500)
        try one.archive()
        #expect(try one.names(".discarded").count == 2)
        try one.reopen()
        #expect(one.store.report.damage.isEmpty)
        #expect(one.store.archive.discardedCount == 2)
        #expect(try one.verify().isSound)
        one.isMounted = true
        try one.archive()
        #expect(one.copies.count == 1)
        #expect(try one.names(".discarded").isEmpty)
    }

    @Test func whatIsErasedCannotBeReadAtOnceAndItsBytesGoOnceTheArchiveIsThere() throws {
        let one = try archived()
        one.isMounted = false
        _ = try one.store.erase(2)
        #expect(throws: (any Error).self) { try one.store.recording(2) }
        _ = try one.store.vacuum()
        #expect(try one.names(".archived").count == 3)
        // The thread's own work: what was erased leaves the log, and waits for what is away.
        one.clock.advance(seconds: 1000)
        try one.reopen {
            $0.compaction.isAutomatic = true
            $0.retention.isAutomatic = true
            $0.archive.ageMicroseconds = .max
        }
        one.isMounted = true
        try one.archive()
        try waitUntil {
            one.clock.advance(seconds: 60)
            return one.copies.count == 2
        }
        for number in [1, 3] as [UInt64] { #expect(try one.store.events(of: number) == one.all) }
        #expect(try one.verify().isSound)
    }

    /// The compaction's thread does it by itself; it looks every five seconds.
    private func waitUntil(_ holds: () throws -> Bool) throws {
        for _ in 0..<1200 {
            if try holds() { return }
            usleep(100_000)
        }
        Issue.record("it did not happen")
    }

    @Test func makingRoomHereRemovesNothingFromTheArchive() throws {
        let one = try archived()
        let new = try one.record()
        _ = try one.store.vacuum { $0.sizeMaxBytes = 1 }
        for number in 1...3 as ClosedRange<UInt64> { #expect(try one.store.events(of: number) == one.all) }
        #expect {
            try one.store.recording(new)
        } throws: {
            if case StoreError.expired(.size) = $0 { true } else { false }
        }
    }

    @Test func aMarkerWithoutItsSegmentIsTold() throws {
        let one = try archived()
        one.close()
        let name = try #require(try one.names(".archived").first).replacing(".archived", with: ".seg")
        try FileManager.default.removeItem(atPath: "\(one.directory.path)/log/\(name)")
        try FileManager.default.removeItem(atPath: "\(one.directory.path)/index")
        #expect(try one.verify().damage.contains { $0.kind == .missing })
        try one.reopen()
        #expect(one.store.report.damage.contains { $0.kind == .missing })
        // The copy stays: it is what the segment can be put back from.
        try one.archive()
        #expect(one.copies.count == 3)
    }

    @Test func aCopyThatIsGoneIsDamageOfItsRecordingsAlone() throws {
        let one = try archived()
        try FileManager.default.removeItem(atPath: one.path(ofCopy: try #require(one.copies.first)))
        #expect {
            try one.store.events(of: 1)
        } throws: {
            if case StoreError.damaged(let damage) = $0 { damage.kind == .archivedCopyMissing } else { false }
        }
        #expect(try one.store.events(of: 2) == one.all)
        #expect(try one.verify().damage.contains { $0.kind == .archivedCopyMissing })
    }

    @Test func aDamagedCopyCostsTheDamagedFrame() throws {
        let one = try archived()
        let path = one.path(ofCopy: try #require(one.copies.first))
        var bytes = try Data(contentsOf: URL(filePath: path))
        let frame = try #require(try one.store.snapshot(1).frames.first).entry
        bytes[Int(frame.offsetBytes) + 700] ^= 1
        try bytes.write(to: URL(filePath: path))
        #expect {
            try one.store.events(of: 1)
        } throws: {
            if case StoreError.damaged(let damage) = $0 { damage.file == path } else { false }
        }
        #expect(try one.store.events(of: 2) == one.all)
        #expect(try one.verify().damage.contains { $0.file == path && $0.offsetBytes == frame.offsetBytes })
    }

    @Test func aDamagedDigestCostsNoEvents() throws {
        let one = try archived()
        let frame = try #require(try one.store.snapshot(1).frames.first)
        let path = frame.segment.path
        one.close()
        var bytes = try Data(contentsOf: URL(filePath: path))
        bytes[Int(frame.entry.offsetBytes) + 2 * FrameHeader.sizeBytes + 3] ^= 1
        try bytes.write(to: URL(filePath: path))
        try one.reopen { $0.rebuildsIndex = true }
        #expect(try one.store.events(of: 1) == one.all)
        #expect(try one.verify().damage.map(\.kind) == [.digest])
        // A repair takes the events back, and has nothing to give up.
        one.close()
        let report = try StoreRepair(one.directory.path, .test, archive: one.mount.path).run(isDryRun: false)
        #expect(report.losses.isEmpty && report.after?.isSound == true)
        try one.reopen()
        for number in 1...3 as ClosedRange<UInt64> { #expect(try one.store.events(of: number) == one.all) }
    }

    @Test func aDamagedMarkerIsTold() throws {
        let one = try archived()
        one.close()
        let path = "\(one.directory.path)/log/\(try #require(try one.names(".archived").first))"
        var bytes = try Data(contentsOf: URL(filePath: path))
        bytes[40] ^= 1
        try bytes.write(to: URL(filePath: path))
        try one.reopen()
        #expect(one.store.report.damage.map(\.kind) == [.archiveMarker])
        #expect(throws: (any Error).self) { try one.store.events(of: 1) }
        #expect(try one.store.events(of: 2) == one.all)
        #expect(try one.verify().damage.contains { $0.kind == .archiveMarker })
    }

    @Test func aSnapshotHasNoArchivedEventsAndSaysSo() throws {
        let one = try archived()
        let new = try one.record()
        let outside = TemporaryDirectory()
        let report = try one.store.snapshot(
            SnapshotOrder(directory: "\(outside.path)/s", keysDirectory: "\(outside.path)/k"))
        #expect(report.archivedCount == 3)
        let verified = try #require(try SnapshotVerifier("\(outside.path)/s").run(now: 0))
        #expect(verified.faults.isEmpty && verified.manifest?.archivedSegments.count == 3)
        let judged = try StoreVerifier("\(outside.path)/s").run()
        #expect(judged.isSound && judged.unreadFrameCount > 0)
        // Restored, it reads on from the archive.
        try FileManager.default.moveItem(atPath: "\(outside.path)/k", toPath: "\(outside.path)/s/keys")
        let copy = TemporaryDirectory(existing: "\(outside.path)/s")
        for archive in [one.mount.path, nil] {
            let restored = try Store.forTest(copy, .test) { $0.archive.directory = archive }
            #expect(restored.report.damage.isEmpty)
            #expect(try restored.events(of: new) == one.all)
            if archive != nil {
                #expect(try restored.events(of: 1) == one.all)
            } else {
                #expect { try restored.events(of: 1) } throws: { isArchiveOffline($0) }
            }
            restored.close()
        }
    }

    @Test func aSnapshotThatIsLinkedKeepsTheEventsOfWhatIsArchivedLater() throws {
        let one = try ArchivedStore(1, fileSystem: HostFileSystem())
        let snapshot = "\(one.directory.path)/snapshots/s"
        let report = try one.store.snapshot(
            SnapshotOrder(directory: snapshot, keysDirectory: "\(one.directory.path)/snapshots/k"))
        #expect(report.linkedCount > 0)
        try one.archive()
        #expect(one.store.archive.segmentCount == 1)
        #expect(try #require(try SnapshotVerifier(snapshot).run(now: 0)).faults.isEmpty)
    }
}
