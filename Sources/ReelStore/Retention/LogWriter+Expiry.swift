import ReelFormat
import ReelSystem

extension LogWriter {
    /// Adds one frame that says which of these recordings are gone: those that have ended or gone idle and that nobody
    /// pinned since they were chosen.
    ///
    /// - Throws: why nothing was staged; on a full disk it is tried again with the reserve.
    func stageExpiry(
        _ numbers: [UInt64], _ cause: ExpiryCause, _ operation: Operation,
        _ completion: @escaping @Sendable (Result<ExpiryReceipt, StoreError>) -> Void
    ) throws(StoreError) {
        var receipt = ExpiryReceipt()
        var removed = ExpiredRanges()
        let now = max(context.clock.wallMicroseconds, lastReceivedMicroseconds)
        for number in numbers.sorted() {
            guard let row = try? context.committedRow(number), row.isExpirable else { continue }
            removed.insert(ExpiredRange(number...number, expiredMicroseconds: now, cause: cause))
            receipt.note(row)
        }
        guard !removed.ranges.isEmpty else { return completion(.success(receipt)) }
        try declareExpiry()
        _ = try add(.expire) { FrameDraft($0, member: ExpirePayload(removed.ranges).encoded()) }
        plan.expired = removed.ranges
        let done = receipt
        plan.wait(operation) { completion(.success(done)) }
    }

    /// Says in the file `store` that there are `expire` frames, before the first one is written.
    private func declareExpiry() throws(StoreError) {
        guard !hasDeclaredExpiry else { return }
        do {
            try IdentityFile(context.paths, context.fileSystem).declare(StoreIdentity.expiryFeature)
            hasDeclaredExpiry = true
        } catch let error as SystemError {
            throw error.isDiskFull ? .diskFull : .system(error)
        } catch {
            // Somebody changed the file while the store is open.
            throw .damaged(Corruption(file: context.paths.identity, offsetBytes: 0, kind: .payload))
        }
    }

    /// Lets readers see that recordings are gone, then clears what the index says of them.
    ///
    /// In this order: a reader that met a cleared row first would fold the recording from its frames and have it written
    /// anew.
    func publishExpiry(_ ranges: [ExpiredRange]) {
        context.view.state.withLock { view in
            for range in ranges {
                view.expired.insert(range)
                view.gone.expired += UInt64(range.recordings.count)
            }
        }
        for range in ranges {
            for number in range.recordings { cache.forget(number) }
            context.damagedRows.withLock { rows in
                for number in range.recordings { rows[number] = nil }
            }
            // The log says that they are gone: rows that stay are cleared when the store is opened next.
            do { try context.index.clear(range.recordings) } catch {
                context.note(.indexWriteFailed(recording: range.recordings.lowerBound, error))
            }
        }
    }

    /// - Throws: `.overLimit` where a limit is reached and nothing may be removed: what is held is never given up for what
    ///   comes.
    func refuseOverLimit() throws(StoreError) {
        guard let wait = context.retention.withLock({ $0.roomWait }), case .nothingRemovable = wait else { return }
        throw .overLimit(wait)
    }

    /// Removes sealed segments whose recordings are all gone. Their tables go first: a table alone tells of a loss.
    func discard(_ numbers: [UInt64]) throws(StoreError) {
        // With `durability = interval` what says that they are gone may not be on the disk yet.
        try sync()
        // A segment may be all that says that others are void.
        if !replaced.isEmpty { try rotate() }
        let gone = Set(numbers)
        context.view.state.withLock { view in
            view.sealed.removeAll { gone.contains($0.segment.number) }
        }
        removeFiles(numbers)
    }
}

/// What an expiry removed.
package struct ExpiryReceipt: Sendable, Equatable {
    package var recordingCount: UInt64 = 0
    /// What their events took in the log.
    package var sizeBytes: UInt64 = 0
    /// When the first and the last of them ended, microseconds since 1970; nil where there are none.
    package var oldestMicroseconds: Int64?
    package var newestMicroseconds: Int64?

    mutating func note(_ row: RecordingRow) {
        recordingCount += 1
        sizeBytes += row.storedSizeBytes
        let finished = row.finishedMicroseconds
        oldestMicroseconds = min(oldestMicroseconds ?? finished, finished)
        newestMicroseconds = max(newestMicroseconds ?? finished, finished)
    }

    /// Takes in another one.
    mutating func add(_ other: ExpiryReceipt) {
        recordingCount += other.recordingCount
        sizeBytes += other.sizeBytes
        for time in [other.oldestMicroseconds, other.newestMicroseconds].compactMap({ $0 }) {
            oldestMicroseconds = min(oldestMicroseconds ?? time, time)
            newestMicroseconds = max(newestMicroseconds ?? time, time)
        }
    }
}

extension RecordingRow {
    /// Whether retention may remove the recording at all: it is over, and nobody pinned it.
    var isExpirable: Bool { (status == .ended || status == .idle) && !flags.contains(.pinned) }

    /// When the last of it came: what its age counts from, microseconds since 1970.
    var finishedMicroseconds: Int64 { max(endedMicroseconds, lastReceivedMicroseconds) }
}
