import ReelStore
import ReelSystem

extension Scenario {
    /// Four writers at once, each on two recordings, each sending every third batch twice.
    static let writers = Scenario(name: "writers") { run in
        try run.open()
        for n in 1...4 { try run.start(n) }
        let errors = Monitor<[String]>([])
        let threads = (0..<4).map { writer in
            ReelSystem.Thread("writer") {
                do {
                    for batch in 1...8 as ClosedRange<UInt64> {
                        let n = 1 + (writer + Int(batch)) % 4
                        try run.append(n, batch, writer: "writer \(writer)", noiseBytes: writer * 400)
                        if batch % 3 == 0 {
                            try run.append(n, batch, writer: "writer \(writer)", noiseBytes: writer * 400)
                        }
                    }
                } catch {
                    errors.withLock { $0.append("\(error)") }
                }
            }
        }
        for thread in threads { thread.join() }
        if let error = errors.withLock({ $0.first }) { throw ScenarioFailure(error) }
        run.close()
    }
}

struct ScenarioFailure: Error {
    let reason: String
    init(_ reason: String) { self.reason = reason }
}
