import ReelCodec
import ReelFormat

/// What the writer knows of a recording while it changes it.
struct RecordingState: Sendable {
    var row: RecordingRow
    var summary: SummarySlot
    var batches: BatchWindow
    var isNew = false
    var isSummaryChanged = false
    /// The metadata as a plan left it, while its frame is not yet in the log.
    var metadata: RecordingMetadata?

    init(row: RecordingRow, summary: SummarySlot, batches: BatchWindow = BatchWindow()) {
        self.row = row
        self.summary = summary
        self.batches = batches
    }

    /// The ordinal the next event gets.
    var nextOrdinal: UInt64 { row.eventCount }
}

/// How frames become rows; the one place, so that the index rebuilt from the log equals the one that grew with it.
/// Frames are folded in order of their LSN.
extension RecordingState {
    /// Takes in a metadata frame.
    mutating func fold(
        _ metadata: RecordingMetadata, _ entry: FrameEntry, segment: UInt64, digests: StoreDigests
    ) {
        row.lsn = max(row.lsn, entry.lsn)
        row.createdMicroseconds = metadata.createdMicroseconds
        row.lastReceivedMicroseconds = max(row.lastReceivedMicroseconds, metadata.createdMicroseconds)
        row.metadataSegment = UInt32(truncatingIfNeeded: segment)
        row.metadataOffsetBytes = UInt32(truncatingIfNeeded: entry.offsetBytes)
        row.user = digests.filter(.user, metadata.user)
        row.session = digests.filter(.session, metadata.session)
        row.project = digests.filter(.project, metadata.project)
        row.ticket = digests.filter(.ticket, metadata.ticket)
        row.activity = digests.filter(.activity, metadata.activity)
        row.brand = digests.filter(.brand, metadata.brand)
        row.window = digests.filter(.window, metadata.window)
        let tags = metadata.tags.map { digests.filter(.tag, $0) }
        let padded = tags + Array(repeating: 0, count: RecordingRow.tagHashCount)
        row.tags = (padded[0], padded[1], padded[2], padded[3])
        row.flags = .present
        if metadata.isPinned { row.flags.insert(.pinned) }
        if tags.count > RecordingRow.tagHashCount { row.flags.insert(.moreTags) }
        if let end = metadata.end {
            row.status = end.reason.isFinal ? .ended : .idle
            row.endedMicroseconds = end.atMicroseconds
            row.successor = end.successor?.number ?? 0
        } else {
            row.status = .recording
            row.endedMicroseconds = 0
            row.successor = 0
        }
        if row.viewportWidth == 0, row.viewportHeight == 0 {
            row.viewportWidth = metadata.viewportWidth
            row.viewportHeight = metadata.viewportHeight
        }
    }

    /// Takes in a frame of events.
    ///
    /// - Parameter summary: the counters of exactly this frame's events.
    mutating func fold(_ events: EventSummary, _ entry: FrameEntry, digests: StoreDigests) {
        row.lsn = max(row.lsn, entry.lsn)
        row.lastReceivedMicroseconds = max(row.lastReceivedMicroseconds, entry.receivedMicroseconds)
        if row.status == .idle {
            row.status = .recording
            row.endedMicroseconds = 0
        }
        // Ordinals are never given twice: events in frames that cannot be read any more keep theirs.
        row.eventCount = max(row.eventCount, entry.endOrdinal)
        // With the join before each frame the sum does not depend on how the events are cut into frames.
        row.rawSizeBytes += UInt64(entry.rawSizeBytes) + 2
        row.storedSizeBytes += entry.strideBytes
        row.frameCount += 1
        row.generation = max(row.generation, entry.generation)
        row.types |= events.types
        row.sources |= events.sources
        row.content.formUnion(events.content)
        row.leastTimestampMicroseconds = min(row.leastTimestampMicroseconds, events.leastTimestampMicroseconds)
        row.greatestTimestampMicroseconds = max(
            row.greatestTimestampMicroseconds, events.greatestTimestampMicroseconds)
        row.clicks.add(events.clicks)
        row.inputs.add(events.inputs)
        row.pages.add(events.pages)
        row.consoleErrors.add(events.consoleErrors)
        row.requests.add(events.requests)
        row.failedRequests.add(events.failedRequests)
        if row.lastActiveMicroseconds != .min, let first = events.firstActiveMicroseconds {
            row.activeMicroseconds += EventSummary.activeGap(from: row.lastActiveMicroseconds, to: first)
        }
        row.activeMicroseconds += events.activeMicroseconds
        row.lastActiveMicroseconds = events.lastActiveMicroseconds ?? row.lastActiveMicroseconds
        if events.viewportWidth != 0 || events.viewportHeight != 0 {
            row.viewportWidth = events.viewportWidth
            row.viewportHeight = events.viewportHeight
        }
        if !events.urls.isEmpty { fold(urls: events.urls, at: entry.lsn, digests: digests) }
    }

    /// Counts the events of a frame that cannot be read: the next event must not get an ordinal of theirs.
    mutating func keepOrdinals(of entry: FrameEntry) { row.eventCount = max(row.eventCount, entry.endOrdinal) }

    /// Takes in that events were given up.
    mutating func fold(loss entry: FrameEntry) {
        row.lsn = max(row.lsn, entry.lsn)
        row.lostEventCount += UInt64(entry.eventCount)
        keepOrdinals(of: entry)
    }

    private mutating func fold(urls: [String], at lsn: UInt64, digests: StoreDigests) {
        isSummaryChanged = true
        summary.lsn = lsn
        row.summaryLSN = lsn
        if summary.firstURL.isEmpty, let first = urls.first { summary.firstURL = SummarySlot.cut(first) }
        if let last = urls.last { summary.lastURL = SummarySlot.cut(last) }
        for url in urls {
            for word in URLWords.words(of: url) {
                let hash = digests.filter(.urlWord, word)
                row.urlWords |= URLWords.bloomBits(hash)
                if summary.words.contains(hash) { continue }
                if summary.words.count < SummarySlot.wordCountMax {
                    summary.words.append(hash)
                } else {
                    summary.hasMoreWords = true
                }
            }
        }
    }

    /// What stays of an erased recording.
    static func erased(_ tombstone: Tombstone) -> RecordingState {
        var row = RecordingRow(number: tombstone.recording, id: tombstone.id)
        row.status = .erased
        row.endedMicroseconds = tombstone.erasedMicroseconds
        row.lsn = tombstone.lsn
        row.summaryLSN = tombstone.lsn
        var summary = SummarySlot(number: tombstone.recording)
        summary.lsn = tombstone.lsn
        var state = RecordingState(row: row, summary: summary)
        state.isSummaryChanged = true
        return state
    }
}

extension UInt32 {
    /// Adds and stays at the greatest value rather than wrap.
    fileprivate mutating func add(_ count: UInt64) {
        self = UInt32(clamping: UInt64(self) + count)
    }
}
