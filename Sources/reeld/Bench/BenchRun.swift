import ReelHTTP
import ReelSystem

/// Runs a plan: a thread a writer, all let go at once when each has its connection and its recording.
final class BenchRun: Sendable {
    struct Outcome: Sendable {
        var tally: BenchTally
        /// From when the writers were let go to the last answer.
        var seconds: Double
        /// What the daemon used meanwhile; nil where its process cannot be seen.
        var usage: DaemonUsage.Spent?
    }

    private struct State {
        var waitingCount = 0
        var beganMicroseconds: Int64?
        var unsentCount: Int
        var runningCount: Int
        var tally = BenchTally()
        var failure: CommandFailure?
    }

    private let plan: BenchPlan
    private let clock: any Clock
    private let state: Monitor<State>

    init(_ plan: BenchPlan, clock: any Clock = SystemClock()) {
        self.plan = plan
        self.clock = clock
        let count = if case .batches(let count) = plan.extent { count } else { Int.max }
        state = Monitor(State(unsentCount: count, runningCount: plan.writerCount))
    }

    /// - Throws: why no recording could be started; what goes wrong later is counted.
    func run() throws(CommandFailure) -> Outcome {
        let writers = (0..<plan.writerCount).map { number in
            Thread("bench-\(number)") { self.work(number) }
        }
        defer { for writer in writers { writer.join() } }
        let failure: CommandFailure?? = state.wait { state in
            if let failure = state.failure { return failure }
            return state.waitingCount == self.plan.writerCount ? .some(nil) : nil
        }
        let process = DaemonUsage(plan.endpoint)
        let before = process?.reading()
        let began = clock.uptimeMicroseconds
        // After a failure too, so that those who wait see it and leave.
        state.broadcast { $0.beganMicroseconds = began }
        if let failure = failure ?? nil { throw failure }
        let tally = state.wait { $0.runningCount == 0 ? $0.tally : nil } ?? BenchTally()
        let ended = clock.uptimeMicroseconds
        let after = process?.reading()
        return Outcome(
            tally: tally, seconds: Double(ended - began) / 1e6,
            usage: before.flatMap { before in after.map { DaemonUsage.Spent(from: before, to: $0) } })
    }

    /// A writer's thread.
    private func work(_ number: Int) {
        let writer = BenchWriter(plan, number: number, clock: clock)
        do throws(CommandFailure) {
            try writer.begin()
        } catch {
            state.broadcast { $0.failure = $0.failure ?? error }
            return
        }
        state.broadcast { $0.waitingCount += 1 }
        guard let began = state.wait(until: { $0.beganMicroseconds }) else { return }
        if state.withLock({ $0.failure == nil }) {
            while mayGoOn(began) { writer.sendBatch() }
        }
        let tally = writer.tally
        state.broadcast { state in
            state.tally.merge(tally)
            state.runningCount -= 1
        }
        // Outside of what is measured.
        writer.finish()
    }

    /// Whether another batch is to be sent; counts it where batches are counted.
    private func mayGoOn(_ began: Int64) -> Bool {
        switch plan.extent {
        case .duration(let microseconds): return clock.uptimeMicroseconds - began < microseconds
        case .batches:
            return state.withLock { state in
                guard state.unsentCount > 0 else { return false }
                state.unsentCount -= 1
                return true
            }
        }
    }
}
