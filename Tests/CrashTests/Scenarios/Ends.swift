import ReelFormat
import ReelStore

extension Scenario {
    /// Recordings end, by themselves and in a group with their last batch; one takes a late batch.
    static let ends = Scenario(name: "ends") { run in
        try run.open()
        for n in 1...4 {
            try run.start(n)
            try run.append(n, 1)
        }
        try run.end(1)
        try run.end(1)
        var last: Answer<AppendReceipt>?
        var end: Answer<RecordingRow>?
        try run.together {
            last = try run.send(makeBatch(2, 2))
            end = try run.sendEnd(2)
        }
        try last?.wait()
        try end?.wait()
        try run.append(1, 2)
        try run.end(3)
        try run.append(4, 2)
        run.close()
    }
}
