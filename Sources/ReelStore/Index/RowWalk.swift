import ReelFormat

extension StoreContext {
    private static let blockCount: UInt64 = 16_384

    /// Gives the row of every recording that is there, read from the index in one walk. Rows that do not say what the log says
    /// are left out.
    func eachRow(_ body: (RecordingRow) -> Void) {
        let next = view.nextRecording
        // Those are made anew first.
        let damaged = damagedRows.withLock { Set($0.keys) }
        guard next > 1, index.hasRoom(for: next - 1), !index.hasFaulted else { return }
        var first: UInt64 = 1
        while first < next {
            let end = min(first + StoreContext.blockCount, next)
            let rows = index.withRows(first..<end) { span in
                (0..<Int(end - first)).compactMap { index in
                    RecordingRow(
                        decoding: span.extracting(
                            index * RecordingRow.sizeBytes..<(index + 1) * RecordingRow.sizeBytes))
                }
            }
            for row in rows where row.status != .erased && !damaged.contains(row.number) { body(row) }
            first = end
        }
    }
}
