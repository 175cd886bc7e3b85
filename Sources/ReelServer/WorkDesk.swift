import ReelSystem

/// Takes one long work of a kind at a time, on a thread of its own: it waits for the disk, and workers must not.
final class WorkDesk: Sendable {
    private struct State {
        var isBusy = false
        /// Of the current work, or of the one before: its end is not waited for until the next begins.
        var thread: Thread?
    }

    private let name: String
    private let state = Monitor(State())

    /// - Parameter name: of its threads, at most 15 bytes.
    init(_ name: String) { self.name = name }

    /// - Returns: false where another one is at work; `work` then never runs.
    func begin(_ work: @escaping @Sendable () -> Void) -> Bool {
        state.withLock { state in
            guard !state.isBusy else { return false }
            state.isBusy = true
            state.thread?.join()
            state.thread = Thread(name) { [self] in
                work()
                self.state.withLock { $0.isBusy = false }
            }
            return true
        }
    }

    /// Waits for the work's end; to be called once, when no request can come any more.
    func close() { state.withLock { $0.thread }?.join() }
}
