import ReelCodec
import ReelFormat

/// Each operation as frames and changed states. An operation that throws has added nothing.
extension LogWriter {
    func stage(_ operation: Operation) throws(StoreError) {
        switch operation {
        case .start(let request, let completion): try stageStart(request, operation, completion)
        case .append(let request, let completion): try stageAppend(request, operation, completion)
        case .change(let number, let change, let completion): try stageChange(number, change, operation, completion)
        case .end(let number, let reason, let completion): try stageEnd(number, reason, operation, completion)
        case .erase(let request, let completion): try stageErase(request, operation, completion)
        case .expire(let numbers, let cause, let completion):
            try commitAll()
            try stageExpiry(numbers, cause, operation, completion)
            commit()
        case .discard(let segments, let completion):
            try commitAll()
            try discard(segments)
            completion(.success(()))
        case .rotate(let completion):
            try commitAll()
            let sealed = active.segment.number
            try rotate()
            completion(.success(sealed))
        case .sync(let completion):
            try commitAll()
            try sync()
            completion(.success(()))
        case .describe(let number, let replaced, let completion):
            var state = stateForNewSegment(number, isCompacted: true)
            state.replaced += replaced
            completion(.success(SegmentBeginning(header: nextHeader(.state), state: state)))
            nextLSN += 1
        case .install(let segments, let completion):
            try commitAll()
            try install(segments)
            completion(.success(()))
        case .giveUp(let loss, let completion):
            try stageLoss(loss, operation, completion)
        case .archive(let step, let completion):
            try commitAll()
            try perform(step)
            completion(.success(()))
        case .repair(let number, let completion):
            try commitAll()
            try repair(number)
            completion(.success(()))
        }
    }

    /// Commits what is planned before something that stands by itself.
    ///
    /// - Throws: `.readOnly` where that was the store's end as a writer; those who wait for the commit were told.
    private func commitAll() throws(StoreError) {
        commit()
        guard !isReadOnly else { throw .readOnly }
    }

    // MARK: Start

    private func stageStart(
        _ request: StartRequest, _ operation: Operation,
        _ completion: @escaping @Sendable (Result<StartReceipt, StoreError>) -> Void
    ) throws(StoreError) {
        if let id = request.id, let known = try known(id) {
            if known.row.status == .erased { throw .erased(at: known.row.endedMicroseconds) }
            let reference = RecordingReference(number: known.row.number, id: id)
            return plan.wait(operation) {
                completion(.success(StartReceipt(recording: reference, isDuplicate: true)))
            }
        }
        try refuseOverLimit()
        let id: UUIDv7
        if let given = request.id { id = given } else { id = try makeID() }
        let reference = try addStart(id: id, request.metadata)
        plan.wait(operation) { [context] in
            context.leases.touch(reference.number, context.clock.uptimeMicroseconds)
            completion(.success(StartReceipt(recording: reference, isDuplicate: false)))
        }
    }

    private func makeID() throws(StoreError) -> UUIDv7 {
        let milliseconds = UInt64(max(0, context.clock.wallMicroseconds / 1000))
        do { return try UUIDv7(unixMilliseconds: milliseconds) } catch { throw .noRandomness }
    }

    /// The state of a recording that was started with this id, in the store or in this plan.
    private func known(_ id: UUIDv7) throws(StoreError) -> RecordingState? {
        if let number = plan.started[id] { return plan.states[number] }
        guard let number = try context.number(of: id) else { return nil }
        if let state = plan.states[number] { return state }
        return try context.committedState(number)
    }

    private func addStart(id: UUIDv7, _ metadata: RecordingMetadata) throws(StoreError) -> RecordingReference {
        let number = try firstUsableNumber()
        do {
            try context.index.reserve(number, pendingCount: plan.started.count)
        } catch {
            throw error.isDiskFull ? .diskFull : .system(error)
        }
        var metadata = metadata
        metadata.id = id
        var state = RecordingState(
            row: RecordingRow(number: number, id: id), summary: SummarySlot(number: number))
        state.isNew = true
        state.isSummaryChanged = true
        metadata.createdMicroseconds = max(context.clock.wallMicroseconds, lastReceivedMicroseconds)
        try addMetadata(.start, metadata, to: &state)
        nextRecording = number + 1
        plan.states[number] = state
        plan.started[id] = number
        return RecordingReference(number: number, id: id)
    }

    /// The next recording's number; in a sealed store one that has a key.
    private func firstUsableNumber() throws(StoreError) -> UInt64 {
        guard let keyring = context.sealer.keyring else { return nextRecording }
        do throws(KeyFault) {
            return try keyring.firstUsable(from: nextRecording)
        } catch {
            if case .system(let error) = error { context.note(.keyringFailed(error)) }
            throw StoreError(error, at: Corruption(file: context.paths.keys, offsetBytes: 0, kind: .keyMissing))
        }
    }

