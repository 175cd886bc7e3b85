import ReelFormat
import ReelSystem

extension LogWriter {
    /// Makes compacted segments part of the log: their commit frames, their renames, then tables and rows, then the files
    /// they replace go.
    ///
    /// Rename after the commit frame is durable: what is in `log/` is whole. Unlink after the rename is durable: a crash
    /// between finds both, and the state frame of the first new one says that the old ones are void. That one comes last,
    /// behind a sync of the others' names: else a crash could leave it alone, and the old ones void. Of what is there twice until
    /// then readers see each event once.
    func install(_ list: [CompactedSegment]) throws(StoreError) {
        guard let first = list.first else { return }
        var sealed: [SealedSegment] = []
        do throws(StoreError) {
            for one in list.dropFirst() { sealed.append(try place(one)) }
            if list.count > 1 { try syncInstalled() }
            sealed.append(try place(first))
        } catch {
            if !isReadOnly { takeBack(sealed.map(\.segment.number)) }
            throw error
        }
        try syncInstalled()
        let lastLSN = nextLSN - 1
        let void = Set(first.replaced)
        context.view.state.withLock { view in
            view.retired = view.sealed.map(\.segment).filter { void.contains($0.number) }
            view.sealed.removeAll { void.contains($0.segment.number) }
            view.sealed += sealed
        }
        for one in list { moveRows(one, void) }
        // Only now: a checkpoint up to the commit frames says that the rows have moved.
        context.view.state.withLock { view in
            view.retired = []
            view.appliedLSN = max(view.appliedLSN, lastLSN)
            view.lastReceivedMicroseconds = max(view.lastReceivedMicroseconds, lastReceivedMicroseconds)
        }
        removeFiles(first.replaced)
    }

    /// Writes a segment's commit frame and gives it its place in `log/`.
    private func place(_ compacted: CompactedSegment) throws(StoreError) -> SealedSegment {
        let path = context.paths.segment(compacted.segment.number)
        var header = nextHeader(.commit)
        nextLSN += 1
        header.recording = 0
        let payload = CommitPayload(replaced: compacted.replaced, frameCount: UInt64(compacted.entries.count))
        var bytes: [UInt8] = []
        StoredFrame(FrameDraft(header, member: payload.encoded())).append(to: &bytes)
        do {
            try compacted.segment.file.write(bytes, at: compacted.lengthBytes)
            try compacted.segment.file.sync()
            try context.fileSystem.rename(compacted.temporaryPath, to: path)
        } catch {
            throw error.isDiskFull ? .diskFull : .system(error)
        }
        lastReceivedMicroseconds = header.receivedMicroseconds
        let segment = compacted.segment.renamed(to: path)
        return SealedSegment(
            segment, table: SegmentTable(compacted.entries), isCompacted: true,
            lengthBytes: compacted.lengthBytes + UInt64(bytes.count),
            sealedMicroseconds: context.clock.uptimeMicroseconds, commitLSN: header.lsn)
    }

    private func syncInstalled() throws(StoreError) {
        do {
            try context.fileSystem.syncDirectory(context.paths.log)
        } catch {
            // Whether a crash finds the new segments is unknown. Going on with the old ones could compact them again, and
            // both would count at the next start: what is there is served, and nothing more is written.
            stopWriting(error)
            throw .readOnly
        }
    }

    /// Removes segments that count no more than the old ones they were to replace, as those are still there.
    private func takeBack(_ numbers: [UInt64]) {
        for number in numbers {
            do { try context.fileSystem.unlink(context.paths.segment(number)) } catch { replaced.append(number) }
        }
    }

    /// Lets rows point into the new segment. It counts already, so nothing here may stop half-way: a row that cannot be
    /// brought up to it is folded from the log.
    private func moveRows(_ compacted: CompactedSegment, _ void: Set<UInt64>) {
        var index = 0
        while index < compacted.entries.count {
            let number = compacted.entries[index].recording
            var metadata: FrameEntry?
            while index < compacted.entries.count, compacted.entries[index].recording == number {
                if compacted.entries[index].kind.isMetadata { metadata = compacted.entries[index] }
                index += 1
            }
            moveRow(number, metadata, compacted, void)
        }
    }

    private func moveRow(
        _ number: UInt64, _ metadata: FrameEntry?, _ compacted: CompactedSegment, _ void: Set<UInt64>
    ) {
        let cached = cache.takeIfThere(number)
        var row = cached?.row ?? context.index.row(number) ?? RecordingRow(number: number, id: .unknown)
        do {
            // Not the cache's own reading: the batches a recording remembers have not moved.
            if cached == nil { row = try context.committedRow(number) }
            guard row.status != .erased else { return }
            if void.contains(UInt64(row.metadataSegment)), let metadata {
                row.metadataSegment = UInt32(truncatingIfNeeded: compacted.segment.number)
                row.metadataOffsetBytes = UInt32(truncatingIfNeeded: metadata.offsetBytes)
            }
            // What was given up, and lies in a segment that is written anew after this one, counts no more.
            let frames = try context.view.frames(of: number).filter { frame in
                !(compacted.givenUp[frame.segment.number]?.contains { $0.contains(frame.entry.offsetBytes) } ?? false)
            }
            row.describeStorage(frames.map(\.entry))
            do { try context.index.write(row, isNew: false) } catch { throw StoreError.system(error) }
            if var state = cached {
                state.row = row
                cache.keep(state)
            }
        } catch StoreError.system(let error) {
            context.noteDamaged(row, error)
        } catch StoreError.damaged(let damage) {
            context.note(.damage(damage))
            context.damagedRows.withLock { $0[number] = row.id }
        } catch {
            // No row and no frame: there is nothing to bring up.
        }
    }

    func removeFiles(_ numbers: [UInt64]) {
        do {
            try context.removeTables(of: numbers)
            try context.discardCopies(of: numbers)
            for number in numbers { try context.fileSystem.unlink(context.paths.segment(number)) }
            try context.fileSystem.syncDirectory(context.paths.log)
        } catch {
            // They stay void: every later state frame says so until they are gone.
            replaced += numbers
        }
    }

    /// Writes a row anew from its recording's frames.
    func repair(_ number: UInt64) throws(StoreError) {
        cache.forget(number)
        guard let state = try RecordingFold(context).state(number) else { throw .unknownRecording }
        do {
            try context.index.reserve(number)
            try context.index.write(state.summary)
            try context.index.write(state.row, isNew: true)
        } catch {
            throw error.isDiskFull ? .diskFull : .system(error)
        }
        context.damagedRows.withLock { _ = $0.removeValue(forKey: number) }
    }
}

extension RecordingRow {
    /// Sets what depends on how the events lie in the log, and not on the events.
    mutating func describeStorage(_ entries: [FrameEntry]) {
        storedSizeBytes = 0
        frameCount = 0
        for entry in entries where entry.kind == .events {
            storedSizeBytes += entry.strideBytes
            frameCount += 1
            generation = max(generation, entry.generation)
        }
    }
}
