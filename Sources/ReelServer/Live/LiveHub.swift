import ReelSystem

/// Who watches which recording. A change wakes its viewers; what they then get they read from the log, so there is no
/// queue that could grow, and nothing between what was there and what came that could be lost or sent twice.
final class LiveHub: Sendable {
    /// Weak: a stream lives with its connection, also when that was gone before the answer began.
    private struct Viewer {
        weak var stream: LiveStream?
    }

    private struct Watched {
        var viewers: [ObjectIdentifier: Viewer] = [:]
        /// Counts what changed.
        var changes: UInt64 = 0
        /// What one viewer made of the newest change, for the others who want the same.
        var piece: LivePiece?

        var streams: [LiveStream] { viewers.values.compactMap(\.stream) }
    }

    private struct State {
        var recordings: [UInt64: Watched] = [:]
        var isStopped = false

        var streams: [LiveStream] { recordings.values.flatMap(\.streams) }
    }

    private let state = Monitor(State())
    private let thread = Monitor<Thread?>(nil)

    /// How often a silent stream says that it lives, and looks whether the recording ended by itself, as when its lease
    /// runs out. Below what proxies and the server itself take for dead.
    private static let heartbeatMilliseconds = 15_000

    /// Watches as long as the stream lives.
    func join(_ stream: LiveStream) {
        let viewer = Viewer(stream: stream)
        state.withLock { $0.recordings[stream.number, default: Watched()].viewers[ObjectIdentifier(stream)] = viewer }
        startThread()
    }

    /// A stream is over.
    func leave(_ id: ObjectIdentifier, _ number: UInt64) {
        state.withLock { state in
            state.recordings[number]?.viewers[id] = nil
            if state.recordings[number]?.viewers.isEmpty == true { state.recordings[number] = nil }
        }
    }

    /// A recording changed, durably. Called on the store's writer's thread; does not block.
    func touch(_ number: UInt64) {
        let streams = state.withLock { state in
            state.recordings[number]?.changes += 1
            state.recordings[number]?.piece = nil
            return state.recordings[number]?.streams ?? []
        }
        for stream in streams { stream.wake() }
    }

    /// Viewers now.
    var viewerCount: Int { state.withLock { $0.recordings.values.reduce(0) { $0 + $1.viewers.count } } }

    /// Ends every stream, after its last whole message: the server stops.
    func stop() {
        let streams = state.broadcast { state in
            state.isStopped = true
            return state.streams
        }
        for stream in streams { stream.wake() }
        thread.withLock { thread in
            defer { thread = nil }
            return thread
        }?.join()
    }

    // MARK: Pieces that many want

    /// What a viewer gets that has everything before an ordinal, if another made it already.
    func piece(of number: UInt64, first: UInt64) -> LivePiece? {
        state.withLock { state in
            guard let piece = state.recordings[number]?.piece, piece.ordinals.lowerBound == first else { return nil }
            return piece
        }
    }

    func changes(of number: UInt64) -> UInt64 { state.withLock { $0.recordings[number]?.changes ?? 0 } }

    /// Keeps a piece for the others. Not if the recording changed since before it was read: it may have been erased.
    func keep(_ piece: LivePiece, of number: UInt64, asOf changes: UInt64) {
        state.withLock { state in
            if state.recordings[number]?.changes == changes { state.recordings[number]?.piece = piece }
        }
    }

    // MARK: Heartbeats

    /// Runs from the first viewer on, so that a daemon nobody watches does not wake for it.
    private func startThread() {
        thread.withLock { thread in
            guard thread == nil, !state.withLock({ $0.isStopped }) else { return }
            thread = Thread("live") { [state] in LiveHub.beat(state) }
        }
    }

    private static func beat(_ state: Monitor<State>) {
        while true {
            let isStopped: Bool? = state.wait(timeoutMilliseconds: heartbeatMilliseconds) { $0.isStopped ? true : nil }
            if isStopped == true { return }
            for stream in state.withLock({ $0.streams }) { stream.beat() }
        }
    }
}

/// Messages of a run of events, as they go out to everybody who has all before them.
struct LivePiece: Sendable {
    let ordinals: Range<UInt64>
    let bytes: [UInt8]
}
