import ReelCodec
import ReelFormat
import ReelStore

/// What a store must hold after a crash, and what it may hold, by the facts up to it.
struct Expectation: Sendable {
    /// A recording that was asked for.
    struct Recording: Sendable {
        var id: UUIDv7
        var metadata: RecordingMetadata
        /// Nil until the start was acked.
        var number: UInt64?
        var changes: [MetadataChange] = []
        var ackedChangeCount = 0
        var isEndSent = false
        var isEndAcked = false
        var isEraseSent = false
        var tombstone: Tombstone?
        var isExpirySent = false
        var isExpiryAcked = false
        var batches: [(batch: SentBatch, firstOrdinal: UInt64?)] = []

        /// The metadata after the first `count` changes.
        func metadata(after count: Int) -> RecordingMetadata {
            var metadata = metadata
            for change in changes.prefix(count) {
                if let user = change.user { metadata.user = user }
                if let ticket = change.ticket { metadata.ticket = ticket }
                if let tags = change.tags { metadata.tags = tags }
                if let notes = change.notes { metadata.notes = notes }
                if let isPinned = change.isPinned { metadata.isPinned = isPinned }
            }
            return metadata
        }
    }

    private(set) var recordings: [UUIDv7: Recording] = [:]
    private(set) var lastLSN: UInt64 = 0

    /// Answers that promise nothing yet; nil where every answer does.
    private var late: [Fact]?

    /// - Parameter isAckedLate: whether answers count only from the next `synced` on.
    init(isAckedLate: Bool = false) { late = isAckedLate ? [] : nil }

    mutating func add(_ fact: Fact) {
        if fact.isAnswer, late != nil {
            late?.append(fact)
        } else {
            apply(fact)
        }
    }

    private mutating func apply(_ fact: Fact) {
        switch fact {
        case .synced:
            for fact in late ?? [] { apply(fact) }
            late = late.map { _ in [] }
        case .sentStart(let id, let metadata):
            if recordings[id] == nil { recordings[id] = Recording(id: id, metadata: metadata) }
        case .ackedStart(let id, let number): recordings[id]?.number = number
        case .sentBatch(let batch):
            let isKnown = recordings[batch.recording]?.batches.contains { $0.batch.name == batch.name } ?? false
            if !isKnown { recordings[batch.recording]?.batches.append((batch, nil)) }
        case .ackedBatch(let batch, let firstOrdinal):
            let index = recordings[batch.recording]?.batches.firstIndex { $0.batch.name == batch.name }
            if let index { recordings[batch.recording]?.batches[index].firstOrdinal = firstOrdinal }
        case .sentChange(let id, let change): recordings[id]?.changes.append(change)
        case .ackedChange(let id): recordings[id]?.ackedChangeCount += 1
        case .sentEnd(let id): recordings[id]?.isEndSent = true
        case .ackedEnd(let id): recordings[id]?.isEndAcked = true
        case .sentErase(let id): recordings[id]?.isEraseSent = true
        case .ackedErase(let id, let tombstone): recordings[id]?.tombstone = tombstone
        case .sentExpiry(let ids): for id in ids { recordings[id]?.isExpirySent = true }
        case .ackedExpiry(let ids): for id in ids { recordings[id]?.isExpiryAcked = true }
        case .reached(let lsn): lastLSN = max(lastLSN, lsn)
        }
    }

    /// The greatest number that somebody was told.
    var lastNumber: UInt64 { recordings.values.reduce(0) { max($0, $1.number ?? 0) } }

    /// The recordings in the order of their ids.
    var inOrder: [Recording] { recordings.values.sorted { $0.id < $1.id } }
}
