import Glibc
import ReelFormat
import ReelSystem

/// Runs compaction behind everything else, on a thread of low priority.
final class CompactionThread: Sendable {
    private enum Wish {
        case vacuum(VacuumRequest, @Sendable (Result<CompactionReport, StoreError>) -> Void)
        /// What it does by itself now and then.
        case keepLimits(@Sendable (Result<Void, StoreError>) -> Void)
        case keepArchive(@Sendable (Result<Void, StoreError>) -> Void)
        case stop
    }

    private let context: StoreContext
    let retention: RetentionKeeper
    let archive: ArchiveKeeper
    private let wishes = Monitor<[Wish]>([])
    private let thread: Monitor<Thread?> = Monitor(nil)

    init(_ context: StoreContext) {
        self.context = context
        retention = RetentionKeeper(context)
        archive = ArchiveKeeper(context)
    }

    func start() {
        let thread = Thread("reel-compact") { [self] in
            run()
        }
        self.thread.withLock { $0 = thread }
    }

    /// Removes what is asked for and compacts everything that gets smaller by it, then calls back.
    func vacuum(
        _ request: VacuumRequest, _ completion: @escaping @Sendable (Result<CompactionReport, StoreError>) -> Void
    ) {
        wishes.signal { $0.append(.vacuum(request, completion)) }
    }

    /// Does now what retention does by itself, then calls back.
    func keepLimits(_ completion: @escaping @Sendable (Result<Void, StoreError>) -> Void) {
        wishes.signal { $0.append(.keepLimits(completion)) }
    }

    /// Archives now all that is due, then calls back.
    func keepArchive(_ completion: @escaping @Sendable (Result<Void, StoreError>) -> Void) {
        wishes.signal { $0.append(.keepArchive(completion)) }
    }

    /// Ends a running compaction at the next recording; what it wrote is thrown away.
    func stop() {
        context.isClosing.broadcast { $0 = true }
        wishes.signal { $0.insert(.stop, at: 0) }
        thread.withLock { $0 }?.join()
    }

    private func run() {
        // On Linux this is the thread's own. Not SCHED_IDLE: a starved thread would keep locks the writer waits for.
        setpriority(__priority_which_t(PRIO_PROCESS.rawValue), 0, 10)
        var nextWasteCheck: Int64 = 0
        var retry = CompactionRetry()
        var hasMoreToArchive = false
        while true {
            let wish = wishes.wait(timeoutMilliseconds: hasMoreToArchive ? 0 : 5000) {
                $0.isEmpty ? nil : $0.removeFirst()
            }
            switch wish {
            case .stop: return
            case .vacuum(let request, let completion): completion(vacuum(request))
            case .keepLimits(let completion): completion(keepLimits())
            case .keepArchive(let completion): completion(keepArchive())
            case nil:
                context.reserve.make()
                if context.options.retention.isAutomatic { _ = keepLimits() }
                hasMoreToArchive = archiveNext()
                guard context.options.compaction.isAutomatic else { continue }
                // Looking for waste reads every table, so it is done now and then only.
                let now = context.clock.uptimeMicroseconds
                let freeBytes = self.freeBytes
                if retry.hasRoomAgain(freeBytes: freeBytes) { context.erasedRecordings.hurry() }
                guard retry.isDue(uptime: now, freeBytes: freeBytes) else { continue }
                let looksForWaste = now >= nextWasteCheck
                if looksForWaste { nextWasteCheck = now + context.options.compaction.idleMicroseconds }
                do {
                    try compactErased()
                    try compactWhatIsDue(looksForWaste: looksForWaste)
                    retry = CompactionRetry()
                } catch {
                    if context.isClosing.withLock({ $0 }) { continue }
                    retry.note(error, uptime: now, freeBytes: self.freeBytes)
                    // What would have been looked for then is still there.
                    if looksForWaste { nextWasteCheck = 0 }
                    context.note(.compactionFailed(error))
                }
            }
        }
    }

    /// Of the store's file system; 0 where it cannot be asked.
    private var freeBytes: UInt64 { (try? context.fileSystem.freeBytes(context.paths.root)) ?? 0 }

    private func keepLimits() -> Result<Void, StoreError> {
        do {
            return .success(try retention.tick())
        } catch {
            if !context.isClosing.withLock({ $0 }) { context.note(.compactionFailed(error)) }
            return .failure(error)
        }
    }

