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

    mutating func wait(_ operation: Operation, succeed: @escaping () -> Void) {
        waiting.append((operation, succeed))
    }
}
