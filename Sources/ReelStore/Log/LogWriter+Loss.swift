import ReelCodec
import ReelFormat

extension LogWriter {
    /// Adds a `loss` frame, and metadata where that was lost: from then on the log itself says what is not there.
    func stageLoss(
        _ loss: LossRecord, _ operation: Operation, _ completion: @escaping @Sendable (Result<Void, StoreError>) -> Void
    ) throws(StoreError) {
        let number = loss.recording
        nextRecording = max(nextRecording, number + 1)
        // A recording of which nothing can be read has no state yet.
        var state =
            plan.states.removeValue(forKey: number) ?? (try? context.committedState(number))
            ?? .empty(number, id: loss.metadata?.id ?? .unknown)
        let (entry, _) = try add(.loss) { header in
            var header = header
            header.recording = number
            header.firstOrdinal = loss.header.firstOrdinal
            header.eventCount = loss.header.eventCount
            header.leastTimestampMicroseconds = loss.header.leastTimestampMicroseconds
            header.greatestTimestampMicroseconds = loss.header.greatestTimestampMicroseconds
            header.types = loss.header.types
            header.sources = loss.header.sources
            header.content = loss.header.content
            // A repeat of the batch gets its first answer still.
            header.writer = loss.header.writer
            header.batch = loss.header.batch
            header.bodyHash = loss.header.bodyHash
            return FrameDraft(header, member: loss.payload.encoded())
        }
        state.fold(loss: entry)
        if let metadata = loss.metadata, canSeal(number) { try addMetadata(.change, metadata, to: &state) }
        plan.states[number] = state
        plan.wait(operation) { [cache] in
            // Its batches were not read.
            cache.forget(number)
            completion(.success(()))
        }
    }

    /// Whether metadata can still be written: where the recording's key is lost too, nothing of it will be read again.
    private func canSeal(_ number: UInt64) -> Bool {
        guard let keyring = context.sealer.keyring else { return true }
        return (try? keyring.key(of: number)) != nil
    }
}
