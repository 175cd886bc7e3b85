import SimulatedDisk

/// A moment of a scenario at which the power may go: behind a call, before the next one.
struct CrashPoint: Sendable {
    /// The call's place in the trace.
    var call: Int
    var replay: CrashReplay
    /// What had been sent and answered by then.
    var expectation: Expectation

    /// A point behind every call that is no mark, with all the facts up to the next such call.
    static func all(
        _ start: DiskImage, _ trace: [DiskCall], _ facts: [Fact], isAckedLate: Bool = false
    ) -> [CrashPoint] {
        var replay = CrashReplay(start)
        var expectation = Expectation(isAckedLate: isAckedLate)
        var points: [CrashPoint] = []
        for (index, call) in trace.enumerated() {
            replay.add(call)
            if case .mark(let fact) = call {
                expectation.add(facts[fact])
                guard !points.isEmpty else { continue }
                points[points.count - 1].expectation = expectation
                points[points.count - 1].replay = replay
            } else {
                points.append(CrashPoint(call: index, replay: replay, expectation: expectation))
            }
        }
        return points
    }

    static func all(_ run: ScenarioRun, isAckedLate: Bool = false) -> [CrashPoint] {
        all(run.disk.start, run.disk.trace, run.history.facts, isAckedLate: isAckedLate)
    }

    /// The disk after a crash here.
    func image(_ fate: (PendingChange) -> Fate) -> DiskImage {
        replay.image(Dictionary(uniqueKeysWithValues: replay.pending.map { ($0.call, fate($0)) }))
    }
}
