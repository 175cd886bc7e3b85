import ReelCodec
import ReelFormat
import ReelSystem

/// What became of one recording that was to be erased.
package struct Erasing: Sendable {
    package var recording: UInt64
    package var result: Result<Tombstone, StoreError>
    /// It was erased before; the tombstone is the first one.
    package var isRepeat = false
}

extension Store {
    /// Operations on their way to the writer at a time: enough for large commits, and room left for others in the queue.
    private static let erasingCountMax = 1_024

    /// Erases many recordings, in few commits, and waits for the last. For a thread of its own.
    ///
    /// - Returns: what became of each, in their order.
    package func erase(_ recordings: [UInt64], overridingHold: Bool = false) -> [Erasing] {
        var done: [Erasing] = []
        done.reserveCapacity(recordings.count)
        while done.count < recordings.count {
            let next = recordings[done.count...].prefix(Store.erasingCountMax)
            let answered = eraseTogether(Array(next), overridingHold: overridingHold)
            done += answered
            // Where others fill the queue, the writer is let through it first.
            if answered.isEmpty { try? context.wait { .sync($0) } }
        }
        return done
    }

    /// - Returns: of the first ones, as many as the queue had room for.
    private func eraseTogether(_ recordings: [UInt64], overridingHold: Bool) -> [Erasing] {
        let wereErased = context.view.state.withLock { view in recordings.map { view.tombstones[$0] != nil } }
        let answers = Monitor<(count: Int, results: [Result<Tombstone, StoreError>?])>(
            (0, Array(repeating: nil, count: recordings.count)))
        var taken = 0
        for (index, number) in recordings.enumerated() {
            let complete: @Sendable (Result<Tombstone, StoreError>) -> Void = { result in
                answers.broadcast { answers in
                    answers.results[index] = result
                    answers.count += 1
                }
            }
            do { try erase(number, overridingHold: overridingHold, complete) } catch {
                if case .queueFull = error { break }
                complete(.failure(error))
            }
            taken += 1
        }
        let results = answers.wait { [taken] in $0.count == taken ? $0.results : nil } ?? []
        return (0..<taken).map { index in
            Erasing(
                recording: recordings[index], result: results[index] ?? .failure(.closing), isRepeat: wereErased[index])
        }
    }

    /// Whether a tombstone tells of it.
    package func isErased(_ recording: UInt64) -> Bool { context.view.tombstone(of: recording) != nil }

    /// The recordings that were erased in a time, newest number first, as long as their tombstones are kept.
    ///
    /// - Parameters:
    ///   - times: microseconds since 1970.
    ///   - below: only smaller numbers.
    package func erasedRecordings(in times: ClosedRange<Int64>, below: UInt64?) -> [UInt64] {
        let tombstones = context.view.state.withLock { $0.tombstones }
        return tombstones.values.filter { times.contains($0.erasedMicroseconds) && $0.recording < below ?? .max }
            .map(\.recording).sorted(by: >)
    }

    // MARK: Ledgers

    /// Erases what a ledger says had been erased, in a store that is older than it.
    ///
    /// - Parameter path: absolute; read through the store's file system.
    /// - Returns: the numbers that were erased by it.
    @discardableResult
    package func applyLedger(_ path: String) throws(LedgerError) -> [UInt64] {
        let text = LedgerText(decoding: try read(ledger: path))
        if let line = text.damagedLines.first {
            throw .damaged(path: path, line: line, count: text.damagedLines.count)
        }
        if let foreign = text.lines.first(where: { $0.store != context.identity.store }) {
            throw .foreign(path: path, store: foreign.store, own: context.identity.store)
        }
        let erased = try apply(text.lines.filter(isLive))
        do { try context.ledger.adopt(text.lines) } catch { throw .system(error) }
        if !erased.isEmpty { context.note(.ledgerApplied(path: path, erased: erased)) }
        return erased
    }

    /// Its own ledger tells of erasures that the log does not know: the log is an older copy that was put back.
    func applyOwn(_ lines: [LedgerLine]) {
        let live = lines.filter(isLive)
        guard !live.isEmpty else { return }
        // What could not be erased now is tried at the next opening again, and told by the writer's own failure.
        let erased = (try? apply(live)) ?? []
        if !erased.isEmpty { context.note(.ledgerApplied(path: context.paths.ledger, erased: erased)) }
    }

    private func read(ledger path: String) throws(LedgerError) -> [UInt8] {
        do {
            let file = try context.fileSystem.open(path, .readOnly)
            return try file.read(Int(clamping: try file.sizeBytes()), at: 0)
        } catch {
            throw .system(error)
        }
    }

    /// Whether the very recording is here, and not erased.
    private func isLive(_ line: LedgerLine) -> Bool {
        let number = line.tombstone.recording
        guard context.view.tombstone(of: number) == nil, let row = try? context.committedRow(number) else {
            return false
        }
        return row.status != .erased && row.id == line.tombstone.id
    }

    private func apply(_ lines: [LedgerLine]) throws(LedgerError) -> [UInt64] {
        // A pin set before the erasing must not bring the recording back.
        var erased: [UInt64] = []
        for erasing in erase(lines.map(\.tombstone.recording), overridingHold: true) {
            switch erasing.result {
            case .success: erased.append(erasing.recording)
            case .failure(let error): throw .notErased(recording: erasing.recording, error)
            }
        }
        return erased
    }
}

/// Why a ledger of erasures could not be applied. Nothing is to be served then.
package enum LedgerError: Error, Sendable {
    case system(SystemError)
    /// - Parameter line: the first one, from 1.
    case damaged(path: String, line: Int, count: Int)
    case foreign(path: String, store: StoreID, own: StoreID)
    case notErased(recording: UInt64, StoreError)
}