    /// One segment at a time, so that nothing else waits for long.
    ///
    /// - Returns: whether there may be more.
    private func archiveNext() -> Bool {
        guard context.options.retention.isAutomatic else { return false }
        do throws(StoreError) {
            return try archive.tick()
        } catch {
            if !context.isClosing.withLock({ $0 }) { context.note(.archivingFailed(error)) }
            return false
        }
    }

    private func keepArchive() -> Result<Void, StoreError> {
        archive.reconsider()
        do throws(StoreError) {
            while try archive.tick() {}
            return .success(())
        } catch {
            return .failure(error)
        }
    }

    private func vacuum(_ request: VacuumRequest) -> Result<CompactionReport, StoreError> {
        // What it compacts may be old enough.
        defer { archive.reconsider() }
        do {
            var report = CompactionReport()
            // How large the log is without its waste is known when that is gone.
            if request.sizeMaxBytes != nil, !request.isDryRun { try compactAll(&report) }
            var isGoingOn = true
            while isGoingOn {
                var removed: UInt64 = 0
                if request.asksRetention {
                    let (receipt, wait) = try retention.vacuum(request)
                    removed = receipt.recordingCount
                    report.expired.add(receipt)
                    report.wait = wait
                }
                guard !request.isDryRun else { return .success(report) }
                report.add(try retention.sweep(isUrgent: request.asksRetention))
                try compactAll(&report)
                // What recordings leave is known only once they are gone.
                isGoingOn = removed > 0 && request.sizeMaxBytes.map { context.logSizeBytes > $0 } ?? false
            }
            return .success(report)
        } catch {
            return .failure(error)
        }
    }

    private func compactAll(_ report: inout CompactionReport) throws(StoreError) {
        if context.view.state.withLock({ !$0.active.entries.isEmpty }) { try rotate() }
        while try compactOnce(isForced: true, looksForWaste: true, &report) {}
        try compactErasedInArchive(&report)
    }

    /// What is in the archive is written anew, here, without what was erased of it.
    private func compactErasedInArchive(_ report: inout CompactionReport) throws(StoreError) {
        let erased = context.erasedRecordings.all
        guard !erased.isEmpty else { return }
        let archived = context.view.state.withLock { view in
            Set(view.sealed.filter(\.isArchived).map(\.segment.number))
        }
        guard !archived.isEmpty, context.archive.look() else { return }
        var left = archived.intersection(try segments(holding: erased))
        while !left.isEmpty {
            guard try compactOnce(isForced: false, looksForWaste: false, holdingErased: left, &report) else { return }
            left.formIntersection(context.view.state.withLock { $0.sealed.map(\.segment.number) })
        }
    }

    private func compactWhatIsDue(looksForWaste: Bool) throws(StoreError) {
        if isRotationDue() { try rotate() }
        var report = CompactionReport()
        _ = try compactOnce(isForced: false, looksForWaste: looksForWaste, &report)
    }

    /// Whether the active segment holds what is worth compacting.
    private func isRotationDue() -> Bool {
        let options = context.options.compaction
        return context.view.state.withLock { view in
            if view.active.mergeableMax >= options.smallFrameCount { return true }
            guard let firstEnd = view.active.firstEndMicroseconds else { return false }
            return context.clock.wallMicroseconds - firstEnd >= options.idleMicroseconds
        }
    }

    private func rotate() throws(StoreError) {
        _ = try context.wait { .rotate($0) }
    }

    /// Takes what was erased out of the log, without the delays that other waste has.
    private func compactErased() throws(StoreError) {
        let uptime = context.clock.uptimeMicroseconds
        let erased = context.erasedRecordings.due(uptime: uptime)
        guard !erased.isEmpty else { return }
        do throws(StoreError) {
            try compact(holding: erased)
        } catch {
            // Other compaction goes on meanwhile.
            context.erasedRecordings.postpone(uptime: uptime)
            // That was told when it went away.
            if case .archiveOffline = error { return }
            throw error
        }
        context.erasedRecordings.forget(erased, uptime: uptime)
    }

    private func compact(holding erased: Set<UInt64>) throws(StoreError) {
        if context.view.state.withLock({ view in erased.contains { view.active.holdsData(of: $0) } }) { try rotate() }
        // Each segment once: what is carried along as damaged stays, and must not have its segment compacted for ever.
        var left = Set(try segments(holding: erased))
        let away = try unreadable(left)
        left.subtract(away)
        while !left.isEmpty {
            var report = CompactionReport()
            guard try compactOnce(isForced: false, looksForWaste: false, holdingErased: left, &report) else { break }
            left.formIntersection(context.view.state.withLock { $0.sealed.map(\.segment.number) })
        }
        // What is left of them is in the archive: it is written anew once that is there.
        if !away.isEmpty { throw .archiveOffline(directory: context.archive.directory) }
    }

