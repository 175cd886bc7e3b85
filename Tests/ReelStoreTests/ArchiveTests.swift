import Foundation
import ReelCodec
import ReelFormat
import ReelSystem
import Testing

@testable import ReelStore

/// Old events in an archive on another file system: read as before while it is there, and missed by nothing else while it is not.
@Suite struct ArchiveTests {
    @Test func oldEventsAreReadFromTheArchiveAndTheirRoomIsFree() throws {
        let one = try ArchivedStore(0)
        for _ in 1...3 {
            try one.record()
            try one.archive()
        }
        let dump = try one.store.dump()
        #expect(one.copies.count == 3)
        #expect(try one.names(".archived").count == 3)
        #expect(one.store.archive.segmentCount == 3)
        #expect(one.store.archive.isOnline == true)
        for number in 1...3 as ClosedRange<UInt64> { #expect(try one.store.events(of: number) == one.all) }
        #expect(try one.store.dump() == dump)
        try one.reopen()
        #expect(one.store.report.damage.isEmpty)
        #expect(one.store.archive.segmentCount == 3)
        for number in 1...3 as ClosedRange<UInt64> { #expect(try one.store.events(of: number) == one.all) }
        let report = try one.verify()
        #expect(report.isSound, "\(report.damage)")
        #expect(report.archivedFrameCount > 0 && report.unreadFrameCount == 0)
    }

    @Test func theBytesAreGoneFromTheDiskThatIsToBeFreed() throws {
        let one = try ArchivedStore(1) { $0.archive.holeSizeMinBytes = 4096 }
        // Events that do not compress.
        let number = try one.store.start().recording.number
        let noise = try SecureRandom.bytes(count: 400_000).map { String($0, radix: 16) }.joined()
        _ = try one.store.append([#"{"type":5,"data":{"tag":"x","payload":"\#(noise)"},"timestamp":1}"#], to: number)
        _ = try one.store.end(number)
        _ = try one.store.vacuum()
        let held = one.store.context.view.state.withLock { $0.sealed.map(\.segment.path) }
        let segment = try #require(held.last)
        #expect(held.count == 1)
        one.clock.advance(seconds: 1000)
        func blocks() throws -> UInt64 { try HostFileSystem().open(segment, .readOnly).allocatedBytes() }
        let before = try blocks()
        let logBytes = one.store.statistics.logSizeBytes
        try one.archive()
        #expect(one.store.statistics.logSizeBytes < logBytes - 300_000)
        #expect(before > 350_000)
        #expect(try blocks() < 20_000)
        #expect(try one.store.events(of: number).first?.utf8.count ?? 0 > 700_000)
    }

    @Test func withoutTheArchiveOnlyEventsAreMissed() throws {
        let one = try ArchivedStore(3)
        let dump = try one.store.dump()
        try one.archive()
        one.isMounted = false
        for rebuilds in [false, true] {
            try one.reopen { $0.rebuildsIndex = rebuilds }
            #expect(one.store.report.damage.isEmpty)
            #expect(try one.store.dump() == dump)
            for number in 1...3 as ClosedRange<UInt64> {
                #expect(try one.store.recording(number).metadata.user == "zoe")
                #expect { try one.store.events(of: number) } throws: { isArchiveOffline($0) }
                #expect {
                    try one.store.requireArchive(of: one.store.snapshot(number).frames)
                } throws: {
                    isArchiveOffline($0)
                }
            }
            var query = RecordingQuery()
            query.text = "shop.example/cart"
            #expect(one.store.list(query, limit: 10).recordings.count == 3)
            #expect(one.store.archive.isOnline == false)
        }
        // Going on needs nothing of it.
        let row = try one.store.change(2) { $0.isPinned = true }
        #expect(row.flags.contains(.pinned))
        let new = try one.record()
        #expect(try one.store.events(of: new) == one.all)
        let report = try one.verify()
        #expect(report.isSound, "\(report.damage)")
        #expect(report.unreadFrameCount > 0)
        one.isMounted = true
        for number in 1...4 as ClosedRange<UInt64> { #expect(try one.store.events(of: number) == one.all) }
        #expect(one.store.archive.isOnline == true)
        let told = one.events.withLock { events in
            events.filter { if case .archiveOffline = $0 { true } else { false } }.count
        }
        #expect(told >= 1)
    }

    @Test func aBatchSentAgainGetsItsFirstAnswerWithoutTheArchive() throws {
        let one = try ArchivedStore(1)
        try one.archive()
        one.isMounted = false
        try one.reopen()
        let again = try one.store.append(one.sent, to: 1, writer: "w", batch: 1)
        #expect(again.isDuplicate && again.firstOrdinal == 0 && again.eventCount == 400)
    }

    @Test func aStoreWithoutItsConfiguredArchiveSaysWhichKey() throws {
        let one = try ArchivedStore(1)
        try one.archive()
        try one.reopen(archive: false)
        #expect {
            try one.store.events(of: 1)
        } throws: {
            if case StoreError.archiveOffline(nil) = $0 { true } else { false }
        }
        let report = try one.verify(archive: false)
        #expect(report.isSound && report.unreadFrameCount > 0)
    }

    @Test func nothingIsArchivedOnTheStoresOwnFileSystem() throws {
        let own = TemporaryDirectory()
        let one = try ArchivedStore(1) { $0.archive.directory = own.path }
        try one.archive()
        #expect(try FileManager.default.contentsOfDirectory(atPath: own.path).isEmpty)
        #expect(one.store.archive.segmentCount == 0)
        #expect(one.store.archive.trouble?.contains("own file system") == true)
        #expect(try one.names(".archived").isEmpty)
    }

    @Test func nothingIsWrittenWhereTheArchiveIsNotMounted() throws {
        let one = try ArchivedStore(1)
        try one.archive()
        one.isMounted = false
        try one.record()
        try one.archive()
        #expect(try FileManager.default.contentsOfDirectory(atPath: one.mount.path).isEmpty)
        #expect(one.store.archive.segmentCount == 1)
        one.isMounted = true
        try one.archive()
        #expect(one.store.archive.segmentCount == 2)
    }

    @Test func whatIsYoungOrStillRecordingStays() throws {
        let one = try ArchivedStore(0)
        _ = try one.store.start()
        _ = try one.store.append(one.sent, to: 1)
        _ = try one.store.vacuum()
        one.clock.advance(seconds: 1000)
        try one.archive()
        #expect(one.copies.isEmpty)
        _ = try one.store.end(1)
        _ = try one.store.vacuum()
        try one.archive()
        #expect(one.copies.isEmpty)
        one.clock.advance(seconds: 499)
        try one.archive()
        #expect(one.copies.isEmpty)
        one.clock.advance(seconds: 2)
        try one.archive()
        #expect(one.copies.count == 1)
    }

    @Test func whoReadsWhileASegmentIsArchivedReadsOn() throws {
        let one = try ArchivedStore(1)
        let snapshot = try one.store.snapshot(1)
        let reader = SpliceReader(snapshot, coding: .identity)
        try one.archive()
        one.isMounted = false
        var text: [UInt8] = []
        while let piece = try reader.nextPiece() { text += piece }
        #expect(try EventScanner().scan(text).run.events.count == 600)
    }

    @Test func mergingBringsNothingBack() throws {
        let one = try ArchivedStore(12) { $0.compaction.mergeSegmentCount = 2 }
        try one.archive()
        let copies = one.copies
        #expect(!copies.isEmpty)
        try one.record()
        try one.record()
        _ = try one.store.vacuum()
        #expect(one.copies == copies)
        #expect(one.store.archive.segmentCount == copies.count)
    }

    @Test func anOlderProgramRefusesTheStore() throws {
        let one = try ArchivedStore(1)
        #expect(try Store.identity(of: one.directory.path)?.incompatibleFeatures == 1)
        try one.archive()
        #expect(try Store.identity(of: one.directory.path)?.incompatibleFeatures == 1 | StoreIdentity.archiveFeature)
    }

    @Test func putBackByCopyingASegmentIsItsOwnAgain() throws {
        let one = try ArchivedStore(2)
        try one.archive()
        let names = try one.names(".archived").map { $0.replacing(".archived", with: ".seg") }
        one.close()
        for (name, copy) in zip(names, one.copies) {
            let path = "\(one.directory.path)/log/\(name)"
            try FileManager.default.removeItem(atPath: path)
            try FileManager.default.copyItem(atPath: one.path(ofCopy: copy), toPath: path)
            try FileManager.default.removeItem(atPath: path.replacing(".seg", with: ".archived"))
        }
        one.isMounted = false
        try one.reopen(archive: false)
        #expect(one.store.archive.segmentCount == 0)
        for number in 1...2 as ClosedRange<UInt64> { #expect(try one.store.events(of: number) == one.all) }
    }
}
