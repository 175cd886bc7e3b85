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
}
