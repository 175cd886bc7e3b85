import Glibc
import ReelFormat
import ReelStore
import ReelSystem
import SimulatedDisk

extension Scenario {
    /// A full disk: writers are refused, and erasing, ending and removing have the reserve's room.
    static let reserve = Scenario(
        name: "reserve",
        options: options {
            $0.segmentSizeBytes = 8192
            $0.reserveSizeBytes = 1 << 20
        }
    ) { run in
        try run.open()
        for n in 1...4 {
            try run.start(n)
            try run.append(n, 1, noiseBytes: 700)
        }
        try run.end(3)
        let disk = FullDisk()
        run.disk.setFault { kind, path in disk.refuses(kind, path) ? .init(ENOSPC, writtenBytes: 100) : nil }
        try requireDiskFull(try run.send(makeBatch(1, 2, noiseBytes: 700)))
        // A group of which one may have the reserve.
        var refused: Answer<AppendReceipt>?
        var erased: Answer<Tombstone>?
        try run.together {
            refused = try run.send(makeBatch(1, 2, noiseBytes: 700))
            erased = try run.sendErase(2)
        }
        try erased?.wait()
        if let refused { try requireDiskFull(refused) }
        try run.end(4)
        run.clock.advance(seconds: 100)
        try run.expire([3, 4]) { $0.ageMaxMicroseconds = 50_000_000 }
        run.disk.setFault(nil)
        try run.append(1, 2, noiseBytes: 700)
        run.close()
    }

    private static func requireDiskFull(_ answer: Answer<AppendReceipt>) throws {
        do { try answer.wait() } catch StoreError.diskFull { return }
        throw ScenarioFailure("a write to a full disk was acked")
    }

    /// Has no room for a segment until the reserve has given its own.
    private final class FullDisk: Sendable {
        private let hasRoom = Monitor(false)

        func refuses(_ kind: DiskCall.Kind, _ path: String) -> Bool {
            hasRoom.withLock { hasRoom in
                if kind == .truncate, path.hasSuffix("/reserve") { hasRoom = true }
                return kind == .write && path.hasSuffix(".seg") && !hasRoom
            }
        }
    }
}
