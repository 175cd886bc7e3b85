import ReelCodec
import ReelFormat
import ReelSystem

/// The one thread that changes the log. It takes what waits, turns it into frames, writes them in one piece, syncs
/// once, brings rows and tables up to date, and only then lets the answers go.
///
/// Not Sendable: made on its own thread, nothing else can touch it.
final class LogWriter {
    let context: StoreContext
    var active: ActiveSegment
    var nextLSN: UInt64
    var nextRecording: UInt64
    /// The last frame of the active segment that is known to be on the disk.
    ///
    /// Never an LSN of a frame that lies elsewhere: recovery takes a frame that names a later LSN than the frames before
    /// it for proof that something durable is missing between them, and would call a torn group damage.
    var durableLSN: UInt64
    var lastReceivedMicroseconds: Int64
    var cuts: [SegmentCut]
    /// Replaced segments whose files may still be there after a crash.
    var replaced: [UInt64] = []
    var isReadOnly = false
    /// Whether the file `store` says that there are `expire` frames.
    var hasDeclaredExpiry: Bool
    var plan = CommitPlan()
    let cache: StateCache
    private var pulse: Pulse?
    /// When, on the uptime clock, what was acked without a sync must be synced.
    private var syncDueMicroseconds: Int64?

    init(_ context: StoreContext, resuming position: LogPosition) {
        self.context = context
        active = position.active
        nextLSN = position.nextLSN
        nextRecording = position.nextRecording
        durableLSN = position.active.lastLSN
        lastReceivedMicroseconds = position.lastReceivedMicroseconds
        cuts = position.cuts
        replaced = position.replaced
        hasDeclaredExpiry = context.identity.incompatibleFeatures & StoreIdentity.expiryFeature != 0
        cache = StateCache(context)
        pulse = context.heartbeat.map { Pulse($0, context.clock) }
    }

    /// Works until the queue is closed and empty.
    func run() {
        while let operations = context.queue.take(timeoutMilliseconds: waitMilliseconds) {
            for operation in operations { perform(operation) }
            commit()
            syncIfDue()
            pulse?.beatIfDue()
        }
        syncIfDue(now: true)
    }

    private func perform(_ operation: Operation) {
        guard !isReadOnly else { return operation.fail(.readOnly) }
        guard operation.isCure || isOpenToAll else { return operation.fail(.diskFull) }
        do throws(StoreError) {
            try begin(operation)
        } catch {
            guard case .diskFull = error, operation.isCure, context.reserve.release() else {
                return operation.fail(error)
            }
            do throws(StoreError) { try begin(operation) } catch { operation.fail(error) }
        }
    }

    /// Whether the room there is may be used for anything. It may once the reserve is whole again.
    private var isOpenToAll: Bool {
        guard context.reserve.isSpent else { return true }
        context.reserve.make()
        return !context.reserve.isSpent
    }

    private func begin(_ operation: Operation) throws(StoreError) {
        try makeRoom(for: operation)
        try stage(operation)
        if plan.buffer.count >= context.options.commitSizeBytes { commit() }
    }

    // MARK: Frames

    /// Adds a frame to the plan.
    ///
    /// - Parameter draft: makes of a header with LSN, time and store set what is to be sealed.
    /// - Returns: its entry and the segment it will lie in.
    /// - Throws: why it could not be sealed; nothing was added.
    func add(_ kind: FrameKind, _ draft: (FrameHeader) -> FrameDraft) throws(StoreError) -> (FrameEntry, UInt64) {
        let offset = active.lengthBytes + UInt64(plan.buffer.count)
        let frame = try context.sealer.frame(
            draft(nextHeader(kind)), place: active.segment.corruption(offset, .keyMissing))
        nextLSN += 1
        lastReceivedMicroseconds = frame.header.receivedMicroseconds
        return (plan.add(frame, at: offset), active.segment.number)
    }

    /// Begins a new segment where the operation would make this one too large. Asked before an operation is staged,
    /// never within one: all its frames then lie in one commit.
    private func makeRoom(for operation: Operation) throws(StoreError) {
        let frames = active.frameCount + plan.entries.count
        let length = active.lengthBytes + UInt64(plan.buffer.count + operation.sizeBytes)
        let isFull = length > context.options.segmentSizeBytes || frames >= context.options.segmentFrameMax
        guard frames > 0, isFull else { return }
        commit()
        guard !isReadOnly else { throw .readOnly }
        // A commit that failed has begun a new segment already.
        if active.frameCount > 0 { try rotate() }
    }

