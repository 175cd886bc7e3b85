import Glibc
import ReelStore
import SimulatedDisk

extension Scenario {
    /// A sync of the log fails, its waiters are told that the outcome is unknown, and writing goes on in a new segment.
    static let failedSync = Scenario(name: "failed sync") { run in
        try run.open()
        for n in 1...2 { try run.start(n) }
        try run.append(1, 1)
        try run.append(2, 1, noiseBytes: 1200)
        run.disk.setFault { kind, path in kind == .sync && path.hasSuffix("0000000001.seg") ? .init(EIO) : nil }
        var answers: [Answer<AppendReceipt>] = []
        try run.together {
            for n in 1...2 { answers.append(try run.send(makeBatch(n, 2, noiseBytes: 700))) }
        }
        for answer in answers { try requireOutcomeUnknown(answer) }
        run.disk.setFault(nil)
        try run.append(1, 3)
        // The retry of what is unknown.
        try run.append(2, 2, noiseBytes: 700)
        try run.store.checkpoint()
        try run.append(2, 4)
        run.close()
    }

    private static func requireOutcomeUnknown(_ answer: Answer<AppendReceipt>) throws {
        do { try answer.wait() } catch StoreError.outcomeUnknown { return }
        throw ScenarioFailure("a failed sync was acked")
    }
}