    /// Those whose events are in the archive, where that is away.
    private func unreadable(_ numbers: Set<UInt64>) throws(StoreError) -> Set<UInt64> {
        let archived = context.view.state.withLock { view in
            Set(view.sealed.filter { $0.isArchived && numbers.contains($0.segment.number) }.map(\.segment.number))
        }
        return archived.isEmpty || context.archive.look() ? [] : archived
    }

    private func segments(holding recordings: Set<UInt64>) throws(StoreError) -> [UInt64] {
        var numbers: [UInt64] = []
        for segment in context.view.state.withLock({ $0.sealed }) {
            if try segment.holdsData(of: recordings) { numbers.append(segment.segment.number) }
        }
        return numbers
    }

    /// - Parameter holdingErased: segments that are due because of what was erased in them.
    /// - Returns: whether there was something to do.
    private func compactOnce(
        isForced: Bool, looksForWaste: Bool, holdingErased: Set<UInt64> = [], _ report: inout CompactionReport
    ) throws(StoreError) -> Bool {
        // What is in the archive comes back only where somebody wants it gone.
        let sealed = context.view.state.withLock { $0.sealed }
            .filter { !$0.isArchived || holdingErased.contains($0.segment.number) }
        var facts: [SegmentFacts] = []
        for segment in sealed {
            var fact = try describe(segment, looksForWaste: looksForWaste)
            fact.holdsErased = holdingErased.contains(fact.number)
            facts.append(fact)
        }
        let policy = CompactionPolicy(
            options: context.options.compaction, segmentSizeBytes: context.options.segmentSizeBytes)
        let chosen = policy.choose(facts, uptime: context.clock.uptimeMicroseconds, isForced: isForced)
        guard !chosen.isEmpty else { return false }
        let inputs = sealed.filter { chosen.contains($0.segment.number) }
        let (before, after) = try Compactor(context).compact(inputs)
        report.segmentCount += inputs.count
        report.bytesBefore += before
        report.bytesAfter += after
        context.note(.compacted(segments: chosen, bytesBefore: before, bytesAfter: after))
        return true
    }

    private func describe(_ segment: SealedSegment, looksForWaste: Bool) throws(StoreError) -> SegmentFacts {
        var facts = SegmentFacts(
            number: segment.segment.number, lengthBytes: segment.lengthBytes, isCompacted: segment.isCompacted,
            sealedMicroseconds: segment.sealedMicroseconds, wastefulFrameCount: 0, frameCount: 0)
        guard segment.isCompacted, !segment.isArchived, looksForWaste else { return facts }
        let small = context.options.compaction.chunkSizeBytes / 2
        var status: (number: UInt64, RecordingStatus)?
        for entry in try segment.allFrames() where entry.kind != .expire {
            facts.frameCount += 1
            if status?.number != entry.recording {
                status = (entry.recording, try context.survivingRow(entry.recording)?.status ?? .erased)
            }
            let isUnmerged = entry.kind == .events && !entry.flags.contains(.merged) && entry.rawSizeBytes < small
            switch status?.1 {
            case .erased: facts.wastefulFrameCount += 1
            case .ended, .idle:
                // Such frames are few in a compacted segment, so that they can be looked at.
                let frame = LocatedFrame(segment: segment.segment, entry: entry)
                if isUnmerged, try frame.isSound() { facts.wastefulFrameCount += 1 }
            case .recording, nil: break
            }
        }
        return facts
    }
}

/// What a vacuum did.
package struct CompactionReport: Sendable, Equatable {
    /// What retention removed, or would have.
    package var expired = ExpiryReceipt()
    /// What keeps retention from removing what is due.
    package var wait: RetentionWait?
    /// Segments that went because nothing was left in them.
    package var unlinkedCount = 0
    package var segmentCount = 0
    package var bytesBefore: UInt64 = 0
    package var bytesAfter: UInt64 = 0

    fileprivate mutating func add(_ sweep: SweepReport) {
        unlinkedCount += sweep.unlinkedCount
        segmentCount += sweep.compaction.segmentCount
        bytesBefore += sweep.unlinkedBytes + sweep.compaction.bytesBefore
        bytesAfter += sweep.compaction.bytesAfter
    }
}
