import ReelFormat
import ReelStore

extension Scenario {
    /// Recordings are erased, open and ended, alone and in a group; tombstones outlive rotation, compaction and a restart.
    static let erasure = Scenario(name: "erasure", options: options { $0.segmentSizeBytes = 6144 }) { run in
        try run.open()
        for n in 1...5 {
            try run.start(n)
            try run.append(n, 1, noiseBytes: 300)
        }
        try run.end(2)
        try run.erase(2)
        run.clock.advance(seconds: 5)
        try run.erase(3)
        try run.erase(3)
        var erased: Answer<Tombstone>?
        var appended: Answer<AppendReceipt>?
        try run.together {
            erased = try run.sendErase(4)
            appended = try run.send(makeBatch(5, 2))
        }
        try erased?.wait()
        try appended?.wait()
        try run.vacuum()
        try run.append(1, 2)
        run.close()
        try run.open()
        try run.append(5, 3, noiseBytes: 900)
        try run.erase(5)
        run.close()
    }
}