    func addMetadata(
        _ kind: FrameKind, _ metadata: RecordingMetadata, to state: inout RecordingState
    ) throws(StoreError) {
        let text = metadata.encoded()
        let number = state.row.number
        let member = context.metadataMember(text)
        let (entry, segment) = try add(kind) { header in
            var header = header
            header.recording = number
            header.rawSizeBytes = UInt32(text.count)
            return FrameDraft(header, member: member)
        }
        state.fold(metadata, entry, segment: segment, digests: context.digests)
        state.metadata = metadata
    }

    // MARK: Append

    private func stageAppend(
        _ request: AppendRequest, _ operation: Operation,
        _ completion: @escaping @Sendable (Result<AppendReceipt, StoreError>) -> Void
    ) throws(StoreError) {
        var state = try takeState(request.recording)
        let batch = request.batch
        do {
            if state.row.status == .erased { throw StoreError.erased(at: state.row.endedMicroseconds) }
            // Duplicates first: the first answer is given again even after the end.
            if let key = batch.key {
                switch state.batches.lookup(writer: key.writer, batch: key.batch) {
                case .known(let record):
                    guard record.bodyHash == batch.bodyHash else { throw StoreError.batchConflict(first: record) }
                    let receipt = AppendReceipt(
                        recording: request.recording, firstOrdinal: record.firstOrdinal,
                        eventCount: record.eventCount, isDuplicate: true)
                    // The first may be in this very plan: the answer waits for its commit.
                    plan.wait(operation) { completion(.success(receipt)) }
                    plan.states[request.recording] = state
                    return
                case .tooOld(let oldest): throw StoreError.batchTooOld(oldestRemembered: oldest)
                case .new: break
                }
            }
            try refuseOverLimit()
            try refuseIfEnded(state)
            if let reason = limitReached(by: batch, state.row) {
                let successor = try addSuccessor(to: &state, reason)
                plan.states[request.recording] = state
                plan.wait(operation) { completion(.failure(.full(successor: successor))) }
                return
            }
            let receipt = try addEvents(batch, to: &state)
            plan.states[request.recording] = state
            plan.wait(operation) { [context] in
                context.leases.touch(receipt.recording, context.clock.uptimeMicroseconds)
                completion(.success(receipt))
            }
        } catch let error as StoreError {
            plan.states[request.recording] = state
            throw error
        } catch {
            preconditionFailure("only StoreError is thrown here")
        }
    }

    private func addEvents(
        _ batch: PreparedBatch, to state: inout RecordingState
    ) throws(StoreError) -> AppendReceipt {
        let number = state.row.number
        let ordinal = state.nextOrdinal
        let (entry, _) = try add(.events) { header in
            var header = header
            header.recording = number
            header.firstOrdinal = ordinal
            header.describe(batch.summary, rawSizeBytes: batch.rawSizeBytes)
            header.writer = batch.key?.writer ?? 0
            header.batch = batch.key?.batch ?? 0
            header.bodyHash = batch.bodyHash
            return FrameDraft(header, member: batch.member)
        }
        state.fold(batch.summary, entry, digests: context.digests)
        if let key = batch.key {
            state.batches.insert(
                BatchRecord(
                    writer: key.writer, batch: key.batch, bodyHash: batch.bodyHash, firstOrdinal: ordinal,
                    eventCount: entry.eventCount))
        }
        return AppendReceipt(
            recording: number, firstOrdinal: ordinal, eventCount: entry.eventCount, isDuplicate: false)
    }

    private func refuseIfEnded(_ state: RecordingState) throws(StoreError) {
        let row = state.row
        let sinceEnd = context.clock.wallMicroseconds - row.endedMicroseconds
        switch row.status {
        case .recording, .erased: return
        case .idle:
            if sinceEnd > context.options.resumeMicroseconds { throw .ended(.lease, at: row.endedMicroseconds) }
        case .ended:
            let end = try metadata(of: state).end
            if let successor = end?.successor { throw .full(successor: successor) }
            if sinceEnd > context.options.graceMicroseconds {
                throw .ended(end?.reason ?? .request, at: row.endedMicroseconds)
            }
        }
    }

    private func limitReached(by batch: PreparedBatch, _ row: RecordingRow) -> EndReason? {
        // A batch within the grace after an end no longer makes a recording grow for long.
        guard row.status != .ended, row.eventCount > 0 else { return nil }
        let options = context.options
        if context.clock.wallMicroseconds - row.createdMicroseconds >= options.recordingLengthMaxMicroseconds {
            return .length
        }
        return row.rawSizeBytes + UInt64(batch.rawSizeBytes) > options.recordingSizeMaxBytes ? .size : nil
    }

