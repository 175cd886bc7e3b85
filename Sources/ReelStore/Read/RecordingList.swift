import ReelCodec
import ReelFormat

/// Walks the rows from new to old and picks what a query asks for.
struct RecordingList {
    /// Rows looked at in one go: few at first, as most pages are full soon, then twice as many each time.
    private static let blockCounts: ClosedRange<UInt64> = 256...16_384
    /// A page is given out as it is after this long, so that no query holds a worker for long.
    private static let timeMaxMicroseconds: Int64 = 30_000

    private let context: StoreContext

    init(_ context: StoreContext) { self.context = context }

    /// - Parameters:
    ///   - below: only numbers below this one; nil begins with the newest.
    ///   - limit: recordings a page.
    func page(_ query: RecordingQuery, below: UInt64?, limit: Int) -> RecordingPage {
        let started = context.clock.uptimeMicroseconds
        let filter = RowFilter(query, digests: context.digests)
        let search = TextSearch(query.text)
        let bounds = numbers(query, below: below)
        var page = RecordingPage()
        var end = bounds.upperBound
        var blockCount = RecordingList.blockCounts.lowerBound
        while end > bounds.lowerBound {
            let start = end - min(blockCount, end - bounds.lowerBound)
            blockCount = min(2 * blockCount, RecordingList.blockCounts.upperBound)
            for number in candidates(start..<end, filter) {
                if page.recordings.count == limit {
                    page.next = number + 1
                    return page
                }
                add(number, query, filter, search, to: &page)
                if context.clock.uptimeMicroseconds - started > RecordingList.timeMaxMicroseconds,
                    number > bounds.lowerBound
                {
                    page.next = number
                    page.isComplete = false
                    return page
                }
            }
            end = start
        }
        return page
    }

    /// Those of some recordings that the query asks for.
    func page(_ query: RecordingQuery, among numbers: [UInt64]) -> RecordingPage {
        let filter = RowFilter(query, digests: context.digests)
        let search = TextSearch(query.text)
        let next = context.view.nextRecording
        var page = RecordingPage()
        for number in numbers where number < next {
            add(number, query, filter, search, isPicked: false, to: &page)
        }
        return page
    }

    /// The numbers within the query's times: recordings are numbered in the order of their beginning.
    private func numbers(_ query: RecordingQuery, below: UInt64?) -> Range<UInt64> {
        let next = context.view.nextRecording
        let end = min(below ?? next, next)
        guard end > 1 else { return 1..<1 }
        var range = 1..<end
        guard !context.index.hasFaulted else { return range }
        if let until = query.untilMicroseconds {
            range = 1..<max(1, firstNumber(in: range) { $0 > until })
        }
        if let since = query.sinceMicroseconds {
            let first = firstNumber(in: range) { $0 >= since }
            range = min(first, range.upperBound)..<range.upperBound
        }
        return range
    }

    /// The first number whose beginning satisfies a condition that holds for all later ones too.
    private func firstNumber(in range: Range<UInt64>, _ holds: (Int64) -> Bool) -> UInt64 {
        var low = range.lowerBound
        var high = range.upperBound
        while low < high {
            let middle = low + (high - low) / 2
            // A number that was never given out (a failed start) says nothing: ask its neighbour below.
            var probe = middle
            var created: Int64?
            while created == nil, probe >= low {
                if let row = context.index.row(probe), row.createdMicroseconds > 0 { created = row.createdMicroseconds }
                if probe == 0 { break }
                probe -= 1
            }
            if let created, holds(created) { high = middle } else { low = middle + 1 }
        }
        return low
    }

    /// Numbers whose rows pass, newest first.
    private func candidates(_ numbers: Range<UInt64>, _ filter: RowFilter) -> [UInt64] {
        let found = candidatesByRow(numbers, filter)
        let damaged = context.damagedRows.withLock { $0.keys.filter(numbers.contains) }
        // Their rows say nothing: `add` asks what they should be.
        return damaged.isEmpty ? found : Set(found).union(damaged).sorted(by: >)
    }

    private func candidatesByRow(_ numbers: Range<UInt64>, _ filter: RowFilter) -> [UInt64] {
        guard context.index.hasRoom(for: numbers.upperBound - 1) else { return [] }
        let found = context.index.withRows(numbers) { span in
            var found: [UInt64] = []
            var base = span.byteCount - RecordingRow.sizeBytes
            var number = numbers.upperBound - 1
            while base >= 0 {
                if filter.passes(span, at: base) { found.append(number) }
                base -= RecordingRow.sizeBytes
                number -= 1
            }
            return found
        }
        // Rows that are gone pass no filter: each recording is looked at as the log has it.
        return context.index.hasFaulted ? numbers.reversed() : found
    }

    /// Reads a candidate and adds it where it really is what was asked for.
    ///
    /// - Parameter isPicked: whether the walk over the rows found it.
    private func add(
        _ number: UInt64, _ query: RecordingQuery, _ filter: RowFilter, _ search: TextSearch,
        isPicked: Bool = true, to page: inout RecordingPage
    ) {
        do {
            let state = try context.committedState(number)
            let isUnasked = context.damagedRows.withLock { $0[number] != nil }
            guard !isUnasked || filter.passes(state.row) else { return }
            if !isPicked || context.index.hasFaulted, !isWanted(state.row, query, filter) { return }
            if state.row.status == .erased {
                guard query.statuses.contains(.erased) else { return }
                page.recordings.append(
                    ListedRecording(row: state.row, summary: state.summary, metadata: RecordingMetadata()))
                return
            }
            let hasWords = filter.urlWords.allSatisfy { state.summary.words.contains($0) || state.summary.hasMoreWords }
            guard hasWords else { return }
            let metadata = try context.metadata(of: state.row)
            guard matches(metadata, state, query, search) else { return }
            page.recordings.append(ListedRecording(row: state.row, summary: state.summary, metadata: metadata))
        } catch StoreError.damaged(let damage) {
            page.damage.append(damage)
        } catch StoreError.system(let failure) {
            page.failures.append(failure)
        } catch {
            // Erased or moved while the list was made: it is no longer what the filter saw.
        }
    }

    /// What the walk over the rows would have found.
    private func isWanted(_ row: RecordingRow, _ query: RecordingQuery, _ filter: RowFilter) -> Bool {
        let bytes = row.encoded()
        return filter.passes(bytes.span.bytes, at: 0)
            && (query.sinceMicroseconds.map { row.createdMicroseconds >= $0 } ?? true)
            && (query.untilMicroseconds.map { row.createdMicroseconds <= $0 } ?? true)
    }

    private func matches(
        _ metadata: RecordingMetadata, _ state: RecordingState, _ query: RecordingQuery, _ search: TextSearch
    ) -> Bool {
        for equality in query.equalities {
            let holds =
                switch equality.field {
                case .user: metadata.user == equality.value
                case .session: metadata.session == equality.value
                case .project: metadata.project == equality.value
                case .ticket: metadata.ticket == equality.value
                case .activity: metadata.activity == equality.value
                case .brand: metadata.brand == equality.value
                case .window: metadata.window == equality.value
                case .tag: metadata.tags.contains(equality.value)
                case .urlWord: true
                }
            if !holds { return false }
        }
        guard !search.isEmpty else { return true }
        for field in RecordingMetadata.textFields
        where search.isContained(in: metadata[keyPath: field.path]) {
            return true
        }
        return metadata.tags.contains(where: search.isContained(in:))
            || search.isContained(in: state.summary.firstURL) || search.isContained(in: state.summary.lastURL)
    }
}
