import ReelSystem

/// What of the store is in the archive, and whether that can be read.
package struct ArchiveStatus: Sendable, Equatable {
    /// Nil where none is configured.
    package var directory: String?
    /// Nil where nobody has looked, as nothing was ever archived.
    package var isOnline: Bool?
    /// Why it is not.
    package var trouble: String?
    package var segmentCount = 0
    /// Of the whole segments, as they are there.
    package var sizeBytes: UInt64 = 0
    /// Copies whose segments are gone, to be removed once the archive is there.
    package var discardedCount = 0
}

extension Store {
    package var archive: ArchiveStatus {
        let archive = context.archive
        var status = ArchiveStatus(directory: archive.directory)
        for segment in context.view.state.withLock({ $0.sealed }) where segment.isArchived {
            status.segmentCount += 1
            status.sizeBytes += segment.lengthBytes
        }
        status.discardedCount = archive.discarded.count
        if archive.isInUse { status.isOnline = archive.look() }
        status.trouble = archive.trouble
        return status
    }

    /// Does now what archiving does by itself now and then: all that is due.
    package func keepArchive(_ completion: @escaping @Sendable (Result<Void, StoreError>) -> Void) {
        compaction.keepArchive(completion)
    }

    /// - Throws: `.archiveOffline` where events of these frames are in the archive and cannot be read now.
    package func requireArchive(of frames: some Sequence<LocatedFrame>) throws(StoreError) {
        let archived = Set(context.view.state.withLock { $0.sealed.filter(\.isArchived).map(\.segment.number) })
        guard !archived.isEmpty, frames.contains(where: { archived.contains($0.segment.number) }) else { return }
        try context.archive.require()
    }
}
