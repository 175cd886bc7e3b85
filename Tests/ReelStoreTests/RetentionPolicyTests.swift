import ReelFormat
import Testing

@testable import ReelStore

@Suite struct RetentionPolicyTests {
    private static let day: Int64 = 86_400_000_000
    private static let now: Int64 = 20_000 * day

    private func candidate(
        _ number: UInt64, daysAgo: Int64, sizeBytes: UInt64 = 100, project: UInt32 = 0
    ) -> ExpiryCandidate {
        ExpiryCandidate(
            number: number, finishedMicroseconds: Self.now - daysAgo * Self.day, sizeBytes: sizeBytes, project: project)
    }

    private func policy(_ change: (inout RetentionOptions) -> Void) -> RetentionPolicy {
        var options = RetentionOptions()
        change(&options)
        return RetentionPolicy(options: options)
    }

    @Test func whatIsTooOldGoesOldestFirst() {
        let all = [candidate(1, daysAgo: 10), candidate(2, daysAgo: 91), candidate(3, daysAgo: 200)]
        #expect(
            policy { $0.ageMaxMicroseconds = 90 * Self.day }.dueByAge(all, now: Self.now).map(\.number) == [3, 2])
        #expect(policy { $0.ageMaxMicroseconds = 0 }.dueByAge(all, now: Self.now).isEmpty)
        #expect(!policy { $0.ageMaxMicroseconds = 0 }.hasAges)
        // Longer than the clock has run, and than it can tell: never.
        for age in [Self.now + Self.day, .max] {
            #expect(policy { $0.ageMaxMicroseconds = age }.dueByAge(all, now: Self.now).isEmpty)
        }
        // Exactly as old as it may become is not too old.
        #expect(policy { $0.ageMaxMicroseconds = 10 * Self.day }.dueByAge([all[0]], now: Self.now).isEmpty)
    }

    @Test func aProjectsAgeOutranksTheOthers() {
        var policy = policy { $0.ageMaxMicroseconds = 90 * Self.day }
        policy.projectAges = [7: 30 * Self.day, 8: 0]
        let all = [
            candidate(1, daysAgo: 40, project: 7), candidate(2, daysAgo: 400, project: 8),
            candidate(3, daysAgo: 40), candidate(4, daysAgo: 91),
        ]
        #expect(policy.dueByAge(all, now: Self.now).map(\.number) == [4, 1])
        // Only a project's: still there is something to look for.
        policy.options.ageMaxMicroseconds = 0
        #expect(policy.hasAges)
        #expect(policy.dueByAge(all, now: Self.now).map(\.number) == [1])
    }

    @Test func roomIsWhatTheTighterLimitLeaves() {
        let space = DiskSpace(logBytes: 1000, freeBytes: 500, totalBytes: 10_000)
        let cases: [(String, SpaceLimit, SpaceLimit, UInt64?, ExpiryCause?)] = [
            ("no limits", .none, .none, nil, nil),
            ("both kept", .bytes(1000), .bytes(500), nil, nil),
            ("the log is too large", .bytes(900), .bytes(500), 100, .size),
            ("too little is free", .bytes(1000), .bytes(800), 300, .freeSpace),
            ("both, size more", .bytes(100), .bytes(800), 900, .size),
            ("both, free more", .bytes(900), .bytes(800), 300, .freeSpace),
        ]
        for (name, sizeMax, keepFree, bytes, cause) in cases {
            let excess = policy {
                $0.sizeMax = sizeMax
                $0.keepFree = keepFree
            }.excess(space)
            #expect(excess?.bytes == bytes && excess?.cause == cause, "\(name)")
        }
    }

    @Test func limitsThatWereNotSetFollowTheFileSystem() {
        let automatic = policy {
            $0.sizeMax = .automatic
            $0.keepFree = .automatic
        }
        let disk = DiskSpace(logBytes: 100 << 30, freeBytes: 50 << 30, totalBytes: 1000 << 30)
        #expect(automatic.sizeMaxBytes(disk) == 600 << 30)
        #expect(automatic.keepFreeBytes(disk) == 4 << 30)
        let small = DiskSpace(logBytes: 4 << 20, freeBytes: 20 << 20, totalBytes: 100 << 20)
        #expect(automatic.keepFreeBytes(small) == 12 << 20)
        let empty = DiskSpace(logBytes: 0, freeBytes: 90 << 20, totalBytes: 100 << 20)
        #expect(automatic.keepFreeBytes(empty) == 15 << 20)
        // Others have filled the disk: what they took is not made good with recordings.
        let foreign = DiskSpace(logBytes: 2 << 30, freeBytes: 0, totalBytes: 1000 << 30)
        #expect(automatic.keepFreeBytes(foreign) == 1 << 30)
    }

    @Test func theOldestMakeRoom() {
        let policy = policy { _ in }
        let all = [
            candidate(3, daysAgo: 1, sizeBytes: 10), candidate(2, daysAgo: 3, sizeBytes: 10),
            candidate(1, daysAgo: 2, sizeBytes: 10),
        ]
        #expect(policy.oldest(all, taking: 0).isEmpty)
        #expect(policy.oldest(all, taking: 1).map(\.number) == [2])
        #expect(policy.oldest(all, taking: 10).map(\.number) == [2])
        #expect(policy.oldest(all, taking: 11).map(\.number) == [2, 1])
        #expect(policy.oldest(all, taking: 1000).map(\.number) == [2, 1, 3])
    }

    @Test func aSegmentOfWhichTheRestGoesWithinADayIsNotWrittenAnew() {
        let policy = policy { _ in }
        #expect(policy.isWorthRewriting(nextExpiry: nil, now: Self.now))
        #expect(!policy.isWorthRewriting(nextExpiry: Self.now + Self.day, now: Self.now))
        #expect(policy.isWorthRewriting(nextExpiry: Self.now + Self.day + 1, now: Self.now))
    }
}

