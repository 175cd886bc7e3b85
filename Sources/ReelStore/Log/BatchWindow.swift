import ReelFormat

/// The batches a recording remembers: for each writer those whose numbers lie less than 1,024 below its greatest.
struct BatchWindow: Sendable {
    static let size: UInt64 = 1024

    enum Lookup: Sendable, Equatable {
        case new
        case known(BatchRecord)
        /// Below the window: whether it was ever there is no longer known.
        case tooOld(oldestRemembered: UInt64)
    }

    /// Ascending batch numbers; nearly always a batch goes to the end.
    private var writers: [UInt64: [BatchRecord]] = [:]
    private(set) var count = 0

    func lookup(writer: UInt64, batch: UInt64) -> Lookup {
        guard let records = writers[writer], let last = records.last else { return .new }
        if batch > last.batch { return .new }
        guard last.batch - batch < BatchWindow.size else {
            return .tooOld(oldestRemembered: last.batch - BatchWindow.size + 1)
        }
        let index = records.firstIndex(notBelow: batch)
        return index < records.count && records[index].batch == batch ? .known(records[index]) : .new
    }

    mutating func insert(_ record: BatchRecord) {
        var records = writers.removeValue(forKey: record.writer) ?? []
        count -= records.count
        records.insert(record, at: records.firstIndex(notBelow: record.batch))
        if let last = records.last, last.batch >= BatchWindow.size {
            let oldest = last.batch - BatchWindow.size + 1
            records.removeFirst(records.firstIndex(notBelow: oldest))
        }
        count += records.count
        writers[record.writer] = records
    }

    /// Whether a merged chunk must still carry the record.
    func remembers(_ record: BatchRecord) -> Bool {
        lookup(writer: record.writer, batch: record.batch) == .known(record)
    }
}

extension [BatchRecord] {
    /// The index of the first record whose batch number is not below `batch`.
    fileprivate func firstIndex(notBelow batch: UInt64) -> Int {
        if let last, last.batch < batch { return count }
        var low = 0
        var high = count
        while low < high {
            let middle = (low + high) / 2
            if self[middle].batch < batch { low = middle + 1 } else { high = middle }
        }
        return low
    }
}
