import ReelFormat
import ReelSystem

/// Destroys the keys of erased recordings, once their tombstones are durable and before anybody is told that they are
/// erased. A thread of its own: thousands of recordings in hundreds of pages take seconds of syncs, which ingest must not
/// wait for.
final class EraserThread: Sendable {
    /// An erased recording, and who waits.
    struct Erasure: Sendable {
        var tombstone: Tombstone
        var completion: @Sendable (Result<Tombstone, StoreError>) -> Void
    }

    private struct State {
        var waiting: [Erasure] = []
        var isAtWork = false
        var isStopped = false
    }

    private let sealer: Sealer
    private let note: @Sendable (StoreEvent) -> Void
    private let state = Monitor(State())
    private let thread: Monitor<Thread?> = Monitor(nil)

    init(_ sealer: Sealer, note: @escaping @Sendable (StoreEvent) -> Void) {
        self.sealer = sealer
        self.note = note
    }

    func start() {
        guard let keyring = sealer.keyring else { return }
        let thread = Thread("reel-erase") { [self] in
            while let erasures = take() {
                destroy(erasures, in: keyring)
                state.broadcast { $0.isAtWork = false }
            }
        }
        self.thread.withLock { $0 = thread }
    }

    /// Waits until the keys of all that was submitted by now are destroyed, or could not be.
    func settle() {
        guard sealer.keyring != nil else { return }
        state.wait { $0.waiting.isEmpty && !$0.isAtWork ? () : nil }
    }

    /// Ends once everything that waits is done.
    func stop() {
        state.broadcast { $0.isStopped = true }
        thread.withLock { $0 }?.join()
    }

    /// Takes over erasures whose tombstones are durable. In a store without encryption nothing is left to be done.
    func submit(_ erasures: [Erasure]) {
        guard !erasures.isEmpty else { return }
        guard let keyring = sealer.keyring else {
            return erasures.forEach { $0.completion(.success($0.tombstone)) }
        }
        // At once: what is durably erased is given out no more.
        keyring.withhold(erasures.map(\.tombstone))
        state.broadcast { $0.waiting += erasures }
    }

    private func take() -> [Erasure]? {
        let taken: [Erasure]?? = state.wait { state in
            if state.waiting.isEmpty { return state.isStopped ? .some(nil) : nil }
            defer { state.waiting = [] }
            state.isAtWork = true
            return state.waiting
        }
        return taken ?? nil
    }

    private func destroy(_ erasures: [Erasure], in keyring: Keyring) {
        do throws(SystemError) {
            try keyring.destroy(erasures.map(\.tombstone))
        } catch {
            note(.keyringFailed(error))
            return erasures.forEach { $0.completion(.failure(.eraseIncomplete(error))) }
        }
        sealer.forgetKeys()
        for erasure in erasures { erasure.completion(.success(erasure.tombstone)) }
    }
}
