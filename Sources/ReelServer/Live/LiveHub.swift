import ReelStore
import ReelSystem

/// Who watches what: recordings that go on, and the list of all.
final class LiveHub: Sendable {
    private struct State {
        var recordings: [UInt64: RecordingTopic] = [:]
        var isStopped = false
        /// The list has changes to tell.
        var isListDue = false
    }

    private enum Step { case stop, tellList }

    let list: ListTopic
    private let workers: WorkerPool
    private let clock: any Clock
    private let state = Monitor(State())
    private let thread = Monitor<Thread?>(nil)

    /// How often a silent stream says that it lives, and looks for itself. Below what proxies and the server itself take
    /// for dead.
    private static let heartbeatMilliseconds = 15_000
    /// Changes of recordings are told to lists at most so often: a thousand recordings that go on would otherwise be
    /// told of as often as each gets a batch.
    private static let listMilliseconds = 1_000

    init(_ workers: WorkerPool, _ clock: any Clock) {
        self.workers = workers
        self.clock = clock
        list = ListTopic(workers)
    }

    /// Has a stream watch a recording for as long as it lives.
    ///
    /// - Parameters:
    ///   - make: given what the recording's viewers share, and what the stream must call at its end.
    func watch(
        _ number: UInt64, make: (RecordingTopic, @escaping @Sendable (ObjectIdentifier) -> Void) -> LiveStream
    ) -> LiveStream {
        let stream = state.withLock { state in
            let topic = state.recordings[number] ?? RecordingTopic(number, workers)
            state.recordings[number] = topic
            let stream = make(topic) { [weak self] id in self?.leave(id, topic) }
            topic.audience.join(stream)
            return stream
        }
        startThread()
        return stream
    }

    /// Has a stream watch the list for as long as it lives.
    func watchList(make: (@escaping @Sendable (ObjectIdentifier) -> Void) -> LiveStream) -> LiveStream {
        let stream = make { [list] id in _ = list.audience.leave(id) }
        list.audience.join(stream)
        startThread()
        return stream
    }

    private func leave(_ id: ObjectIdentifier, _ topic: RecordingTopic) {
        state.withLock { state in
            if topic.audience.leave(id) { state.recordings[topic.number] = nil }
        }
    }

    /// Recordings changed, durably. Called on the store's writer's thread; does not block.
    func tell(of changes: CommittedChanges) {
        let now = clock.uptimeMicroseconds
        let (changed, gone) = state.withLock { state -> ([RecordingTopic], [RecordingTopic]) in
            guard !state.recordings.isEmpty else { return ([], []) }
            let gone = state.recordings.values.filter { topic in changes.gone.contains { $0.contains(topic.number) } }
            return (changes.changed.compactMap { state.recordings[$0] }, gone)
        }
        for topic in changed { topic.change(isGone: false, at: now) }
        for topic in gone { topic.change(isGone: true, at: now) }
        if list.note(changes) { state.broadcast { $0.isListDue = true } }
    }

    /// Viewers now: of recordings, and of the list.
    var viewerCounts: (recordings: Int, list: Int) {
        let topics = state.withLock { Array($0.recordings.values) }
        return (topics.reduce(0) { $0 + $1.audience.count }, list.audience.count)
    }

    /// Ends every stream, after its last whole message: the server stops.
    func stop() {
        state.broadcast { $0.isStopped = true }
        for stream in streams { stream.wake() }
        thread.withLock { thread in
            defer { thread = nil }
            return thread
        }?.join()
    }

    private var streams: [LiveStream] {
        state.withLock { Array($0.recordings.values) }.flatMap(\.audience.streams) + list.audience.streams
    }

    // MARK: Time

    /// Runs from the first viewer on, so that a daemon nobody watches does not wake for it.
    private func startThread() {
        thread.withLock { thread in
            guard thread == nil, !state.withLock({ $0.isStopped }) else { return }
            thread = Thread("live") { [weak self] in
                let clock = SystemClock()
                var nextBeat = clock.uptimeMicroseconds / 1_000 + Int64(LiveHub.heartbeatMilliseconds)
                while let state = self?.state {
                    let wait = max(0, nextBeat - clock.uptimeMicroseconds / 1_000)
                    let step: Step? = state.wait(timeoutMilliseconds: Int(wait)) { state in
                        if state.isStopped { return .stop }
                        defer { state.isListDue = false }
                        return state.isListDue ? .tellList : nil
                    }
                    if step == .stop { return }
                    if step == .tellList {
                        let hasMore = self?.list.tell() ?? false
                        state.withLock { if hasMore { $0.isListDue = true } }
                        // The next changes gather for a while.
                        let isOver: Bool? = state.wait(timeoutMilliseconds: LiveHub.listMilliseconds) {
                            $0.isStopped ? true : nil
                        }
                        if isOver == true { return }
                    }
                    guard clock.uptimeMicroseconds / 1_000 >= nextBeat else { continue }
                    nextBeat += Int64(LiveHub.heartbeatMilliseconds)
                    for stream in self?.streams ?? [] { stream.beat() }
                }
            }
        }
    }
}
