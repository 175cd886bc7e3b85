import ReelSystem

/// Takes one long work of a kind at a time, on a thread of its own: it waits for the disk, and workers must not.
final class WorkDesk: Sendable {
    private struct State {
        var isBusy = false
        /// Of the current work: one that has left says nothing of the next.
        var number = 0
        /// Of the current work, or of the one before: the next one waits for its end.
        var thread: Thread?
        /// Lets the current work, or the waiting for it, end early.
        var stop: (@Sendable () -> Void)?
    }

    private let name: String
    private let state = Monitor(State())

    /// - Parameter name: of its threads, at most 15 bytes.
    init(_ name: String) { self.name = name }

    /// - Parameters:
    ///   - stop: called where the server closes before the work is done.
    ///   - work: given what makes room for the next work, to be called before the answer: whoever has that may ask again at
    ///     once.
    /// - Returns: false where another one is at work; `work` then never runs.
    func begin(
        stop: @escaping @Sendable () -> Void = {},
        _ work: @escaping @Sendable (_ leave: @escaping @Sendable () -> Void) -> Void
    ) -> Bool {
        state.withLock { state in
            guard !state.isBusy else { return false }
            state.isBusy = true
            state.number += 1
            state.stop = stop
            let last = state.thread
            let number = state.number
            let leave: @Sendable () -> Void = { [self] in
                self.state.withLock { if $0.number == number { $0.isBusy = false } }
            }
            state.thread = Thread(name) {
                last?.join()
                work(leave)
                leave()
            }
            return true
        }
    }

    /// Waits for the work's end, or ends the waiting for it; to be called once, when no request can come any more.
    func close() {
        let (thread, stop) = state.withLock { ($0.thread, $0.stop) }
        stop?()
        thread?.join()
    }
}
