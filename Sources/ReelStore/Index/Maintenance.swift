import ReelFormat
import ReelSystem

/// What has to be done now and then: checkpoints, table files, leases. One thread, waking every other second.
final class Maintenance: Sendable {
    /// A compaction gets its checkpoint so soon; others that are installed meanwhile share it.
    private static let compactionSettleMicroseconds: Int64 = 1_000_000

    private let context: StoreContext
    private let isStopped = Monitor(false)
    private let thread: Monitor<Thread?> = Monitor(nil)
    private let isFaultNoted = Monitor(false)
    private let progress: Monitor<Progress>

    private struct Progress {
        var sequence: UInt64
        /// What the last checkpoint covers.
        var lsn: UInt64
        var commitBytes: UInt64 = 0
        var atMicroseconds: Int64
    }

    init(_ context: StoreContext, checkpoint: CheckpointHeader?) {
        self.context = context
        progress = Monitor(
            Progress(
                sequence: checkpoint?.sequence ?? 0, lsn: checkpoint?.lsn ?? 0,
                atMicroseconds: context.clock.uptimeMicroseconds))
    }

    func start() {
        let thread = Thread("reel-maintain") { [self] in
            while isStopped.wait(timeoutMilliseconds: 2000, until: { $0 ? true : nil }) == nil { tick() }
        }
        self.thread.withLock { $0 = thread }
    }

    func stop() {
        isStopped.broadcast { $0 = true }
        thread.withLock { $0 }?.join()
    }

    /// One round of what is due.
    func tick() {
        expireLeases()
        noteFaultedIndex()
        guard isCheckpointDue() else { return }
        do {
            try checkpoint()
        } catch {
            // Told, and tried again when the next one would have been due.
            progress.withLock { $0.atMicroseconds = context.clock.uptimeMicroseconds }
            context.note(.checkpointFailed(error))
        }
    }

    // MARK: Leases

    private func expireLeases() {
        let limit = context.clock.uptimeMicroseconds - context.options.leaseMicroseconds
        for number in context.leases.idle(since: limit) {
            context.leases.forget(number)
            // A full queue is no loss: the recording is asked again after the next lease.
            do {
                try context.queue.submit(
                    .end(number, .lease) { [context] result in
                        if case .success = result { context.note(.leaseExpired(recording: number)) }
                    })
            } catch {
                context.leases.touch(number, context.clock.uptimeMicroseconds)
            }
        }
    }

    /// Says once that an index file was cut under the store, and lets the next start make the index anew whatever
    /// becomes of this process.
    private func noteFaultedIndex() {
        guard context.index.hasFaulted, isFaultNoted.withLock({ !$0 }) else { return }
        isFaultNoted.withLock { $0 = true }
        context.note(.indexFaulted(path: context.paths.index))
        do { try context.index.invalidate() } catch { context.note(.checkpointFailed(error)) }
    }

    // MARK: Checkpoints

    private func isCheckpointDue() -> Bool {
        guard !context.index.isPoisoned else { return false }
        let (lsn, sealed) = context.view.state.withLock { ($0.appliedLSN, $0.sealed) }
        let uptime = context.clock.uptimeMicroseconds
        let written = context.commits.withLock { $0.sizeBytes }
        return progress.withLock { progress in
            guard lsn > progress.lsn else { return false }
            // A compacted segment behind the checkpoint has no table on the disk, and rows that a power cut takes back: an
            // opening would have to read all of its headers. Where that checkpoint failed, the usual time is waited.
            let isCompacted = sealed.contains { segment in
                segment.commitLSN > progress.lsn && segment.commitLSN <= lsn
                    && segment.sealedMicroseconds >= progress.atMicroseconds
                    && uptime - segment.sealedMicroseconds >= Maintenance.compactionSettleMicroseconds
            }
            return isCompacted || written - progress.commitBytes >= context.options.checkpointSizeBytes
                || uptime - progress.atMicroseconds >= context.options.checkpointMicroseconds
        }
    }