    func nextHeader(_ kind: FrameKind) -> FrameHeader {
        // Receive times never run backwards, whatever the wall clock does.
        let now = max(context.clock.wallMicroseconds, lastReceivedMicroseconds)
        var header = FrameHeader(kind: kind, lsn: nextLSN, receivedMicroseconds: now, store: context.identity.store)
        header.durableLSN = durableLSN
        return header
    }

    // MARK: Commit

    /// Writes the plan, makes it durable, shows it, tells who waits.
    func commit() {
        guard !plan.isEmpty else { return }
        let plan = self.plan
        self.plan = CommitPlan()
        guard !plan.buffer.isEmpty else {
            // Nothing new, as when all of it were batches sent again.
            plan.states.values.forEach(cache.keep)
            return answer(plan)
        }
        guard let last = plan.entries.last else { preconditionFailure("bytes of no frame") }
        do {
            // Erasing is for good, also where the admin lets other changes wait for their sync.
            try write(
                plan.buffer, lastLSN: last.lsn, syncs: !plan.tombstones.isEmpty || !plan.expired.isEmpty)
        } catch {
            // The copies the plan worked on are gone with it; what the cache has is as it was before.
            return fail(plan, error)
        }
        active.frameCount += plan.entries.count
        publish(plan, lastLSN: last.lsn)
        answer(plan)
        context.changes.tell(of: plan)
    }

    /// Tells who waits that the plan failed. On a full disk, what would mend that is tried again with the reserve.
    private func fail(_ plan: CommitPlan, _ error: StoreError) {
        let operations = plan.waiting.map(\.operation)
        guard case .diskFull = error, operations.contains(where: \.isCure), context.reserve.release() else {
            return operations.forEach { $0.fail(error) }
        }
        for operation in operations where !operation.isCure { operation.fail(error) }
        for operation in operations where operation.isCure { perform(operation) }
        commit()
    }

    private func write(_ bytes: [UInt8], lastLSN: UInt64, syncs: Bool) throws(StoreError) {
        do {
            try active.segment.file.write(bytes, at: active.lengthBytes)
        } catch  where error.isDiskFull {
            // Nothing of it was synced or shown: cut it off and go on with this segment when space returns.
            do { try active.segment.file.truncate(to: active.lengthBytes) } catch { try abandon(error) }
            throw .diskFull
        } catch {
            try abandon(error)
        }
        switch context.options.durability {
        case _ where syncs, .sync:
            do { try active.segment.file.sync() } catch { try abandon(error) }
            active.isDirty = false
            syncDueMicroseconds = nil
            durableLSN = lastLSN
        case .interval(let milliseconds):
            active.isDirty = true
            if syncDueMicroseconds == nil {
                syncDueMicroseconds = context.clock.uptimeMicroseconds + Int64(milliseconds) * 1000
            }
        }
        active.lengthBytes += UInt64(bytes.count)
        active.lastLSN = lastLSN
    }

    /// Brings rows, summaries and tables up to the commit, then shows it to readers.
    ///
    /// Rows after the log: a crash between the two leaves frames without rows, which recovery adds; the reverse order
    /// would leave rows that point past the end of the log.
    private func publish(_ plan: CommitPlan, lastLSN: UInt64) {
        if !plan.expired.isEmpty { publishExpiry(plan.expired) }
        for state in plan.states.values {
            do {
                if state.isSummaryChanged { try context.index.write(state.summary) }
                try context.index.write(state.row, isNew: state.isNew)
            } catch {
                context.noteDamaged(state.row, error)
            }
            cache.keep(state)
        }
        context.view.state.withLock { state in
            for entry in plan.entries { state.active.append(entry) }
            for tombstone in plan.tombstones {
                if state.tombstones.updateValue(tombstone, forKey: tombstone.recording) == nil {
                    state.gone.erased += 1
                }
            }
            state.activeLengthBytes = active.lengthBytes
            state.appliedLSN = lastLSN
            state.nextRecording = nextRecording
            state.lastReceivedMicroseconds = lastReceivedMicroseconds
        }
        context.commits.withLock { $0.note(frames: plan.entries.count, bytes: plan.buffer.count) }
    }

    // MARK: Segments

    /// Closes the active segment and begins the next one.
    func rotate() throws(StoreError) {
        precondition(plan.buffer.isEmpty, "frames of the plan have their place in this segment")
        do {
            try sync()
        } catch {
            // The sync that failed has closed the segment, and begun the next one where that went.
            guard !isReadOnly else { throw .readOnly }
            return
        }
        do {
            try beginSegment(cutting: nil)
        } catch {
            throw error.isDiskFull ? .diskFull : .system(error)
        }
    }

