import ReelFormat
import ReelSystem
import StoreFixtures
import Testing

@testable import ReelStore

struct VerificationWordTests {
    private func record(_ store: StoreID, finished: Int64 = 1_800_000_000_000_000) -> VerificationRecord {
        VerificationRecord(store: store, finishedMicroseconds: finished, durationMicroseconds: 7)
    }

    @Test func theStoreTellsWhatTheLastVerificationFound() throws {
        let directory = TemporaryDirectory()
        let store = try Store.forTest(directory)
        defer { store.close() }
        #expect(store.lastVerification == nil)
        let word = VerificationWord(directory.path)
        for finished in [1_800_000_000_000_000 as Int64, 1_800_000_100_000_000] {
            let record = record(store.statistics.id, finished: finished)
            try word.leave(record)
            #expect(store.lastVerification == record)
        }
        // Of another store, as in a directory that was copied over this one.
        try word.leave(record(StoreID(high: 1, low: 1)))
        #expect(store.lastVerification == nil)
        try SmallFile.overwrite("\(directory.path)/verified.json", with: "nothing")
        #expect(store.lastVerification == nil)
    }

    @Test func aVerificationBesideAnotherLeavesTheirWordAlone() throws {
        let directory = TemporaryDirectory()
        let draft = try HostFileSystem().open("\(directory.path)/verified.json.new", .new)
        try draft.lock()
        let other = StoreID(high: 1, low: 1)
        // The lock is the process's file's own: another file of the same process is as another process (F_OFD_SETLK).
        try VerificationWord(directory.path).leave(record(other))
        #expect(try VerificationWord(directory.path).read(of: other) == nil)
        #expect(try draft.sizeBytes() == 0)
    }

    @Test func theReportBecomesItsCounts() {
        var report = VerifyReport()
        report.recordingCount = 3
        report.eventCount = 9
        report.damage = [Corruption(file: "f", offsetBytes: 0, kind: .missing)]
        report.lostRecordings = [4, 5]
        let record = report.record(of: StoreID(high: 1, low: 1), finishedMicroseconds: 5, durationMicroseconds: -1)
        #expect(record.faultCount == 3 && record.recordingCount == 3 && record.eventCount == 9)
        #expect(record.durationMicroseconds == 0 && !record.isSound)
    }
}

extension SmallFile {
    fileprivate static func overwrite(_ path: String, with text: String) throws {
        let file = try HostFileSystem().open(path, .existing)
        try file.truncate(to: 0)
        try file.write(Array(text.utf8), at: 0)
    }
}
