import ReelStore

extension Scenario {
    /// Clean stops and starts, with a vacuum just before one, so that the log's last LSN is not in the active segment.
    static let stops = Scenario(name: "stops") { run in
        try run.open()
        for n in 1...2 { try run.start(n) }
        try run.append(1, 1)
        run.close()
        try run.open()
        run.close()
        for round in 2...4 as ClosedRange<UInt64> {
            try run.open()
            var answers: [Answer<AppendReceipt>] = []
            try run.together {
                for n in 1...2 { answers.append(try run.send(makeBatch(n, round, noiseBytes: 800))) }
            }
            for answer in answers { _ = try answer.wait() }
            if round == 3 { try run.vacuum() }
            run.close()
        }
        try run.open()
        try run.append(2, 9)
        run.close()
    }
}