@Suite struct ExpiredRangesTests {
    private static let day: Int64 = 86_400_000_000
    /// Where thirty days of those that are joined begin.
    private static let start = 600 * 30 * day

    private func range(
        _ recordings: ClosedRange<UInt64>, day: Int64 = 0, _ cause: ExpiryCause = .age
    ) -> ExpiredRange {
        ExpiredRange(recordings, expiredMicroseconds: Self.start + day * Self.day, cause: cause)
    }

    @Test func neighboursAreJoined() {
        let joined = ExpiredRanges([range(1...3), range(7...9), range(4...6, day: 2)])
        #expect(joined.ranges == [range(1...9, day: 2)])
        #expect(ExpiredRanges([range(1...3), range(4...6, .size)]).ranges.count == 2)
        #expect(ExpiredRanges([range(1...3, day: 29), range(4...6, day: 30)]).ranges.count == 2)
        #expect(ExpiredRanges([range(1...3), range(5...6)]).ranges.count == 2)
    }

    @Test func whatIsKnownIsTakenInOnce() {
        var ranges = ExpiredRanges([range(4...5, day: 40), range(8...9, day: 40)])
        ranges.insert(range(1...10))
        #expect(
            ranges.ranges == [
                range(1...3), range(4...5, day: 40), range(6...7), range(8...9, day: 40), range(10...10),
            ])
        let before = ranges
        ranges.insert(range(2...9, day: 1))
        #expect(ranges == before)
    }

    @Test func everyNumberIsFoundInWhateverOrderItCame() {
        var generator = SeededGenerator(7)
        for _ in 0..<50 {
            var ranges = ExpiredRanges()
            var known: Set<UInt64> = []
            for _ in 0..<40 {
                let first = UInt64.random(in: 1...200, using: &generator)
                let last = first + UInt64.random(in: 0...20, using: &generator)
                let cause = Bool.random(using: &generator) ? ExpiryCause.age : .size
                ranges.insert(range(first...last, day: Int64.random(in: 0...90, using: &generator), cause))
                known.formUnion(first...last)
                for number in 1...230 as ClosedRange<UInt64> {
                    #expect((ranges.range(of: number) != nil) == known.contains(number))
                }
                let sorted = zip(ranges.ranges, ranges.ranges.dropFirst())
                #expect(sorted.allSatisfy { $0.recordings.upperBound < $1.recordings.lowerBound })
            }
        }
    }

    @Test func theyAreForgottenAfterTheirTime() {
        var ranges = ExpiredRanges([range(1...3), range(4...6, day: 31)])
        ranges.forget(before: Self.start + Self.day)
        #expect(ranges.ranges == [range(4...6, day: 31)])
    }

    @Test func beyondTheBoundWhateverLiesSideBySideIsJoined() {
        var ranges = ExpiredRanges()
        for number in 1...UInt64(ExpiredRanges.countMax + 1) {
            ranges.insert(range(number...number, day: Int64(number % 2) * 31))
        }
        #expect(ranges.ranges == [range(1...UInt64(ExpiredRanges.countMax + 1), day: 31)])
    }
}