    /// Makes durable what rows and tables say, then says so. What the log gets meanwhile belongs to the next one.
    func checkpoint() throws(SystemError) {
        // Rows are written before the view shows their commit, so all rows up to `appliedLSN` are in the files by now.
        let (sealed, entries, activeNumber, length, lsn, next) = context.view.state.withLock {
            (
                $0.sealed, $0.active.entries, $0.activeSegment.number, $0.activeLengthBytes, $0.appliedLSN,
                $0.nextRecording
            )
        }
        let written = context.commits.withLock { $0.sizeBytes }
        guard syncLog() else { return }
        // Rows may be missing in the middle of the files: the next start is to make them all anew.
        guard !context.index.hasFaulted else { return try context.index.invalidate() }
        // A row that could not be written is in no file: without it there is no honest checkpoint.
        guard context.damagedRows.withLock({ $0.isEmpty }) else { return try repairRows() }
        for segment in sealed where !segment.hasTableFile { try writeTable(segment) }
        try SegmentTable.write(
            entries.sorted(by: FrameEntry.tableOrder),
            header: SegmentTableHeader(
                store: context.identity.store, segment: activeNumber, coveredBytes: length,
                entryCount: UInt64(entries.count), lastLSN: entries.last?.lsn ?? 0),
            to: context.paths.table(activeNumber), fileSystem: context.fileSystem)
        // A compaction may have replaced one of them meanwhile, and removed a table that was then written again.
        let live = Set(context.view.state.withLock { [$0.activeSegment.number] + $0.sealed.map(\.segment.number) })
        try context.removeTables(of: (sealed.map(\.segment.number) + [activeNumber]).filter { !live.contains($0) })
        let sequence = progress.withLock { $0.sequence } + 1
        try context.index.checkpoint(
            CheckpointHeader(
                store: context.identity.store, sequence: sequence, lsn: lsn, segment: activeNumber,
                segmentLengthBytes: length, nextRecording: next))
        progress.withLock { progress in
            progress.sequence = sequence
            progress.lsn = lsn
            progress.commitBytes = written
            progress.atMicroseconds = context.clock.uptimeMicroseconds
        }
        context.health.withLock { $0.lastCheckpointMicroseconds = context.clock.wallMicroseconds }
    }

    /// With `durability = interval` the log may be behind its rows, and a checkpoint must not say more than the log
    /// has. The writer syncs: an error is told to one caller only, and it is the writer that must know.
    ///
    /// - Returns: whether the log has everything that was acked.
    private func syncLog() -> Bool {
        guard case .interval = context.options.durability else { return true }
        do {
            try context.wait { .sync($0) }
            return true
        } catch .closing {
            // The writer has ended, and synced before.
            return true
        } catch {
            return false
        }
    }

    private func repairRows() throws(SystemError) {
        for number in context.damagedRows.withLock({ Array($0.keys) }) {
            try? context.queue.submit(.repair(number) { _ in })
        }
    }

    /// Writes a sealed segment's table and lets the mapped file take the place of the one in memory.
    private func writeTable(_ sealed: SealedSegment) throws(SystemError) {
        guard let frames = try? sealed.allFrames() else { return }
        let number = sealed.segment.number
        let path = context.paths.table(number)
        try SegmentTable.write(
            frames,
            header: SegmentTableHeader(
                store: context.identity.store, segment: number, coveredBytes: sealed.lengthBytes,
                entryCount: UInt64(frames.count), lastLSN: frames.reduce(sealed.commitLSN) { max($0, $1.lsn) }),
            to: path, fileSystem: context.fileSystem)
        let mapped = try? SegmentTable(
            path: path, segment: number, coveredBytes: sealed.lengthBytes, store: context.identity.store,
            fileSystem: context.fileSystem)
        if let mapped { sealed.replaceTable(mapped) }
    }
}
