import ReelFormat
import ReelSystem

/// What the store tells whoever keeps its journal.
package enum StoreEvent: Sendable {
    case created(path: String)
    /// What opening found and did.
    case opened(OpenReport)
    case segmentBegun(segment: UInt64)
    case segmentPoisoned(segment: UInt64, lengthBytes: UInt64, SystemError)
    case storeReadOnly(SystemError)
    case indexWriteFailed(recording: UInt64, SystemError)
    /// A file of the index is shorter than it was: what it held is read from the log until the next start.
    case indexFaulted(path: String)
    case damage(Corruption)
    case checkpointFailed(SystemError)
    case compacted(segments: [UInt64], bytesBefore: UInt64, bytesAfter: UInt64)
    case compactionFailed(StoreError)
    case leaseExpired(recording: UInt64)
    /// Lines of the ledger of erasures did not hold; it is made anew from the log.
    case ledgerMadeAnew(path: String, damagedLines: [Int])
    /// Erasures are in the log and could not be written to the ledger.
    case ledgerFailed(SystemError)
    /// A restored snapshot was opened, and is a store from now on.
    case snapshotOpened(SnapshotManifest)
    /// Recordings were erased because a ledger says that they had been.
    case ledgerApplied(path: String, erased: [UInt64])
    /// Retention removed recordings.
    case expired(RetentionRemoval)
    /// Segments went in which nothing was left.
    case segmentsUnlinked(count: Int, sizeBytes: UInt64)
    /// A segment's events went to the archive.
    case archived(ArchiveReceipt)
    /// Copies of segments that had gone were removed from the archive.
    case archivedRemoved(count: Int)
    /// The archive cannot be read or written, and why; told once.
    case archiveOffline(directory: String, reason: String)
    case archiveOnline(directory: String)
    case archivingFailed(StoreError)
    /// Something keeps retention from removing what is due; told once.
    case retentionWaits(RetentionWait)
    /// The file `store` was made anew from its copy in the keyring.
    case identityRestored(path: String)
    /// One file of a page of the keyring was made anew from the other.
    case ringHealed(path: String)
    /// One copy of a recording's key was written again from the other.
    case keyHealed(recording: UInt64)
    /// The number has a slot in the keyring that somebody had: no recording gets it.
    case keyUnusable(recording: UInt64)
    /// Keys could not be made or destroyed on the disk.
    case keyringFailed(SystemError)
}

/// How a store was opened.
package struct OpenReport: Sendable, Equatable {
    package var segmentCount = 0
    package var recordingCount: UInt64 = 0
    /// With the index made anew: numbers that were given out and that nothing tells of.
    package var unaccountedCount: UInt64 = 0
    /// Frames taken into the index from the log's tail.
    package var replayedFrameCount = 0
    package var rebuiltIndex = false
    /// Bytes of a torn tail that were cut off.
    package var cutBytes: UInt64 = 0
    package var damage: [Corruption] = []
}
