import ReelFormat
import ReelStore

extension Scenario {
    /// Segments go to the archive one after the other, a second time after a restart, while others are written.
    static let archiving = Scenario(name: "archiving", options: archiveOptions) { run in
        try run.open()
        for n in 1...2 {
            try run.start(n)
            try run.append(n, 1, noiseBytes: 1500)
            try run.append(n, 2, noiseBytes: 900)
            try run.end(n)
        }
        try run.start(3)
        try run.append(3, 1, noiseBytes: 300)
        try run.vacuum()
        run.clock.advance(seconds: 100)
        try run.archive()
        try run.append(3, 2, noiseBytes: 1200)
        try run.store.checkpoint()
        try run.end(3)
        run.close()
        try run.open()
        try run.change(1) { $0.ticket = "T-1" }
        try run.vacuum()
        run.clock.advance(seconds: 100)
        try run.archive()
        try run.start(4)
        try run.append(4, 1)
        run.close()
    }

    /// Archived recordings expire and are erased: what is left of their segments comes back, and their copies go.
    static let archiveRemoval = Scenario(name: "removal from the archive", options: archiveOptions) { run in
        try run.open()
        for group in [[1], [2, 3], [4]] {
            for n in group {
                try run.start(n)
                try run.append(n, 1, noiseBytes: 1500)
                try run.end(n)
            }
            try run.vacuum()
            run.clock.advance(seconds: 100)
            try run.archive()
        }
        try run.store.checkpoint()
        try run.expire([1]) { $0.ageMaxMicroseconds = 250_000_000 }
        try run.archive()
        try run.erase(2)
        try run.vacuum()
        try run.archive()
        try run.append(4, 2)
        run.close()
    }

    private static var archiveOptions: StoreOptions {
        options {
            $0.archive.directory = "/archive"
            $0.archive.ageMicroseconds = 50_000_000
            $0.archive.holeSizeMinBytes = 256
        }
    }
}
