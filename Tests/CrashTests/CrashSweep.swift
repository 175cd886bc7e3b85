import Glibc
import ReelStore
import ReelSystem
import SimulatedDisk

/// A scenario crashed at every call, with every fate of what was not durable that is worth trying.
final class CrashSweep: Sendable {
    /// How many states there are to be, and which.
    struct Plan: Sendable {
        var seed: UInt64
        /// Random fates a crash point, where there are too many to try all.
        var sampleCount: Int
        /// States a crash point at most, corner cases first.
        var stateMax: Int
        /// One state in so many is opened once more, one in so many verified, and so on.
        var deepOneIn: Int
        /// One recovery in so many is crashed too.
        var nestedOneIn: Int
        /// Only this crash point.
        var point: Int?

        /// From the environment: REELD_CRASH_SEED and REELD_CRASH_POINT play a failure again, REELD_FULL_SWEEP=1 tries
        /// all there is to try.
        static func fromEnvironment() -> Plan {
            let isFull = getenv("REELD_FULL_SWEEP") != nil
            let seed = number("REELD_CRASH_SEED") ?? UInt64.random(in: 0...UInt64.max)
            var plan = Plan(
                seed: seed, sampleCount: isFull ? 48 : 6, stateMax: isFull ? 128 : 14, deepOneIn: isFull ? 2 : 6,
                nestedOneIn: isFull ? 10 : 40)
            plan.point = number("REELD_CRASH_POINT").map { Int($0) }
            return plan
        }

        private static func number(_ name: String) -> UInt64? { getenv(name).flatMap { UInt64(String(cString: $0)) } }
    }

    /// What was done, in figures.
    struct Figures: Sendable, CustomStringConvertible {
        var callCount = 0
        var pointCount = 0
        var stateCount = 0
        var nestedCount = 0
        var seconds = 0.0

        var description: String {
            "\(callCount) calls, \(pointCount) crash points, \(stateCount) states, \(nestedCount) crashes of a recovery, "
                + "\((seconds * 10).rounded() / 10) s"
        }
    }

    struct Failure: Sendable, CustomStringConvertible {
        var place: String
        var problems: [String]
        var description: String { place + problems.map { "\n    \($0)" }.joined() }
    }

    private struct Progress {
        var next: Int
        var seen: Set<Int> = []
        var figures = Figures()
        var failures: [Failure] = []
    }

    private static let failureMax = 10

    private let plan: Plan
    private let options: StoreOptions
    private let trace: [DiskCall]
    private let points: [CrashPoint]
    private let progress: Monitor<Progress>

    init(_ run: ScenarioRun, of scenario: Scenario, plan: Plan) {
        self.plan = plan
        options = scenario.options
        trace = run.disk.trace
        points = CrashPoint.all(run, isAckedLate: scenario.isAckedLate)
        // From the last to the first: a state that two points share is judged by the one that knows of more answers.
        progress = Monitor(Progress(next: points.count))
    }

    /// Judges the states, on as many threads as there are CPUs.
    func run() -> (figures: Figures, failures: [Failure]) {
        let begin = SystemClock().uptimeMicroseconds
        let threads = (0..<2).map { _ in ReelSystem.Thread("crash") { self.work() } }
        for thread in threads { thread.join() }
        return progress.withLock { progress in
            progress.figures.callCount = trace.count
            progress.figures.pointCount = points.count
            progress.figures.seconds = Double(SystemClock().uptimeMicroseconds - begin) / 1_000_000
            return (progress.figures, progress.failures)
        }
    }

    private func work() {
        while let index = takePoint() { judge(points[index]) }
    }

    private func takePoint() -> Int? {
        progress.withLock { progress in
            guard progress.next > 0, progress.failures.count < CrashSweep.failureMax else { return nil }
            progress.next -= 1
            return progress.next
        }
    }

    private func judge(_ point: CrashPoint) {
        if let only = plan.point, only != point.call { return }
        var random = SeededGenerator(seed: plan.seed &+ UInt64(point.call) &* 0x9E37)
        let combinations = CrashFates.combinations(
            of: point.replay.pending, sampleCount: plan.sampleCount, &random)
        for fates in thinned(combinations, &random) {
            let digest = point.replay.digest(fates)
            guard progress.withLock({ $0.seen.insert(digest).inserted }) else { continue }
            let depth = StateCheck.Depth.random(oneIn: plan.deepOneIn, &random)
            let isNested = Int.random(in: 0..<plan.nestedOneIn, using: &random) == 0
            judge(point, fates, depth, isNested: isNested, &random)
        }
    }

    /// The first ones, which hold the corner cases, and a random choice of the rest.
    private func thinned(
        _ combinations: [[Int: Fate]], _ random: inout SeededGenerator
    ) -> [[Int: Fate]] {
        guard combinations.count > plan.stateMax else { return combinations }
        let first = plan.stateMax / 2
        let rest = combinations[first...].shuffled(using: &random)
        return Array(combinations[..<first] + rest[..<(plan.stateMax - first)])
    }

    private func judge(
        _ point: CrashPoint, _ fates: [Int: Fate], _ depth: StateCheck.Depth, isNested: Bool,
        _ random: inout SeededGenerator
    ) {
        let image = point.replay.image(fates)
        let check = StateCheck(image, point.expectation, options, depth: depth, isRecording: isNested)
        note(check.problems, place(point, fates), isNested: false)
        guard isNested, check.problems.isEmpty else { return }
        for nested in CrashPoint.all(image, check.trace, []).shuffled(using: &random).prefix(4) {
            let combinations = CrashFates.combinations(of: nested.replay.pending, sampleCount: 2, &random)
            for inner in combinations.shuffled(using: &random).prefix(3) {
                let again = StateCheck(
                    nested.replay.image(inner), point.expectation, options,
                    depth: .random(oneIn: plan.deepOneIn, &random))
                let place =
                    "\(place(point, fates))\n  and its recovery after call \(nested.call) of \(check.trace), \(inner)"
                note(again.problems, place, isNested: true)
            }
        }
    }

    private func note(_ problems: [String], _ place: String, isNested: Bool) {
        progress.withLock { progress in
            if isNested { progress.figures.nestedCount += 1 } else { progress.figures.stateCount += 1 }
            if !problems.isEmpty { progress.failures.append(Failure(place: place, problems: problems)) }
        }
    }

    private func place(_ point: CrashPoint, _ fates: [Int: Fate]) -> String {
        let before = trace[max(0, point.call - 12)...point.call].map { "    \($0)" }.joined(separator: "\n")
        let told = point.replay.pending.map { "    \(trace[$0.call]): \(fates[$0.call] ?? .kept)" }
            .joined(separator: "\n")
        return
            "REELD_CRASH_SEED=\(plan.seed) REELD_CRASH_POINT=\(point.call)\n  the last calls:\n\(before)\n  not durable:\n\(told)"
    }
}
