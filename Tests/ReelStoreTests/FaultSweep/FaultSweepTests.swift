import Foundation
import ReelSystem
import Testing

@testable import ReelStore

/// Makes every call of a scenario fail, in every way it can, once and from then on. In short at random: REELD_FULL_SWEEP=1
/// tries every point, REELD_SEED chooses which ones the short run tries.
@Suite(.serialized) struct FaultSweepTests {
    private static let pointMax = 40
    private static let failureMax = 10

    @Test(arguments: FaultScenario.allCases)
    func whateverFailsIsToldAndNothingAckedIsLost(_ scenario: FaultScenario) throws {
        let begun = ContinuousClock.now
        let prepared = try scenario.prepare()
        let calm = try self.run(scenario, nil, prepared)
        #expect(calm.failures.isEmpty)
        let trace = calm.system.record.trace
        let all = points(trace[..<calm.scenarioCallCount])
        let points = choose(all)
        var failureCount = 0
        for point in points {
            let watchdog = Watchdog("\(scenario.rawValue), \(point)")
            let run = try self.run(scenario, point, prepared)
            watchdog.stop()
            guard !run.failures.isEmpty else { continue }
            failureCount += 1
            guard failureCount <= Self.failureMax else { continue }
            Issue.record("\(point) (\(run.system.record.firedCall?.description ?? "-")): \(run.failures.prefix(5))")
        }
        #expect(failureCount == 0)
        print(
            "\(scenario.rawValue): \(calm.scenarioCallCount) calls, \(points.count) of \(all.count) fault points,",
            "\(failureCount) wrong, \(begun.duration(to: .now))")
    }

    private func run(
        _ scenario: FaultScenario, _ point: FaultPoint?, _ prepared: (TemporaryDirectory, FaultModel)?
    ) throws -> FaultRun {
        let directory: TemporaryDirectory
        if let prepared {
            directory = try prepared.0.crashed(in: TemporaryDirectory.memory)
        } else {
            directory = TemporaryDirectory(parent: TemporaryDirectory.memory)
        }
        let run = FaultRun(directory, point, durability: scenario.durability, model: prepared?.1)
        scenario.run(run)
        run.noteScenarioEnd()
        run.finish()
        return run
    }

    private func points(_ trace: ArraySlice<DiskCall>) -> [FaultPoint] {
        trace.indices.flatMap { index in
            Fault.all.filter { $0.canHit(trace[index]) }.flatMap { fault in
                [false, true].map { FaultPoint(index: index, fault: fault, isSticky: $0) }
            }
        }
    }

    private func choose(_ points: [FaultPoint]) -> [FaultPoint] {
        let environment = ProcessInfo.processInfo.environment
        if environment["REELD_FULL_SWEEP"] != nil { return points }
        let seed = environment["REELD_SEED"].flatMap(UInt64.init) ?? UInt64.random(in: 0...UInt64(UInt32.max))
        print("REELD_SEED=\(seed)")
        var generator = SeededGenerator(seed)
        let count = environment["REELD_FAULT_POINTS"].flatMap(Int.init) ?? Self.pointMax
        return Array(points.shuffled(using: &generator).prefix(count))
    }
}

/// Ends the process, with words that say where, when a run stands still: a hang cannot be reported by who hangs.
private final class Watchdog: Sendable {
    private static let milliseconds = 300_000
    private let isStopped = Monitor(false)
    private let thread: Monitor<ReelSystem.Thread?> = Monitor(nil)

    init(_ what: String) {
        let isStopped = isStopped
        let thread = ReelSystem.Thread("watchdog") {
            guard isStopped.wait(timeoutMilliseconds: Watchdog.milliseconds, until: { $0 ? true : nil }) == nil else {
                return
            }
            fatalError("hangs: \(what)")
        }
        self.thread.withLock { $0 = thread }
    }

    func stop() {
        isStopped.broadcast { $0 = true }
        thread.withLock { $0 }?.join()
    }
}
