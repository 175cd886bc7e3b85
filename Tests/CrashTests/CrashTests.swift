import Glibc
import Testing

/// Nothing that was acked is lost, whatever a crash leaves.
@Suite(.serialized) struct CrashTests {
    /// REELD_CRASH_SCENARIO chooses one by its name.
    private static let scenarios = Scenario.all.filter { scenario in
        getenv("REELD_CRASH_SCENARIO").map { String(cString: $0) == scenario.name } ?? true
    }

    @Test(arguments: scenarios) func everyCrashKeepsWhatWasAcked(_ scenario: Scenario) throws {
        let run = try ScenarioRun(scenario.options, isFirst: scenario.isFirst)
        try scenario.play(run)
        let plan = CrashSweep.Plan.fromEnvironment()
        let (figures, failures) = CrashSweep(run, of: scenario, plan: plan).run()
        print("crash \(scenario.name): \(figures), seed \(plan.seed)")
        fflush(nil)
        for failure in failures.prefix(3) { Issue.record("\(scenario.name): \(failure)") }
        let failureCount = failures.count
        #expect(failureCount == 0)
        #expect(figures.stateCount > 0)
    }
}
