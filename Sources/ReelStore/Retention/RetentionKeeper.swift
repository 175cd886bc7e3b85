import ReelFormat
import ReelSystem

/// Keeps the store within its limits. Runs on the compaction's thread, so that no segment is unlinked while it is
/// being written anew.
final class RetentionKeeper: Sendable {
    /// How often every recording's age is looked at.
    private static let ageCheckMicroseconds: Int64 = 10 * 60_000_000
    /// How long a limit that nothing can be done about is let be.
    private static let pauseMicroseconds: Int64 = 10_000_000
    /// How often room is made before other work has its turn.
    private static let roundMax = 4
    /// More than one in so many is much to remove at once.
    private static let tenth: UInt64 = 10

    private struct State {
        var judge: ClockJudge
        var nextAgeCheck: Int64 = 0
        var nextRoomCheck: Int64 = 0
        /// Whether something may be gone since the segments were last looked at.
        var isSweepDue = true
    }

    private let context: StoreContext
    private let state: Monitor<State>

    /// Made before anything is written: the newest frame is then the last one of before the store was opened.
    init(_ context: StoreContext) {
        self.context = context
        state = Monitor(State(judge: ClockJudge(context.clock, newestMicroseconds: context.newestMicroseconds)))
    }

    private var policy: RetentionPolicy { RetentionPolicy(context) }

    // MARK: By itself

    /// Does what is due.
    func tick() throws(StoreError) {
        guard !context.health.withLock({ $0.isReadOnly }) else { return }
        let now = context.clock.uptimeMicroseconds
        let (isAgeDue, isRoomDue) = state.withLock { state in
            defer { if now >= state.nextAgeCheck { state.nextAgeCheck = now + RetentionKeeper.ageCheckMicroseconds } }
            return (now >= state.nextAgeCheck, now >= state.nextRoomCheck)
        }
        if isAgeDue { try expireByAge(isAsked: false) }
        if isRoomDue { try makeRoom() }
        try sweep(isUrgent: false)
    }

    /// Options have changed, so what was due may not be, and the reverse.
    func reconsider() {
        state.withLock {
            $0.nextAgeCheck = 0
            $0.nextRoomCheck = 0
            $0.isSweepDue = true
        }
    }

    // MARK: Age

    private func expireByAge(isAsked: Bool) throws(StoreError) {
        let policy = policy
        guard policy.hasAges else { return setClockWait(nil) }
        let now = context.clock.wallMicroseconds
        // Only those that are due are kept in memory: there may be a million others.
        let candidates = ExpiryCandidates(context) { policy.isTooOld($0, now: now) }
        let due = policy.dueByAge(candidates.list, now: now)
        context.retention.withLock { $0.lastPassMicroseconds = context.clock.wallMicroseconds }
        let wait = clockWait(due, of: candidates, isAsked: isAsked)
        setClockWait(wait)
        guard wait == nil else { return }
        _ = try expire(due.filter { isReallyDue($0, policy) }, .age)
    }

    /// What keeps these recordings from going by age.
    private func clockWait(
        _ due: [ExpiryCandidate], of candidates: ExpiryCandidates, isAsked: Bool
    ) -> RetentionWait? {
        let verdict = state.withLock {
            $0.judge.verdict(context.clock, newestMicroseconds: context.newestMicroseconds, isAsked: isAsked)
        }
        switch verdict {
        case .trusted: return nil
        case .unsynchronised: return .clockUnsynchronised
        case .behind(let microseconds): return .clockBehind(microseconds: microseconds)
        case .moved(let microseconds):
            let bytes = due.reduce(0) { $0 + $1.sizeBytes }
            let isMuch =
                UInt64(due.count) * RetentionKeeper.tenth > candidates.count
                || bytes * RetentionKeeper.tenth > candidates.sizeBytes
            guard isMuch else { return nil }
            return .confirmation(
                movedMicroseconds: microseconds, recordingCount: UInt64(due.count), sizeBytes: bytes)
        }
    }

