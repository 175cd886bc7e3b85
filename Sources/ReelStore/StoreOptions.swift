/// When a commit is made durable.
package enum Durability: Sendable, Equatable {
    /// Before it is acked.
    case sync
    /// Acked once written; synced every so many milliseconds. A power cut may take what came in between.
    case interval(milliseconds: Int)
}

/// What an admin may set of the store. Sizes are bytes, times microseconds where not said otherwise.
package struct StoreOptions: Sendable, Equatable {
    package var durability = Durability.sync
    /// A segment is closed before it would grow beyond this; a single larger frame gets a segment of its own.
    package var segmentSizeBytes: UInt64 = 128 << 20
    /// Frames a segment holds at most: its table is in memory while it is active.
    package var segmentFrameMax = 65_536
    /// Operations and their bytes that may wait for the writer; beyond either a write is refused with `queueFull`.
    package var queueCountMax = 8_192
    package var queueSizeBytes = 64 << 20
    /// Bytes one commit writes at most.
    package var commitSizeBytes = 8 << 20
    package var checkpointSizeBytes: UInt64 = 64 << 20
    package var checkpointMicroseconds: Int64 = 60_000_000
    /// A recording without events for so much of the daemon's own uptime goes idle.
    package var leaseMicroseconds: Int64 = 30 * 60_000_000
    /// How long an idle recording can be resumed.
    package var resumeMicroseconds: Int64 = 24 * 3_600_000_000
    /// How long after its end a recording still takes late batches.
    package var graceMicroseconds: Int64 = 5 * 60_000_000
    package var recordingLengthMaxMicroseconds: Int64 = 24 * 3_600_000_000
    package var recordingSizeMaxBytes: UInt64 = 1 << 30
    /// Tombstones outlive their recording by this; then 410 becomes 404.
    package var tombstoneMicroseconds: Int64 = 400 * 86_400_000_000
    package var compaction = CompactionOptions()
    package var retention = RetentionOptions()
    package var archive = ArchiveOptions()
    /// Room that is held for erasing, removing and compacting on a full disk; 0 holds none.
    package var reserveSizeBytes: UInt64 = 0
    /// Opens a sealed store of which keys are gone; for a repair.
    package var acceptsLostKeys = false
    /// Opening throws the index away and makes it anew.
    package var rebuildsIndex = false

    package init() {}
}

/// When small frames are merged, and into what.
package struct CompactionOptions: Sendable, Equatable {
    /// Whether it runs by itself; `vacuum` works either way.
    package var isAutomatic = true
    /// Raw bytes of a chunk, about.
    package var chunkSizeBytes = 256 << 10
    /// An open recording is compacted once so many small frames have gathered.
    package var smallFrameCount = 64
    /// A sealed segment is left alone for this long, so that what it holds may end.
    package var delayMicroseconds: Int64 = 60_000_000
    /// Finished recordings wait at most this long in the active segment.
    package var idleMicroseconds: Int64 = 10 * 60_000_000
    /// So many small compacted segments are merged into one.
    package var mergeSegmentCount = 8
    /// Whether it rests while others of the process have much to do.
    package var isPaced = false

    package init() {}
}