    /// Nothing more goes to a segment after a failed write or sync, and what was written since the last good sync is
    /// never served: the next segment's state frame cuts it off. One new segment is tried; if that fails too, the
    /// store serves what it has.
    private func abandon(_ error: SystemError) throws(StoreError) -> Never {
        let cut = SegmentCut(segment: active.segment.number, lengthBytes: active.lengthBytes)
        context.note(.segmentPoisoned(segment: cut.segment, lengthBytes: cut.lengthBytes, error))
        do {
            try beginSegment(cutting: cut)
        } catch {
            stopWriting(error)
        }
        throw .outcomeUnknown
    }

    /// From now on the store serves what it has.
    func stopWriting(_ cause: SystemError) {
        isReadOnly = true
        // What was acked without a sync stays without one: the file's sync has failed, or must not be tried.
        active.isDirty = false
        syncDueMicroseconds = nil
        context.health.withLock { $0.readOnlyCause = cause }
        context.note(.storeReadOnly(cause))
    }

    private func beginSegment(cutting cut: SegmentCut?) throws(SystemError) {
        // A failed try may have left the number's file behind, so a number is never tried twice.
        let number = context.takeSegmentNumber()
        if let cut { cuts.append(cut) }
        let state = stateForNewSegment(number, isCompacted: false)
        let header = nextHeader(.state)
        let new: ActiveSegment
        do {
            new = try ActiveSegment.create(
                state, header: header, paths: context.paths, sealer: context.sealer, fileSystem: context.fileSystem)
        } catch {
            forget(segment: number)
            throw error
        }
        nextLSN += 1
        durableLSN = header.lsn
        let old = active
        active = new
        syncDueMicroseconds = nil
        context.view.state.withLock { view in
            let table = SegmentTable(view.active.entries)
            view.sealed.append(
                SealedSegment(
                    old.segment, table: table, isCompacted: false, lengthBytes: old.lengthBytes,
                    sealedMicroseconds: context.clock.uptimeMicroseconds))
            view.active = ActiveTable()
            view.activeSegment = new.segment
            view.activeLengthBytes = new.lengthBytes
        }
        context.note(.segmentBegun(segment: number))
    }

    /// Sees to it that a segment whose beginning failed is never taken for a damaged one: its file goes, or the state
    /// frames to come say that it is void.
    private func forget(segment number: UInt64) {
        do { try context.fileSystem.unlinkIfThere(context.paths.segment(number)) } catch { replaced.append(number) }
    }

    /// What must be known even if every older segment is gone.
    func stateForNewSegment(_ number: UInt64, isCompacted: Bool) -> StatePayload {
        var state = StatePayload(
            segment: number, isCompacted: isCompacted, nextRecording: nextRecording, nextLSN: nextLSN)
        state.cuts = cuts
        state.replaced = replaced
        let oldest = context.clock.wallMicroseconds - context.options.tombstoneMicroseconds
        let (tombstones, expired) = context.view.state.withLock { view in
            view.expired.forget(before: oldest)
            return (view.tombstones, view.expired)
        }
        state.expired = expired.ranges
        state.tombstones = tombstones.values.filter { $0.erasedMicroseconds >= oldest }
            .sorted { $0.recording < $1.recording }
        return state
    }

    // MARK: durability = interval

    private var waitMilliseconds: Int? {
        guard let due = [syncDueMicroseconds, pulse?.dueMicroseconds].compactMap(\.self).min() else { return nil }
        return max(0, Int((due - context.clock.uptimeMicroseconds + 999) / 1000))
    }

    private func syncIfDue(now: Bool = false) {
        guard let due = syncDueMicroseconds, now || context.clock.uptimeMicroseconds >= due else { return }
        // A failure is told by `abandon`; nobody waits here.
        try? sync()
    }

    /// Syncs what was acked before it was durable.
    func sync() throws(StoreError) {
        guard active.isDirty else { return }
        do {
            try active.segment.file.sync()
        } catch {
            try abandon(error)
        }
        active.isDirty = false
        syncDueMicroseconds = nil
        durableLSN = active.lastLSN
    }
}

/// Where writing goes on after recovery.
struct LogPosition {
    var active: ActiveSegment
    var nextLSN: UInt64
    var nextRecording: UInt64
    var lastReceivedMicroseconds: Int64
    var cuts: [SegmentCut]
    var replaced: [UInt64]
}
