import ReelSystem

/// What waits for the writer's thread: bounded by count and bytes, taken in order, many at a time.
final class WriteQueue: Sendable {
    private struct State {
        var waiting: [Operation] = []
        var sizeBytes = 0
        var isClosed = false
    }

    private let state = Monitor(State())
    private let countMax: Int
    private let sizeMaxBytes: Int

    init(countMax: Int, sizeMaxBytes: Int) {
        self.countMax = countMax
        self.sizeMaxBytes = sizeMaxBytes
    }

    /// Adds an operation.
    ///
    /// - Throws: `.queueFull` or `.closing`; the operation's completion is then not called.
    func submit(_ operation: Operation) throws(StoreError) {
        let refusal: StoreError? = state.signal { state in
            if state.isClosed { return .closing }
            // The store's own work (rotation, leases, compaction) is little and must not starve.
            if operation.isExternal {
                let size = state.sizeBytes + operation.sizeBytes
                // One operation larger than the bound passes an empty queue.
                let isFull = state.waiting.count >= countMax || (size > sizeMaxBytes && !state.waiting.isEmpty)
                if isFull { return .queueFull }
            }
            state.sizeBytes += operation.sizeBytes
            state.waiting.append(operation)
            return nil
        }
        if let refusal { throw refusal }
    }

    /// Waits for work and takes all of it; nil once the queue is closed and empty.
    ///
    /// - Parameter timeoutMilliseconds: after it an empty list is returned.
    func take(timeoutMilliseconds: Int?) -> [Operation]? {
        let taken: [Operation]?? = state.wait(timeoutMilliseconds: timeoutMilliseconds) { state in
            if state.waiting.isEmpty { return state.isClosed ? .some(nil) : nil }
            defer {
                state.waiting = []
                state.sizeBytes = 0
            }
            return state.waiting
        }
        return taken ?? []
    }

    /// Lets what waits be written and refuses what comes later.
    func close() { state.broadcast { $0.isClosed = true } }

    /// Operations waiting now.
    var depth: Int { state.withLock { $0.waiting.count } }
}