    /// Closes a recording that reached a limit and starts the one that goes on.
    private func addSuccessor(to state: inout RecordingState, _ reason: EndReason) throws(StoreError)
        -> RecordingReference
    {
        var metadata = try metadata(of: state)
        var next = metadata
        next.end = nil
        next.predecessor = RecordingReference(number: state.row.number, id: state.row.id)
        let id = try makeID()
        // Before anything is added: without its key the end could not be.
        if let keyring = context.sealer.keyring {
            do throws(KeyFault) { _ = try keyring.key(of: state.row.number) } catch {
                throw StoreError(error, at: active.segment.corruption(active.lengthBytes, .keyMissing))
            }
        }
        let successor = try addStart(id: id, next)
        metadata.end = RecordingEnd(
            reason: reason, atMicroseconds: lastReceivedMicroseconds, successor: successor)
        try addMetadata(.end, metadata, to: &state)
        context.leases.touch(successor.number, context.clock.uptimeMicroseconds)
        context.leases.forget(state.row.number)
        return successor
    }

    // MARK: Change, end, erase

    private func stageChange(
        _ number: UInt64, _ change: MetadataChange, _ operation: Operation,
        _ completion: @escaping @Sendable (Result<RecordingRow, StoreError>) -> Void
    ) throws(StoreError) {
        try stageMetadata(number, .change, operation, completion) { metadata, state in
            metadata.apply(change)
            // An idle recording that went on has its old end in the metadata frame still.
            if state.row.status == .recording { metadata.end = nil }
            return true
        }
    }

    private func stageEnd(
        _ number: UInt64, _ reason: EndReason, _ operation: Operation,
        _ completion: @escaping @Sendable (Result<RecordingRow, StoreError>) -> Void
    ) throws(StoreError) {
        let now = max(context.clock.wallMicroseconds, lastReceivedMicroseconds)
        let complete: @Sendable (Result<RecordingRow, StoreError>) -> Void = { [context] result in
            if case .success = result { context.leases.forget(number) }
            completion(result)
        }
        try stageMetadata(number, .end, operation, complete) { metadata, state in
            let isDone = state.row.status == .ended || (state.row.status == .idle && !reason.isFinal)
            if isDone { return false }
            metadata.end = RecordingEnd(reason: reason, atMicroseconds: now, successor: nil)
            return true
        }
    }

    /// - Parameter change: returns whether there is anything to write.
    private func stageMetadata(
        _ number: UInt64, _ kind: FrameKind, _ operation: Operation,
        _ completion: @escaping @Sendable (Result<RecordingRow, StoreError>) -> Void,
        change: (inout RecordingMetadata, RecordingState) -> Bool
    ) throws(StoreError) {
        var state = try takeState(number)
        do {
            if state.row.status == .erased { throw StoreError.erased(at: state.row.endedMicroseconds) }
            var metadata = try metadata(of: state)
            if change(&metadata, state) { try addMetadata(kind, metadata, to: &state) }
            let row = state.row
            plan.states[number] = state
            plan.wait(operation) { completion(.success(row)) }
        } catch let error as StoreError {
            plan.states[number] = state
            throw error
        } catch {
            preconditionFailure("only StoreError is thrown here")
        }
    }

    private func stageErase(
        _ request: EraseRequest, _ operation: Operation,
        _ completion: @escaping @Sendable (Result<Tombstone, StoreError>) -> Void
    ) throws(StoreError) {
        let number = request.recording
        let state = try takeState(number)
        plan.states[number] = state
        let known = context.view.tombstone(of: number) ?? plan.tombstones.first { $0.recording == number }
        if let tombstone = known {
            return plan.wait(operation, for: tombstone, completion)
        }
        if state.row.flags.contains(.pinned), !request.overridesHold { throw .held }
        var tombstone = Tombstone(recording: number, id: state.row.id, erasedMicroseconds: 0, lsn: 0)
        _ = try add(.tombstone) { header in
            var header = header
            header.recording = number
            tombstone.erasedMicroseconds = header.receivedMicroseconds
            tombstone.lsn = header.lsn
            return FrameDraft(header, member: tombstone.encoded())
        }
        plan.tombstones.append(tombstone)
        plan.states[number] = .erased(tombstone)
        plan.wait(operation, for: tombstone) { [context] result in
            context.leases.forget(number)
            completion(result)
        }
    }

    // MARK: States

    /// The recording's state as this plan leaves it.
    func takeState(_ number: UInt64) throws(StoreError) -> RecordingState {
        if let state = plan.states.removeValue(forKey: number) { return state }
        return try cache.take(number)
    }

    private func metadata(of state: RecordingState) throws(StoreError) -> RecordingMetadata {
        if let metadata = state.metadata { return metadata }
        return try context.metadata(of: state.row)
    }
}

extension FrameHeader {
    /// Sets what a header says of the events in its payload.
    mutating func describe(_ summary: EventSummary, rawSizeBytes: UInt32) {
        eventCount = UInt32(summary.eventCount)
        leastTimestampMicroseconds = summary.leastTimestampMicroseconds
        greatestTimestampMicroseconds = summary.greatestTimestampMicroseconds
        types = summary.types
        sources = summary.sources
        content = summary.content
        self.rawSizeBytes = rawSizeBytes
    }
}
