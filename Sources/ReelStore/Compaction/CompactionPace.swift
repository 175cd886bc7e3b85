import ReelSystem

/// Leaves the processors and the disk to the rest of the daemon while segments are written anew: after each slice of work
/// it rests, the longer the more the others do. With nothing else to do there is no rest at all.
///
/// Priority alone is not enough: a compaction takes what ingest leaves while it waits for the disk, and ingest then waits
/// for the caches, the disk's queue, and the end of a slice.
final class CompactionPace {
    /// Work between two looks.
    private static let sliceMicroseconds: Int64 = 5_000
    /// How much longer than the work the rest is where the others have much to do.
    private static let restFactorMax = 4.0
    /// Of all processors, from where on the others have much to do.
    private static let busyShare = 0.4

    private let isClosing: Monitor<Bool>
    private var began = Reading()

    private struct Reading {
        var uptimeMicroseconds = SystemClock().uptimeMicroseconds
        var othersMicroseconds = CPUs.processMicroseconds - CPUs.threadMicroseconds
    }

    /// - Parameter isClosing: ends a rest early.
    init(isClosing: Monitor<Bool>) { self.isClosing = isClosing }

    /// Rests, if it is time to; called by the thread that works, after each piece of its work.
    func rest() {
        let now = Reading()
        let worked = now.uptimeMicroseconds - began.uptimeMicroseconds
        guard worked >= CompactionPace.sliceMicroseconds else { return }
        let rest = CompactionPace.rest(
            afterMicroseconds: worked, othersMicroseconds: now.othersMicroseconds - began.othersMicroseconds,
            processorCount: CPUs.count)
        if rest >= 1000 { _ = isClosing.wait(timeoutMilliseconds: Int(rest / 1000)) { $0 ? () : nil } }
        began = Reading()
    }

    /// How long to rest after so much work, microseconds.
    ///
    /// - Parameter othersMicroseconds: processor time that the process's other threads used meanwhile.
    static func rest(afterMicroseconds worked: Int64, othersMicroseconds: Int64, processorCount: Int) -> Int64 {
        let load = Double(max(0, othersMicroseconds)) / Double(max(1, worked))
        let busyness = min(1, load / (busyShare * Double(processorCount)))
        return Int64(Double(worked) * restFactorMax * busyness)
    }
}