@Suite struct ClockJudgeTests {
    private static let day: Int64 = 86_400_000_000
    private static let year = 365 * day

    /// A daemon's clock with frames up to its beginning.
    private func judged(
        _ clock: FakeClock, newest: Int64? = nil, isAsked: Bool = false, then: (FakeClock) -> Void = { _ in }
    ) -> ClockJudge.Verdict {
        let newest = newest ?? clock.wallMicroseconds
        let judge = ClockJudge(clock, newestMicroseconds: newest)
        then(clock)
        return judge.verdict(clock, newestMicroseconds: newest, isAsked: isAsked)
    }

    @Test func aClockThatGoesOnIsTrusted() {
        #expect(judged(FakeClock()) { $0.advance(seconds: 400 * 86_400) } == .trusted)
        #expect(judged(FakeClock()) { $0.setWall($0.wallMicroseconds + Self.day) } == .trusted)
    }

    @Test func withoutSynchronisationADayOfUptimeIsWanted() {
        let young = FakeClock(uptime: ClockJudge.uptimeMinMicroseconds - 1, isSynchronised: false)
        #expect(judged(young) == .unsynchronised)
        #expect(judged(young, isAsked: true) == .trusted)
        #expect(judged(FakeClock(uptime: ClockJudge.uptimeMinMicroseconds, isSynchronised: false)) == .trusted)
    }

    @Test func aClockTenYearsBackIsBehind() {
        #expect(judged(FakeClock()) { $0.setWall($0.wallMicroseconds - 10 * Self.year) } == .behind(10 * Self.year))
        let clock = FakeClock()
        #expect(judged(clock, newest: clock.wallMicroseconds + 1, isAsked: true) == .behind(1))
    }

    @Test func aClockAt1970IsBehind() {
        let newest = FakeClock().wallMicroseconds
        #expect(judged(FakeClock(wall: 0), newest: newest) == .behind(newest))
    }

    @Test func aClockTenYearsAheadHasMoved() {
        #expect(judged(FakeClock()) { $0.setWall($0.wallMicroseconds + 10 * Self.year) } == .moved(10 * Self.year))
    }

    @Test func aPowerOffOfSixtyDaysLooksTheSame() {
        let newest = FakeClock().wallMicroseconds - 60 * Self.day
        #expect(judged(FakeClock(), newest: newest) == .moved(60 * Self.day))
        var judge = ClockJudge(FakeClock(), newestMicroseconds: newest)
        judge.confirm(FakeClock())
        #expect(judge.verdict(FakeClock(), newestMicroseconds: newest, isAsked: false) == .trusted)
    }

    @Test func anEmptyStoreHasNothingToBeFarFrom() {
        #expect(judged(FakeClock(), newest: 0) == .trusted)
    }
}
