import Foundation
import ReelCodec
import ReelFormat
import ReelSystem
import StoreFixtures
import Testing

@testable import ReelStore

/// Retention against a store on real files, its clock set by the test.
@Suite struct RetentionTests {
    private static let day: Int64 = 86_400

    private static func options(_ options: inout StoreOptions) {
        options.segmentSizeBytes = 64 << 10
        options.retention.ageMaxMicroseconds = 90 * day * 1_000_000
    }

    private func open(
        _ directory: TemporaryDirectory, _ clock: FakeClock, change: (inout StoreOptions) -> Void = { _ in }
    ) throws -> Store {
        try Store.forTest(directory, clock: clock) {
            Self.options(&$0)
            change(&$0)
        }
    }

    /// Starts, fills and ends recordings.
    @discardableResult
    private func record(_ count: Int, in store: Store, project: String = "") throws -> [UInt64] {
        try (0..<count).map { _ in
            var metadata = RecordingMetadata()
            metadata.project = project
            let number = try store.start(metadata).recording.number
            _ = try store.append(makeEvents(40), to: number)
            _ = try store.end(number)
            return number
        }
    }

    private func segments(_ directory: TemporaryDirectory) throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: "\(directory.path)/log").sorted()
    }

    private func isExpired(_ number: UInt64, _ cause: ExpiryCause = .age, in store: Store) -> Bool {
        do {
            _ = try store.recording(number)
            return false
        } catch StoreError.expired(let found) {
            return found == cause
        } catch {
            return false
        }
    }

    @Test func whatIsTooOldIsGoneAndItsSegmentsAreUnlinked() throws {
        let directory = TemporaryDirectory()
        let clock = FakeClock()
        let store = try open(directory, clock)
        try record(60, in: store)
        _ = try store.vacuum()
        let active = store.context.view.state.withLock { $0.activeSegment.number }
        let old = try segments(directory).filter { $0 != "000000000\(active).seg" }
        #expect(!old.isEmpty)
        clock.advance(seconds: 60 * Self.day)
        let kept = try record(5, in: store)
        clock.advance(seconds: 31 * Self.day)
        try store.keepLimits()
        for number in 1...60 as ClosedRange<UInt64> { #expect(isExpired(number, in: store)) }
        for number in kept { #expect(try store.events(of: number) == makeEvents(40)) }
        #expect(try Set(segments(directory)).isDisjoint(with: old))
        #expect(store.retention.removed[.age]?.recordingCount == 60)
        #expect(store.list(RecordingQuery(), limit: 100).recordings.map(\.row.number) == kept.reversed())
        store.close()
    }

    @Test func whatExpiredIsExpiredAfterARestartAndInAnIndexMadeAnew() throws {
        let directory = TemporaryDirectory()
        let clock = FakeClock()
        var store = try open(directory, clock)
        try record(10, in: store)
        clock.advance(seconds: 91 * Self.day)
        try record(2, in: store)
        try store.keepLimits()
        let dump = try store.dump()
        let crashed = try directory.crashed()
        store.close()
        for place in [directory, crashed] {
            for rebuilds in [false, true] {
                store = try open(place, clock) { $0.rebuildsIndex = rebuilds }
                #expect(differences(dump, try store.dump()) == [])
                #expect(isExpired(10, in: store))
                store.close()
                #expect(try StoreVerifier(place.path, .test).run().isSound)
            }
            store = try open(place, clock)
            #expect(try store.start().recording.number == 13)
            store.close()
        }
    }

    @Test func anExpiredRecordingTakesNothingMoreAndIsNoMoreFound() throws {
        let directory = TemporaryDirectory()
        let clock = FakeClock()
        let store = try open(directory, clock)
        let id = try UUIDv7(unixMilliseconds: 1)
        let number = try store.start(id: id).recording.number
        _ = try store.append(makeEvents(4), to: number, writer: "w", batch: 1)
        _ = try store.end(number)
        clock.advance(seconds: 91 * Self.day)
        try store.keepLimits()
        #expect(store.number(of: id) == nil)
        #expect(throws: StoreError.self) {
            try store.append(makeEvents(4), to: number, writer: "w", batch: 1)
        }
        #expect(throws: StoreError.self) { try store.erase(number) }
        #expect(throws: StoreError.self) { try store.end(number) }
        // The id begins a recording of its own.
        #expect(try store.start(id: id).recording.number == number + 1)
        // And after the tombstones' time the number is one that never was.
        clock.advance(seconds: 401 * Self.day)
        #expect {
            try store.recording(number)
        } throws: {
            if case StoreError.unknownRecording = $0 { true } else { false }
        }
        store.close()
    }

    @Test func pinnedRecordingsAndOpenOnesStay() throws {
        let directory = TemporaryDirectory()
        let clock = FakeClock()
        let store = try open(directory, clock) { $0.leaseMicroseconds = 1000 * Self.day * 1_000_000 }
        let numbers = try record(20, in: store)
        _ = try store.change(numbers[7]) { $0.isPinned = true }
        let open = try store.start().recording.number
        _ = try store.append(makeEvents(10), to: open)
        _ = try store.vacuum()
        clock.advance(seconds: 91 * Self.day)
        try store.keepLimits()
        #expect(try store.events(of: numbers[7]) == makeEvents(40))
        #expect(try store.events(of: open) == makeEvents(10))
        for number in numbers where number != numbers[7] { #expect(isExpired(number, in: store)) }
        // Survivors were copied out: nothing of the others is in the files.
        let living: Set<UInt64> = [numbers[7], open]
        let sealed = store.context.view.state.withLock { $0.sealed }
        let numbersLeft = try sealed.flatMap { try $0.movedRecordings() }.map(\.number)
        #expect(numbersLeft.allSatisfy { living.contains($0) || $0 == 0 })
        // Once it may go, it goes.
        _ = try store.change(numbers[7]) { $0.isPinned = false }
        clock.advance(seconds: 1000)
        try store.keepLimits()
        #expect(isExpired(numbers[7], in: store))
        store.close()
        #expect(try StoreVerifier(directory.path, .test).run().isSound)
    }

    @Test func aProjectsRecordingsGoAtTheirOwnAge() throws {
        let directory = TemporaryDirectory()
        let clock = FakeClock()
        let store = try open(directory, clock) {
            $0.retention.projectAgeMaxMicroseconds = ["short": 10 * Self.day * 1_000_000, "kept": 0]
        }
        let short = try record(1, in: store, project: "short")[0]
        let kept = try record(1, in: store, project: "kept")[0]
        let other = try record(1, in: store)[0]
        clock.advance(seconds: 11 * Self.day)
        try store.keepLimits()
        #expect(isExpired(short, in: store) && !isExpired(kept, in: store) && !isExpired(other, in: store))
        clock.advance(seconds: 80 * Self.day)
        _ = try record(1, in: store)
        try store.keepLimits()
        #expect(!isExpired(kept, in: store) && isExpired(other, in: store))
        store.close()
    }

    @Test func theOldestGoUntilTheLogIsSmallEnough() throws {
        let directory = TemporaryDirectory()
        let clock = FakeClock()
        let store = try open(directory, clock) { $0.retention.ageMaxMicroseconds = 0 }
        for _ in 0..<100 {
            try record(1, in: store)
            clock.advance(seconds: 60)
        }
        _ = try store.vacuum()
        let size = store.statistics.logSizeBytes
        var options = store.context.options
        options.retention.sizeMax = .bytes(size / 2)
        store.apply(options)
        try store.keepLimits()
        #expect(store.statistics.logSizeBytes <= size / 2)
        let left = store.list(RecordingQuery(), limit: 200).recordings.map(\.row.number)
        #expect(left.first == 100 && left.count > 30 && left.count < 60)
        // None that stayed is older than one that went.
        #expect(left == (101 - UInt64(left.count)...100).reversed())
        #expect(isExpired(1, .size, in: store))
        store.close()
    }

    @Test func whereNothingMayGoItSaysWhy() throws {
        let directory = TemporaryDirectory()
        let events = Monitor<[RetentionWait]>([])
        var options = StoreOptions()
        options.compaction.isAutomatic = false
        options.retention.sizeMax = .bytes(1)
        let store = try Store.open(directory.path, .test, options: options, clock: FakeClock()) { event in
            if case .retentionWaits(let wait) = event { events.withLock { $0.append(wait) } }
        }
        _ = try store.start()
        let pinned = try store.start().recording.number
        _ = try store.change(pinned) { $0.isPinned = true }
        _ = try store.end(pinned)
        for _ in 0..<3 { try store.keepLimits() }
        let wait = RetentionWait.nothingRemovable(pinnedCount: 1, openCount: 1)
        #expect(store.retention.roomWait == wait)
        #expect(events.withLock { $0 } == [wait])
        // What is held is not given up for what comes.
        func isOverLimit(_ error: any Error) -> Bool {
            if case StoreError.overLimit(let found) = error { found == wait } else { false }
        }
        #expect { try store.start() } throws: { isOverLimit($0) }
        #expect { try store.append(makeEvents(2), to: 1) } throws: { isOverLimit($0) }
        _ = try store.end(1)
        store.close()
    }

    /// What goes on one day lies together, so that its removal writes nothing anew.
    @Test func aDayGoesByUnlinkingItsSegments() throws {
        let directory = TemporaryDirectory()
        let clock = FakeClock()
        let store = try open(directory, clock)
        var days: [[UInt64]] = [[], [], []]
        // All of them in one hot segment.
        for day in days.indices {
            days[day] = try record(60, in: store)
            if day == 1 { _ = try store.change(days[1][7]) { $0.isPinned = true } }
            clock.advance(seconds: Self.day)
        }
        _ = try store.vacuum()
        clock.advance(seconds: 87 * Self.day + 3600)
        let before = try segments(directory)
        try store.keepLimits()
        for number in days[0] { #expect(isExpired(number, in: store)) }
        #expect(try store.events(of: days[1][0]) == makeEvents(40))
        let after = try segments(directory)
        // Nothing was made but by the expiry itself.
        #expect(Set(after).subtracting(before).count <= 1 && !Set(before).subtracting(after).isEmpty)
        clock.advance(seconds: Self.day)
        try store.keepLimits()
        for number in days[1] where number != days[1][7] { #expect(isExpired(number, in: store)) }
        #expect(try Set(segments(directory)).subtracting(after).count <= 1)
        #expect(try store.events(of: days[1][7]) == makeEvents(40))
        store.close()
    }

    // MARK: Clocks

    @Test func aWrongClockDeletesNothing() throws {
        let year = 365 * Self.day * 1_000_000
        let cases: [(String, (FakeClock) -> Void, String)] = [
            ("ten years ahead", { $0.setWall($0.wallMicroseconds + 10 * year) }, "confirmation"),
            ("ten years back", { $0.setWall($0.wallMicroseconds - 10 * year) }, "clock-behind"),
            ("1970", { $0.setWall(0) }, "clock-behind"),
            ("not synchronised", { $0.setSynchronised(false) }, "clock-unsynchronised"),
        ]
        for (name, change, wait) in cases {
            let directory = TemporaryDirectory()
            let clock = FakeClock()
            let store = try open(directory, clock)
            let numbers = try record(5, in: store)
            change(clock)
            try store.keepLimits()
            #expect(store.retention.ageWait?.name == wait, "\(name)")
            for number in numbers { #expect(try store.events(of: number) == makeEvents(40), "\(name)") }
            store.close()
        }
    }

    @Test func aPowerOffOfSixtyDaysWaitsForSomebodyToLook() throws {
        let directory = TemporaryDirectory()
        let clock = FakeClock()
        var store = try open(directory, clock) { $0.retention.ageMaxMicroseconds = 30 * Self.day * 1_000_000 }
        try record(5, in: store)
        store.close()
        let later = FakeClock(wall: clock.wallMicroseconds + 60 * Self.day * 1_000_000)
        store = try open(directory, later) { $0.retention.ageMaxMicroseconds = 30 * Self.day * 1_000_000 }
        try record(1, in: store)
        try store.keepLimits()
        guard case .confirmation(_, let count, let bytes) = store.retention.ageWait else {
            Issue.record("it waits for \(String(describing: store.retention.ageWait))")
            return
        }
        #expect(count == 5 && bytes > 0)
        let dry = try store.vacuum { $0.isDryRun = true }
        #expect(dry.expired.recordingCount == 5 && dry.wait == store.retention.ageWait)
        #expect(!isExpired(1, in: store))
        // What an admin asks for by its age waits as well, until he says that the clock is right.
        #expect(throws: StoreError.self) {
            try store.vacuum { $0.ageMaxMicroseconds = 30 * Self.day * 1_000_000 }
        }
        #expect(!isExpired(1, in: store))
        let report = try store.vacuum { $0.isConfirmed = true }
        #expect(report.expired.recordingCount == 5 && store.retention.ageWait == nil)
        #expect(isExpired(5, in: store) && !isExpired(6, in: store))
        store.close()
    }

    /// A tenth may go: that is what a few days off leave due.
    @Test func aShortPowerOffWaitsForNobody() throws {
        let directory = TemporaryDirectory()
        let clock = FakeClock()
        var store = try open(directory, clock)
        try record(1, in: store)
        clock.advance(seconds: 89 * Self.day)
        try record(9, in: store)
        store.close()
        let later = FakeClock(wall: clock.wallMicroseconds + 3 * Self.day * 1_000_000)
        store = try open(directory, later)
        try store.keepLimits()
        #expect(store.retention.ageWait == nil && isExpired(1, in: store) && !isExpired(2, in: store))
        store.close()
    }

    // MARK: Asked for

    @Test func aDryRunSaysWhatGoesAndChangesNothing() throws {
        let directory = TemporaryDirectory()
        let clock = FakeClock()
        let store = try open(directory, clock)
        try record(4, in: store)
        clock.advance(seconds: 10 * Self.day)
        try record(4, in: store)
        let files = try segments(directory)
        let dump = try store.dump()
        let dry = try store.vacuum {
            $0.ageMaxMicroseconds = 5 * Self.day * 1_000_000
            $0.isDryRun = true
        }
        #expect(try segments(directory) == files && store.dump() == dump)
        let real = try store.vacuum { $0.ageMaxMicroseconds = 5 * Self.day * 1_000_000 }
        #expect(dry.expired.recordingCount == 4 && real.expired.recordingCount == 4)
        #expect(dry.expired.oldestMicroseconds == real.expired.oldestMicroseconds)
        #expect(dry.expired.newestMicroseconds == real.expired.newestMicroseconds)
        #expect(isExpired(4, in: store) && !isExpired(5, in: store))
        #expect(try store.vacuum { $0.ageMaxMicroseconds = 5 * Self.day * 1_000_000 }.expired.recordingCount == 0)
        store.close()
    }

    @Test func aVacuumToASizeMakesTheLogSoSmall() throws {
        let directory = TemporaryDirectory()
        let clock = FakeClock()
        let store = try open(directory, clock)
        for _ in 0..<50 {
            try record(1, in: store)
            clock.advance(seconds: 60)
        }
        _ = try store.vacuum()
        let size = store.statistics.logSizeBytes
        let report = try store.vacuum { $0.sizeMaxBytes = size / 3 }
        #expect(store.statistics.logSizeBytes <= size / 3)
        #expect(report.expired.recordingCount > 20 && report.expired.recordingCount < 45)
        store.close()
    }

    /// A program that does not know expiries would take their frames for damage.
    @Test func aStoreSaysThatItHasExpiries() throws {
        let directory = TemporaryDirectory()
        let clock = FakeClock()
        let store = try open(directory, clock)
        func features() throws -> UInt64 {
            try #require(try Store.identity(of: directory.path)).incompatibleFeatures
        }
        try record(1, in: store)
        try store.keepLimits()
        #expect(try features() & StoreIdentity.expiryFeature == 0)
        clock.advance(seconds: 91 * Self.day)
        try record(10, in: store)
        try store.keepLimits()
        #expect(try features() & StoreIdentity.expiryFeature != 0)
        store.close()
    }

    @Test func aDamagedExpiryBringsBackWhatIsStillThere() throws {
        let directory = TemporaryDirectory()
        let clock = FakeClock()
        var store = try open(directory, clock)
        try record(3, in: store)
        clock.advance(seconds: 91 * Self.day)
        try record(30, in: store)
        // A crash behind the frame and before anything is unlinked.
        _ = try store.context.wait { .expire([1, 2, 3], .age, $0) }
        // It knew of a sync that covered the expiry: what is unsound there is no torn write.
        try record(1, in: store)
        let crashed = try directory.crashed()
        let entry = try #require(
            store.context.view.state.withLock { $0.active.entries.first { $0.kind == .expire } })
        let segment = store.context.view.state.withLock { $0.activeSegment.path }
        store.close()
        let file = crashed.path + segment.dropFirst(directory.path.count)
        let bytes = try #require(FileHandle(forUpdatingAtPath: file))
        try bytes.seek(toOffset: entry.offsetBytes + UInt64(FrameHeader.sizeBytes))
        try bytes.write(contentsOf: [0xFF, 0xFF])
        try bytes.close()
        store = try open(crashed, clock) { $0.rebuildsIndex = true }
        #expect(store.report.damage.contains { $0.kind == .payloadChecksum && $0.offsetBytes == entry.offsetBytes })
        #expect(try store.events(of: 33) == makeEvents(40))
        #expect(try store.events(of: 3) == makeEvents(40))
        try store.keepLimits()
        #expect(isExpired(3, in: store))
        store.close()
    }
}