    /// Digests can collide: where only its project's age makes a recording too old, its metadata must name the project.
    private func isReallyDue(_ candidate: ExpiryCandidate, _ policy: RetentionPolicy) -> Bool {
        guard policy.projectAges[candidate.project] != nil else { return true }
        let ages = context.options.retention.projectAgeMaxMicroseconds
        guard let row = try? context.committedRow(candidate.number),
            let metadata = try? context.metadata(of: row)
        else { return true }
        let age = ages[metadata.project] ?? context.options.retention.ageMaxMicroseconds
        return age > 0 && candidate.finishedMicroseconds.addingClamped(age) < context.clock.wallMicroseconds
    }

    private func setClockWait(_ wait: RetentionWait?) { set(\.ageWait, wait) }

    /// Told once, however often it is met.
    private func set(_ path: WritableKeyPath<RetentionStatus, RetentionWait?>, _ wait: RetentionWait?) {
        let old = context.retention.withLock { status in
            defer { status[keyPath: path] = wait }
            return status[keyPath: path]
        }
        if let wait, wait.name != old?.name { context.note(.retentionWaits(wait)) }
    }

    // MARK: Room

    private func makeRoom() throws(StoreError) {
        // What recordings take is known about, and what they leave only once it is done.
        for _ in 0..<RetentionKeeper.roundMax {
            guard let excess = policy.excess(try space()) else { return setRoomWait(nil) }
            guard try makeRoom(excess) else { return }
        }
    }

    /// - Returns: whether it is worth looking again.
    private func makeRoom(_ excess: (bytes: UInt64, cause: ExpiryCause)) throws(StoreError) -> Bool {
        let candidates = ExpiryCandidates(context)
        let chosen = policy.oldest(try takingRoom(candidates.list), taking: excess.bytes)
        guard !chosen.isEmpty else {
            setRoomWait(.nothingRemovable(pinnedCount: candidates.pinnedCount, openCount: candidates.openCount))
            return false
        }
        _ = try expire(chosen, excess.cause)
        do throws(StoreError) {
            try sweep(isUrgent: true)
        } catch {
            // On a full disk the next pass removes more, until whole segments are empty; else it would be for nothing.
            if case .diskFull = error { return false }
            setRoomWait(.compactionFailed)
            throw error
        }
        return true
    }

    /// Without those whose events are in the archive: they take next to no room here, and removing them would make none.
    private func takingRoom(_ candidates: [ExpiryCandidate]) throws(StoreError) -> [ExpiryCandidate] {
        var archived: Set<UInt64> = []
        for segment in context.view.state.withLock({ $0.sealed }) where segment.isArchived {
            for recording in try segment.movedRecordings() { archived.insert(recording.number) }
        }
        return archived.isEmpty ? candidates : candidates.filter { !archived.contains($0.number) }
    }

    private func setRoomWait(_ wait: RetentionWait?) {
        let now = context.clock.uptimeMicroseconds
        if wait != nil { state.withLock { $0.nextRoomCheck = now + RetentionKeeper.pauseMicroseconds } }
        set(\.roomWait, wait)
    }

    private func space() throws(StoreError) -> DiskSpace {
        do {
            return DiskSpace(
                logBytes: context.logSizeBytes, freeBytes: try context.fileSystem.freeBytes(context.paths.root),
                totalBytes: try context.fileSystem.totalBytes(context.paths.root))
        } catch {
            throw .system(error)
        }
    }

    // MARK: Asked for

    /// Removes what an admin asks for, or only says what that would be.
    ///
    /// - Throws: `.retentionWaits` where the clock may be wrong and the admin did not say that it is right.
    func vacuum(_ request: VacuumRequest) throws(StoreError) -> (ExpiryReceipt, RetentionWait?) {
        if request.isConfirmed {
            state.withLock { $0.judge.confirm(context.clock) }
            setClockWait(nil)
        }
        var receipt = ExpiryReceipt()
        let candidates = ExpiryCandidates(context)
        let (choices, wait) = try choose(request, candidates)
        if let wait, !request.isDryRun { throw .retentionWaits(wait) }
        for (chosen, cause) in choices {
            if request.isDryRun {
                for candidate in chosen { receipt.note(candidate) }
            } else {
                receipt.add(try expire(chosen, cause))
            }
        }
        return (receipt, wait)
    }

