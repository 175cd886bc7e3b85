import ReelCodec
import ReelFormat

/// A change on its way to the writer, with whom to tell. Completions run on the writer's thread and must not block.
enum Operation: Sendable {
    case start(StartRequest, @Sendable (Result<StartReceipt, StoreError>) -> Void)
    case append(AppendRequest, @Sendable (Result<AppendReceipt, StoreError>) -> Void)
    case change(UInt64, MetadataChange, @Sendable (Result<RecordingRow, StoreError>) -> Void)
    case end(UInt64, EndReason, @Sendable (Result<RecordingRow, StoreError>) -> Void)
    case erase(EraseRequest, @Sendable (Result<Tombstone, StoreError>) -> Void)
    /// Removes finished recordings that nothing holds.
    case expire([UInt64], ExpiryCause, @Sendable (Result<ExpiryReceipt, StoreError>) -> Void)
    /// Unlinks sealed segments in which nothing is left.
    case discard([UInt64], @Sendable (Result<Void, StoreError>) -> Void)
    /// Closes the active segment and begins a new one; the answer names the newest sealed segment.
    case rotate(@Sendable (Result<UInt64, StoreError>) -> Void)
    /// Makes everything acked so far durable (`durability = interval`).
    case sync(@Sendable (Result<Void, StoreError>) -> Void)
    /// What the first frame of a compacted segment must say.
    case describe(segment: UInt64, replacing: [UInt64], @Sendable (Result<SegmentBeginning, StoreError>) -> Void)
    /// Puts compacted segments in the place of those that the first one replaces.
    case install([CompactedSegment], @Sendable (Result<Void, StoreError>) -> Void)
    /// Puts on record that damage took something of a recording.
    case giveUp(LossRecord, @Sendable (Result<Void, StoreError>) -> Void)
    /// A step of moving a segment's events to the archive.
    case archive(ArchiveStep, @Sendable (Result<Void, StoreError>) -> Void)
    /// Makes a damaged row anew from its frames.
    case repair(UInt64, @Sendable (Result<Void, StoreError>) -> Void)

    /// Bytes the operation keeps in memory while it waits.
    var sizeBytes: Int {
        switch self {
        case .append(let request, _): request.batch.member.count + 512
        case .expire(let numbers, _, _): numbers.count * ExpiredRange.sizeBytes + 1024
        default: 1024
        }
    }

    /// Asked for from outside, and refused when the queue is full.
    var isExternal: Bool {
        switch self {
        case .start, .append, .change, .end, .erase: true
        case .expire, .discard, .rotate, .sync, .describe, .install, .giveUp, .archive, .repair: false
        }
    }

    /// Whether it helps a full disk, and may have the room that is held for that: what erases, removes, or lets something
    /// be removed, and the store's own work.
    var isCure: Bool {
        switch self {
        case .start, .append: false
        case .change(_, let change, _): change.isPinned == false
        case .end, .erase, .expire, .discard, .rotate, .sync, .describe, .install, .giveUp, .archive, .repair: true
        }
    }

    /// Tells whoever waits that it failed.
    func fail(_ error: StoreError) {
        switch self {
        case .start(_, let completion): completion(.failure(error))
        case .append(_, let completion): completion(.failure(error))
        case .change(_, _, let completion): completion(.failure(error))
        case .end(_, _, let completion): completion(.failure(error))
        case .erase(_, let completion): completion(.failure(error))
        case .expire(_, _, let completion): completion(.failure(error))
        case .discard(_, let completion): completion(.failure(error))
        case .rotate(let completion): completion(.failure(error))
        case .sync(let completion): completion(.failure(error))
        case .describe(_, _, let completion): completion(.failure(error))
        case .install(_, let completion): completion(.failure(error))
        case .giveUp(_, let completion): completion(.failure(error))
        case .archive(_, let completion): completion(.failure(error))
        case .repair(_, let completion): completion(.failure(error))
        }
    }
}

/// A recording to begin.
package struct StartRequest: Sendable {
    /// Made by the client, so that a retry is the same start; nil lets the store make one.
    package var id: UUIDv7?
    package var metadata: RecordingMetadata

    package init(id: UUIDv7?, metadata: RecordingMetadata) {
        self.id = id
        self.metadata = metadata
    }
}

package struct StartReceipt: Sendable, Equatable {
    package var recording: RecordingReference
    /// The id was started before; this is the first answer again.
    package var isDuplicate: Bool
}

/// A batch to append.
package struct AppendRequest: Sendable {
    package var recording: UInt64
    package var batch: PreparedBatch

    package init(recording: UInt64, batch: PreparedBatch) {
        self.recording = recording
        self.batch = batch
    }
}

package struct AppendReceipt: Sendable, Equatable {
    package var recording: UInt64
    package var firstOrdinal: UInt64
    package var eventCount: UInt32
    /// The batch was there already; this is its first answer again.
    package var isDuplicate: Bool
}

/// A recording to erase.
package struct EraseRequest: Sendable, Equatable {
    package var recording: UInt64
    /// Erases a pinned one, too.
    package var overridesHold: Bool

    package init(_ recording: UInt64, overridingHold: Bool = false) {
        self.recording = recording
        overridesHold = overridingHold
    }
}

/// A run of events ready for the log: compressed by a worker, waiting for its LSN and ordinal.
package struct PreparedBatch: Sendable {
    package var member: [UInt8]
    package var rawSizeBytes: UInt32
    package var summary: EventSummary
    /// Nil where the client does not number its batches.
    package var key: BatchKey?
    package var bodyHash: UInt64
}

package struct BatchKey: Sendable, Hashable {
    /// Keyed digest of the writer's name.
    package var writer: UInt64
    package var batch: UInt64
}

/// What a repair could not save, as it goes into the log.
struct LossRecord: Sendable {
    var recording: UInt64
    /// What is known of the lost frame; with no events where it was metadata.
    var header: FrameHeader
    var payload: LossPayload
    /// Takes the place of metadata that is lost.
    var metadata: RecordingMetadata?
}

/// The state frame of a segment that is about to be written outside the writer's thread.
struct SegmentBeginning: Sendable {
    var header: FrameHeader
    var state: StatePayload
}
