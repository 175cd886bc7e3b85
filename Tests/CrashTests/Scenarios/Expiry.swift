import ReelFormat
import ReelStore

extension Scenario {
    /// Recordings go by their age: whole segments are unlinked, a pinned one is copied out, and a second time after a restart.
    static let expiryByAge = Scenario(
        name: "expiry by age", options: options { $0.segmentSizeBytes = 8192 }
    ) { run in
        try run.open()
        for n in 1...4 {
            try run.start(n)
            try run.append(n, 1, noiseBytes: 900)
            if n != 4 { try run.end(n) }
        }
        try run.change(2) { $0.isPinned = true }
        try run.store.checkpoint()
        run.clock.advance(seconds: 100)
        try run.start(5)
        try run.append(5, 1, noiseBytes: 400)
        try run.end(5)
        try run.expire([1, 3]) { $0.ageMaxMicroseconds = 50_000_000 }
        try run.append(4, 2, noiseBytes: 900)
        run.close()
        try run.open()
        try run.change(2) { $0.isPinned = false }
        try run.erase(5)
        run.clock.advance(seconds: 100)
        try run.expire([2]) { $0.ageMaxMicroseconds = 50_000_000 }
        try run.append(4, 3)
        run.close()
    }

    /// The oldest go until the log is small enough, and then all that may.
    static let expiryBySize = Scenario(
        name: "expiry by size", options: options { $0.segmentSizeBytes = 6144 }
    ) { run in
        try run.open()
        for n in 1...6 {
            run.clock.advance(seconds: 1)
            try run.start(n)
            try run.append(n, 1, noiseBytes: 1500)
            if n != 6 { try run.end(n) }
        }
        try run.change(1) { $0.isPinned = true }
        try run.expire([2, 3, 4, 5]) { $0.sizeMaxBytes = 9000 }
        try run.store.checkpoint()
        try run.append(6, 2, noiseBytes: 300)
        try run.expire([2, 3, 4, 5]) { $0.sizeMaxBytes = 1 }
        try run.start(7)
        try run.append(7, 1)
        run.close()
    }
}
