import ReelSystem

/// Threads of our own for what takes time: inflating, scanning, compressing, reading the disk. Event loops only move
/// bytes.
///
/// A connection has one request, or one piece of an answer, in work at a time, so a bound of the connections' number
/// is not met by them; it is there so that no mistake makes the queue grow without end.
final class WorkerPool: Sendable {
    typealias Job = @Sendable () -> Void

    private struct State {
        /// In order; those before `next` are taken.
        var waiting: [Job?] = []
        var next = 0
        var isStopped = false

        var depth: Int { waiting.count - next }

        mutating func take() -> Job? {
            guard next < waiting.count else { return nil }
            defer {
                waiting[next] = nil
                next += 1
                // Dropping the taken ones costs as much as they are many, so it is done when they are most.
                if next == waiting.count {
                    waiting.removeAll(keepingCapacity: true)
                    next = 0
                } else if next >= 1_024, next * 2 > waiting.count {
                    waiting.removeFirst(next)
                    next = 0
                }
            }
            return waiting[next]
        }
    }

    private let state = Monitor(State())
    private let waitingMax: Int
    private let threads = Monitor<[Thread]>([])

    /// Starts the threads.
    init(threadCount: Int, waitingMax: Int) {
        precondition(threadCount > 0 && waitingMax > 0)
        self.waitingMax = waitingMax
        let started = (0..<threadCount).map { index in
            Thread("worker-\(index)") { [state] in WorkerPool.run(state) }
        }
        threads.withLock { $0 = started }
    }

    /// Queues a job; false when the queue is full or the pool has stopped, and then the job never runs.
    func submit(_ job: @escaping Job) -> Bool {
        state.signal { state in
            guard !state.isStopped, state.depth < waitingMax else { return false }
            state.waiting.append(job)
            return true
        }
    }

    /// Jobs waiting now.
    var depth: Int { state.withLock { $0.depth } }

    /// Runs what waits, ends the threads and waits for them. Later jobs are refused.
    func stop() {
        state.broadcast { $0.isStopped = true }
        for thread in threads.withLock({ threads in
            defer { threads = [] }
            return threads
        }) { thread.join() }
    }

    private enum Step {
        case run(Job)
        case end
    }

    private static func run(_ state: Monitor<State>) {
        while true {
            let step: Step? = state.wait { state in
                if let job = state.take() { return .run(job) }
                return state.isStopped ? .end : nil
            }
            guard case .run(let job) = step else { return }
            job()
        }
    }
}
