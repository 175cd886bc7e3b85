import ReelSystem

/// Who watches one thing.
final class LiveAudience: Sendable {
    /// Weak: a stream lives with its connection, also when that was gone before the answer began.
    private struct Viewer {
        weak var stream: LiveStream?
    }

    private struct State {
        var viewers: [ObjectIdentifier: Viewer] = [:]
        var isWaking = false
    }

    private let state = Monitor(State())
    private let workers: WorkerPool

    init(_ workers: WorkerPool) { self.workers = workers }

    func join(_ stream: LiveStream) {
        let viewer = Viewer(stream: stream)
        state.withLock { $0.viewers[ObjectIdentifier(stream)] = viewer }
    }

    /// - Returns: whether nobody is left.
    func leave(_ id: ObjectIdentifier) -> Bool {
        state.withLock { state in
            state.viewers[id] = nil
            return state.viewers.isEmpty
        }
    }

    var count: Int { state.withLock { $0.viewers.count } }

    var streams: [LiveStream] { state.withLock { $0.viewers.values.compactMap(\.stream) } }

    /// There is something new: a worker gives it to all who wait, one after the other, so that the first one's reading
    /// is everybody's. Called on the store's writer's thread; does not block.
    func wake() {
        let isFirst = state.withLock { state in
            defer { state.isWaking = true }
            return !state.isWaking
        }
        guard isFirst else { return }
        let isTaken = workers.submit { [self] in
            // From here on what changes wakes again.
            state.withLock { $0.isWaking = false }
            for stream in streams { stream.wake() }
        }
        // The heartbeat will look.
        if !isTaken { state.withLock { $0.isWaking = false } }
    }
}
