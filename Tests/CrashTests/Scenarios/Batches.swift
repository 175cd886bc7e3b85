import ReelStore

extension Scenario {
    /// Batches of one writer alone and in groups, some sent twice.
    static let batches = Scenario(name: "batches") { run in
        try run.open()
        for n in 1...3 { try run.start(n) }
        for batch in 1...4 as ClosedRange<UInt64> {
            try run.append(1, batch)
            try run.append(1, batch)
        }
        for round in 0..<4 as Range<UInt64> {
            var answers: [Answer<AppendReceipt>] = []
            try run.together {
                for n in 1...3 {
                    let batch = makeBatch(n, 10 + round, noiseBytes: Int(round) * 700)
                    answers.append(try run.send(batch))
                    // Sent again while the first waits.
                    if n == 2 { answers.append(try run.send(batch)) }
                }
            }
            for answer in answers { _ = try answer.wait() }
        }
        run.close()
    }
}
