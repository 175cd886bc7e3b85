import ReelStore

extension Scenario {
    /// Segments of a few frames each, so that most commits begin one.
    static let rotation = Scenario(name: "rotation", options: options { $0.segmentSizeBytes = 4096 }) { run in
        try run.open()
        try run.start(1)
        try run.start(2)
        for batch in 1...12 as ClosedRange<UInt64> {
            try run.append(1 + Int(batch % 2), batch, noiseBytes: 600)
            if batch % 5 == 0 {
                var answers: [Answer<AppendReceipt>] = []
                try run.together {
                    for n in 1...2 {
                        for more in 0..<3 as Range<UInt64> {
                            answers.append(try run.send(makeBatch(n, 100 * batch + more, noiseBytes: 500)))
                        }
                    }
                }
                for answer in answers { _ = try answer.wait() }
            }
        }
        run.close()
    }

    static func options(_ change: (inout StoreOptions) -> Void) -> StoreOptions {
        var options = smallOptions
        change(&options)
        return options
    }
}
