import Foundation
import ReelFormat
import ReelSystem
import Testing

@testable import ReelStore

/// Archiving on disks that fail, here or there: whatever call it is, every event is read again, and a next try ends the work.
@Suite struct ArchiveFaultTests {
    /// What is done while calls fail.
    enum Work: String, CaseIterable, Sendable {
        case archiving, removing, comingBack

        func run(_ store: Store) throws {
            switch self {
            case .archiving: try store.archiveNow()
            case .removing:
                _ = try store.vacuum { $0.ageMaxMicroseconds = 2_500_000_000 }
                try store.archiveNow()
            case .comingBack:
                _ = try store.erase(2)
                _ = try store.vacuum()
                try store.archiveNow()
            }
        }

        /// The recordings that it leaves.
        var kept: [UInt64] { self == .archiving ? [1, 2, 3, 4] : self == .removing ? [3, 4] : [1, 3, 4] }
    }

    /// Two recordings that share an archived segment, one in another, one not yet archived.
    private func prepared(_ files: FaultyFileSystem) throws -> ArchivedStore {
        let one = try ArchivedStore(2, fileSystem: files)
        try one.archive()
        try one.record()
        try one.archive()
        try one.record()
        #expect(one.copies.count == 2)
        return one
    }

    private func callCount(of work: Work) throws -> (first: Int, count: Int) {
        let files = FaultyFileSystem()
        let one = try prepared(files)
        let first = files.record.trace.count
        try work.run(one.store)
        return (first, files.record.trace.count - first)
    }

    @Test(arguments: Work.allCases) func aCallThatFailsLosesNothing(_ work: Work) throws {
        let count = try callCount(of: work).count
        #expect(count > 20)
        let isFull = getenv("REELD_FULL_SWEEP") != nil
        let step = isFull ? 1 : max(1, count / 8)
        for index in stride(from: Int.random(in: 0..<step), to: count, by: step) {
            for isSticky in [false, true] { try check(work, index, isSticky: isSticky) }
        }
    }

    private func check(_ work: Work, _ index: Int, isSticky: Bool) throws {
        let files = FaultyFileSystem()
        let one = try prepared(files)
        let point = FaultPoint(index: files.record.trace.count + index, fault: .error(EIO), isSticky: isSticky)
        files.set(point)
        do { try work.run(one.store) } catch { _ = error }
        files.heal()
        let told = "\(work) \(point), \(files.record.firedCall.map(String.init(describing:)) ?? "not met")"
        // As it is, and as the next start finds it.
        for number in work.kept { #expect(try one.store.events(of: number) == one.all, "\(told)") }
        try one.reopen()
        #expect(one.store.report.damage.isEmpty, "\(told): \(one.store.report.damage)")
        for number in work.kept { #expect(try one.store.events(of: number) == one.all, "\(told)") }
        try work.run(one.store)
        try one.store.archiveNow()
        for number in work.kept { #expect(try one.store.events(of: number) == one.all, "\(told)") }
        let report = try one.verify()
        #expect(report.isSound, "\(told): \(report.damage) \(report.gaps)")
        #expect(try one.names(".discarded").isEmpty, "\(told)")
        #expect(one.copies.count == one.store.archive.segmentCount, "\(told): \(one.copies)")
    }
}
