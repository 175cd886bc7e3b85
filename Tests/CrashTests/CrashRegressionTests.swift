import ReelStore
import SimulatedDisk
import Testing

/// What the sweeps found, each by itself.
@Suite struct CrashRegressionTests {
    /// The directory's own name was never synced, so a power cut could take all of a store that had acked.
    @Test func aPowerCutDoesNotTakeTheDirectoryOfANewStore() throws {
        let run = try ScenarioRun(Scenario.smallOptions, isFirst: true)
        try run.open()
        try run.start(1)
        try run.append(1, 1)
        let point = try #require(CrashPoint.all(run).last)
        run.close()
        let check = StateCheck(point.image { _ in .lost }, point.expectation, Scenario.smallOptions, depth: .init())
        #expect(check.problems == [])
    }

    /// A restart took the LSNs of a compaction for those of the segment being written, and then a torn group, never
    /// acked, for damage.
    @Test func aTornGroupAfterAVacuumAndARestartIsNoDamage() throws {
        let run = try ScenarioRun(Scenario.smallOptions)
        try run.open()
        for n in 1...2 { try run.start(n) }
        try run.append(1, 1)
        try run.vacuum()
        run.close()
        try run.open()
        try sendGroup(run)
        try checkTornGroups(run)
        run.close()
    }

    /// The way from an id to its recording went by the row alone, so that a start sent again made a second recording
    /// where zeros were read for it.
    @Test func aStartSentAgainFindsItsRecordingWithoutItsRow() throws {
        let run = try ScenarioRun(Scenario.smallOptions)
        try run.open()
        try run.start(1)
        try run.append(1, 1)
        run.close()
        let point = try #require(CrashPoint.all(run).last)
        var image = point.image { _ in .kept }
        let path = "\(ScenarioRun.root)/index/recordings"
        var rows = try #require(image.files[path])
        for offset in 4096..<4096 + 256 { rows[offset] = 0 }
        image.files[path] = rows
        #expect(StateCheck(image, point.expectation, Scenario.smallOptions, depth: .init()).problems == [])
    }

    /// Answers before the sync: the power cut took the frame and its row and left its summary, whose words then stayed.
    @Test func aSummaryAheadOfTheLogIsFoldedFromIt() throws {
        let scenario = Scenario.interval
        let run = try ScenarioRun(scenario.options)
        try run.open()
        try run.start(1)
        try run.append(1, 1)
        try run.store.checkpoint()
        run.history.note(.synced)
        try run.append(1, 2)
        let trace = run.disk.trace
        let point = try #require(CrashPoint.all(run, isAckedLate: true).last)
        let image = point.image { change in
            if case .write(_, _, let bytes) = trace[change.call], bytes.count == 512 { .kept } else { .lost }
        }
        let problems = StateCheck(image, point.expectation, scenario.options, depth: .init()).problems
        #expect(problems == [])
        run.close()
    }

    private func sendGroup(_ run: ScenarioRun) throws {
        var answers: [Answer<AppendReceipt>] = []
        try run.together {
            for n in 1...2 { answers.append(try run.send(makeBatch(n, 9, noiseBytes: 800))) }
        }
        for answer in answers { try answer.wait() }
    }

    /// Crashes in the last large write, without each of its sectors.
    private func checkTornGroups(_ run: ScenarioRun) throws {
        let point = try #require(
            CrashPoint.all(run).last {
                if case .write(_, _, let bytes) = run.disk.trace[$0.call] { bytes.count > 1600 } else { false }
            })
        let group = try #require(point.replay.pending.last { $0.sectorCount > 3 })
        for lost in 0..<group.sectorCount {
            let image = point.image {
                $0.call == group.call ? .torn(sectors: ~(1 << UInt64(lost)), isSizeKept: true) : .kept
            }
            #expect(
                StateCheck(image, point.expectation, Scenario.smallOptions, depth: .init()).problems == [],
                "sector \(lost)")
        }
    }
}
