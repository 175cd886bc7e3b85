import ReelStore

extension Scenario {
    /// Checkpoints in the middle of writing, with tables of sealed segments.
    static let checkpoints = Scenario(name: "checkpoints", options: options { $0.segmentSizeBytes = 8192 }) { run in
        try run.open()
        for n in 1...3 { try run.start(n) }
        for round in 1...5 as ClosedRange<UInt64> {
            for n in 1...3 { try run.append(n, round, noiseBytes: 500) }
            try run.store.checkpoint()
            var answers: [Answer<AppendReceipt>] = []
            try run.together {
                for n in 1...3 { answers.append(try run.send(makeBatch(n, 100 + round))) }
            }
            for answer in answers { _ = try answer.wait() }
        }
        try run.start(4)
        run.close()
    }
}
