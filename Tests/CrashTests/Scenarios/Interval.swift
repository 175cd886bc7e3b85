import ReelStore

extension Scenario {
    /// `durability = interval`: answers come before the sync, and count once a checkpoint or a stop has synced.
    static let interval = Scenario(
        name: "interval", isAckedLate: true,
        options: options {
            $0.durability = .interval(milliseconds: 3_600_000)
            $0.segmentSizeBytes = 8192
        }
    ) { run in
        try run.open()
        for n in 1...2 { try run.start(n) }
        for round in 1...3 as ClosedRange<UInt64> {
            for n in 1...2 { try run.append(n, round, noiseBytes: 400) }
            try run.change(1) { $0.notes = "round \(round)" }
            var answers: [Answer<AppendReceipt>] = []
            try run.together {
                for n in 1...2 { answers.append(try run.send(makeBatch(n, 100 + round, noiseBytes: 500))) }
            }
            for answer in answers { try answer.wait() }
            try run.store.checkpoint()
            run.history.note(.synced)
            try run.append(1, 200 + round)
        }
        try run.start(3)
        try run.append(3, 1)
        try run.erase(2)
        run.close()
        run.history.note(.synced)
    }
}
