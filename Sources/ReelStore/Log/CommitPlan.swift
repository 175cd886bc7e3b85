import ReelCodec
import ReelFormat

/// What one commit will write and, once it is durable, change and tell. Nothing outside the plan has changed before
/// `LogWriter` publishes it, so dropping a plan undoes it.
struct CommitPlan {
    private(set) var buffer: [UInt8] = []
    private(set) var entries: [FrameEntry] = []
    var states: [UInt64: RecordingState] = [:]
    /// The recordings this plan starts.
    var started: [UUIDv7: UInt64] = [:]
    var tombstones: [Tombstone] = []
    var expired: [ExpiredRange] = []
    /// Erased recordings whose keys are to be destroyed before who asked is told; some were erased before.
    private(set) var erasures: [EraserThread.Erasure] = []
    /// Who waits, and how they are told of success.
    private(set) var waiting: [(operation: Operation, succeed: () -> Void)] = []

    var isEmpty: Bool { buffer.isEmpty && waiting.isEmpty }

    /// Adds a frame that will begin at `offsetBytes` of the segment.
    mutating func add(_ frame: StoredFrame, at offsetBytes: UInt64) -> FrameEntry {
        frame.append(to: &buffer)
        let entry = FrameEntry(frame.header, at: offsetBytes)
        entries.append(entry)
        return entry
    }

    /// Lets who erased a recording wait for the commit, and for the destruction of its key behind that.
    mutating func wait(
        _ operation: Operation, for tombstone: Tombstone,
        _ completion: @escaping @Sendable (Result<Tombstone, StoreError>) -> Void
    ) {
        erasures.append(EraserThread.Erasure(tombstone: tombstone, completion: completion))
        // Told by the eraser; here only of a commit that failed.
        waiting.append((operation, {}))
    }

    mutating func wait(_ operation: Operation, succeed: @escaping () -> Void) {
        waiting.append((operation, succeed))
    }
}
