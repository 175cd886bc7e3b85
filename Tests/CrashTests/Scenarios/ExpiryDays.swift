import ReelFormat
import ReelStore

extension Scenario {
    /// A compaction writes a segment for each day of expiry, and the days then go one after the other.
    static let expiryDays = Scenario(
        name: "expiry days",
        options: options {
            $0.segmentSizeBytes = 8192
            $0.retention.ageMaxMicroseconds = 10 * 86_400_000_000
            $0.recordingLengthMaxMicroseconds = 100 * 86_400_000_000
        }
    ) { run in
        try run.open()
        for n in 1...6 {
            try run.start(n)
            try run.append(n, 1, noiseBytes: 1300)
            if n != 6 { try run.end(n) }
            if n % 2 == 0 { run.clock.advance(seconds: 86_400) }
        }
        try run.vacuum()
        try run.append(6, 2, noiseBytes: 300)
        try run.store.checkpoint()
        // Of what the first compaction wrote.
        run.clock.advance(seconds: 8 * 86_400)
        try run.expire([1, 2, 3, 4, 5]) { $0.isConfirmed = true }
        try run.append(6, 3)
        run.clock.advance(seconds: 86_400)
        try run.expire([3, 4, 5]) { $0.isConfirmed = true }
        run.close()
    }
}
