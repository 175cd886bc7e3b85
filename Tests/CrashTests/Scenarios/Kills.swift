import ReelStore
import SimulatedDisk

extension Scenario {
    /// The daemon is killed between a write and its sync, and in the middle of a write. What the next one finds in the
    /// page cache it answers retries from, so a power cut after that must not take it.
    static let kills = Scenario(name: "kills") { run in
        try run.open()
        for n in 1...2 { try run.start(n) }
        try run.append(1, 1)
        try kill(run, batch: 2) { kind in kind == .sync ? .init(isKill: true) : nil }
        try run.append(1, 3)
        try run.store.checkpoint()
        try kill(run, batch: 4) { kind in kind == .write ? .init(writtenBytes: 1100, isKill: true) : nil }
        try kill(run, batch: 5) { kind in kind == .sync ? .init(isKill: true) : nil }
        run.close()
    }

    /// Dies in a call on the log while a group is being committed, opens again, and sends the group once more.
    private static func kill(
        _ run: ScenarioRun, batch: UInt64, in fault: @escaping @Sendable (DiskCall.Kind) -> SimulatedDisk.Failure?
    ) throws {
        run.disk.setFault { kind, path in path.hasSuffix(".seg") ? fault(kind) : nil }
        var answers: [Answer<AppendReceipt>] = []
        try run.together {
            for n in 1...2 { answers.append(try run.send(makeBatch(n, batch, noiseBytes: 700))) }
        }
        for answer in answers {
            do { try answer.wait() } catch StoreError.outcomeUnknown { continue }
            throw ScenarioFailure("a batch was acked whose commit was cut short")
        }
        try run.openAfterKill()
        for n in 1...2 { try run.append(n, batch, noiseBytes: 700) }
    }
}
