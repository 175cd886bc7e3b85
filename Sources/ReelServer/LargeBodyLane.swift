import ReelSystem

/// Lets one large body at a time be worked on, whatever the number of workers.
///
/// Beside its text a body in work needs its structure, the places of its events and their copy: of the worst bodies
/// five times the text. The memory budget has room for such bodies as they are received; if every worker made one into
/// a batch at once, the process would grow by that for each. Small bodies go on beside it.
final class LargeBodyLane: Sendable {
    private struct State {
        /// In order. A connection has one request in work, so there are never more than connections.
        var waiting: [WorkerPool.Job] = []
        var isBusy = false
    }

    private let state = Monitor(State())
    private let workers: WorkerPool

    init(_ workers: WorkerPool) { self.workers = workers }

    /// Queues a job; false when the pool does not take it, and then it never runs.
    func submit(_ job: @escaping WorkerPool.Job) -> Bool {
        let isFirst = state.withLock { state in
            if state.isBusy { state.waiting.append(job) }
            defer { state.isBusy = true }
            return !state.isBusy
        }
        guard isFirst else { return true }
        if workers.submit({ self.run(job) }) { return true }
        // Others may have come behind this one meanwhile, and were told that they are taken.
        finish()
        return false
    }

    private func run(_ job: WorkerPool.Job) {
        job()
        finish()
    }

    /// Lets the next one go, behind what waits for the workers already. A pool that stops takes no more: then it runs here.
    private func finish() {
        while let next = takeNext() {
            if workers.submit({ self.run(next) }) { return }
            next()
        }
    }

    private func takeNext() -> WorkerPool.Job? {
        state.withLock { state in
            guard !state.waiting.isEmpty else {
                state.isBusy = false
                return nil
            }
            return state.waiting.removeFirst()
        }
    }
}
