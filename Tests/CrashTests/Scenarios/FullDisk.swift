import Glibc
import ReelStore
import SimulatedDisk

extension Scenario {
    /// The disk is full in the middle of a group; what was written of it is cut off, and the segment goes on.
    static let fullDisk = Scenario(name: "full disk") { run in
        try run.open()
        for n in 1...3 { try run.start(n) }
        try run.append(1, 1)
        for round in 2...4 as ClosedRange<UInt64> {
            run.disk.setFault { kind, path in
                kind == .write && path.hasSuffix(".seg") ? .init(ENOSPC, writtenBytes: 1300) : nil
            }
            var answers: [Answer<AppendReceipt>] = []
            try run.together {
                for n in 1...3 { answers.append(try run.send(makeBatch(n, round, noiseBytes: 500))) }
            }
            for answer in answers { try requireDiskFull(answer) }
            run.disk.setFault(nil)
            // As long as the first frame of the group, so that what is left of it would begin where a frame may.
            try run.append(1, 10 + round, noiseBytes: 500)
            try run.append(2, 10 + round)
        }
        run.close()
    }

    private static func requireDiskFull(_ answer: Answer<AppendReceipt>) throws {
        do { try answer.wait() } catch StoreError.diskFull { return }
        throw ScenarioFailure("a write to a full disk was acked")
    }
}