    /// What a request would remove, and why it may not.
    private func choose(
        _ request: VacuumRequest, _ candidates: ExpiryCandidates
    ) throws(StoreError) -> (choices: [(chosen: [ExpiryCandidate], cause: ExpiryCause)], wait: RetentionWait?) {
        var limits = policy
        let isConfigured = request.ageMaxMicroseconds == nil && request.sizeMaxBytes == nil
        if !isConfigured {
            limits = RetentionPolicy(options: RetentionOptions())
            limits.options.ageMaxMicroseconds = request.ageMaxMicroseconds ?? 0
            limits.options.sizeMax = request.sizeMaxBytes.map { .bytes($0) } ?? .none
        }
        var due = limits.dueByAge(candidates.list, now: context.clock.wallMicroseconds)
        if isConfigured { due = due.filter { isReallyDue($0, limits) } }
        let wait =
            due.isEmpty ? nil : clockWait(due, of: candidates, isAsked: !isConfigured || request.isConfirmed)
        var chosen: [(chosen: [ExpiryCandidate], cause: ExpiryCause)] = [(due, .age)]
        var space = try space()
        let freed = due.reduce(0) { $0 + $1.sizeBytes }
        space.logBytes -= min(space.logBytes, freed)
        space.freeBytes += freed
        if let excess = limits.excess(space) {
            let gone = Set(due.map(\.number))
            let rest = try takingRoom(candidates.list.filter { !gone.contains($0.number) })
            chosen.append((limits.oldest(rest, taking: excess.bytes), excess.cause))
        }
        return (chosen, wait)
    }

    // MARK: Removing

    private func expire(_ candidates: [ExpiryCandidate], _ cause: ExpiryCause) throws(StoreError) -> ExpiryReceipt {
        var receipt = ExpiryReceipt()
        var rest = candidates.map(\.number)[...]
        // Told of what was done also where a later part fails.
        defer {
            if receipt.recordingCount > 0 {
                let removed = receipt
                context.retention.withLock { $0.note(removed, by: cause) }
                context.note(.expired(RetentionRemoval(cause: cause, receipt: removed)))
            }
        }
        while !rest.isEmpty {
            let part = Array(rest.prefix(RetentionKeeper.expiryCountMax))
            rest = rest.dropFirst(part.count)
            receipt.add(try context.wait { .expire(part, cause, $0) })
            state.withLock { $0.isSweepDue = true }
        }
        return receipt
    }

    /// Recordings that one frame removes at most.
    private static let expiryCountMax = 10_000

    // MARK: Segments

    /// Unlinks the segments in which nothing is left, and has those written anew that are worth it.
    ///
    /// - Parameter isUrgent: not only those that are worth it.
    @discardableResult
    func sweep(isUrgent: Bool) throws(StoreError) -> SweepReport {
        let isDue = state.withLock { state in
            defer { state.isSweepDue = false }
            return state.isSweepDue || isUrgent
        }
        guard isDue else { return SweepReport() }
        do throws(StoreError) {
            if holdsGoneRecordings() { _ = try context.wait { .rotate($0) } }
            return try SegmentSweep(context, policy).run(isUrgent: isUrgent)
        } catch {
            state.withLock { $0.isSweepDue = true }
            throw error
        }
    }

    /// Whether the segment being written has frames of recordings that retention removed.
    private func holdsGoneRecordings() -> Bool {
        context.view.state.withLock { view in
            view.active.entries.contains { $0.recording > 0 && view.expired.range(of: $0.recording) != nil }
        }
    }
}

extension ExpiryReceipt {
    fileprivate mutating func note(_ candidate: ExpiryCandidate) {
        add(
            ExpiryReceipt(
                recordingCount: 1, sizeBytes: candidate.sizeBytes, oldestMicroseconds: candidate.finishedMicroseconds,
                newestMicroseconds: candidate.finishedMicroseconds))
    }
}
