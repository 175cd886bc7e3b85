import ReelCodec
import ReelFormat

/// The states of recordings written lately, so that an append need not read the index again. Bounded by the batch
/// records it holds: what falls out is read back when it is needed.
final class StateCache {
    private static let recordMax = 262_144
    private static let stateMax = 16_384

    private let context: StoreContext
    private var states: [UInt64: (state: RecordingState, usedAt: UInt64)] = [:]
    private var recordCount = 0
    private var now: UInt64 = 0

    init(_ context: StoreContext) { self.context = context }

    /// Gives the committed state of a recording away: a plan changes it in place, `keep` brings it back. Where the
    /// commit fails it is not brought back, and read from the index when it is needed next.
    ///
    /// - Throws: `.unknownRecording`, or what reading its frames met.
    func take(_ number: UInt64) throws(StoreError) -> RecordingState {
        if let hit = states[number] {
            forget(number)
            return hit.state
        }
        var state = try context.committedState(number)
        let row = state.row
        if row.status != .erased { state.batches = try batches(of: number) }
        return state
    }

    /// Gives away what is in memory; nothing is read.
    func takeIfThere(_ number: UInt64) -> RecordingState? {
        defer { forget(number) }
        return states[number]?.state
    }

    /// Takes over a state that has been committed.
    func keep(_ state: RecordingState) {
        now += 1
        var state = state
        state.isNew = false
        state.isSummaryChanged = false
        state.metadata = nil
        forget(state.row.number)
        states[state.row.number] = (state, now)
        recordCount += state.batches.count
        if recordCount > StateCache.recordMax || states.count > StateCache.stateMax { evict() }
    }

    func forget(_ number: UInt64) {
        if let old = states.removeValue(forKey: number) { recordCount -= old.state.batches.count }
    }

    /// Drops the half that was not used for longest.
    private func evict() {
        let byAge = states.sorted { $0.value.usedAt < $1.value.usedAt }
        for (number, _) in byAge.prefix(states.count / 2) { forget(number) }
    }

    private func batches(of number: UInt64) throws(StoreError) -> BatchWindow {
        var window = BatchWindow()
        for frame in try context.view.frames(of: number) where frame.entry.kind == .events || frame.entry.kind == .loss
        {
            for record in try readableBatches(of: frame) { window.insert(record) }
        }
        return window
    }

    /// A chunk whose table of batches cannot be read costs the memory of its batches, and not what comes after it: one
    /// of them sent again is stored again, as its events are lost.
    private func readableBatches(of frame: LocatedFrame) throws(StoreError) -> [BatchRecord] {
        do {
            return try frame.batchRecords()
        } catch {
            switch error {
            case .damaged(let damage): context.note(.damage(damage))
            case .archiveOffline: context.note(.damage(frame.segment.corruption(frame.entry.offsetBytes, .digest)))
            default: throw error
            }
            return []
        }
    }
}

extension LocatedFrame {
    /// The numbered batches in a frame of events.
    func batchRecords() throws(StoreError) -> [BatchRecord] {
        if entry.prefixSizeBytes > 0 {
            let prefix: [UInt8]
            if let digest = try segment.digest(entry) { prefix = digest.prefix } else { prefix = try read().prefix }
            do { return try BatchTable.decode(prefix) } catch {
                throw .damaged(segment.corruption(entry.offsetBytes, .payload))
            }
        }
        guard entry.writer != 0 else { return [] }
        return [
            BatchRecord(
                writer: entry.writer, batch: entry.batch, bodyHash: entry.bodyHash, firstOrdinal: entry.firstOrdinal,
                eventCount: entry.eventCount)
        ]
    }
}
