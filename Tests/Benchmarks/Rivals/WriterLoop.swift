import ReelSystem

/// Batches that so many writers send, each its next one when its last was acknowledged, made ready by two worker
/// threads: the load that every way of ingesting is put under.
struct WriterLoop: Sendable {
    struct Job: Sendable {
        var writer: Int
        /// Counted from 0 for each writer.
        var batch: Int
        /// The body's place in the corpus.
        var index: Int
        var body: [UInt8]
    }

    struct Outcome: Sendable {
        var seconds: Double
        var batchCount: Int
        var rawSizeBytes: Int
        /// From when the writer had the batch ready to when it was acknowledged, sorted.
        var latencyMicroseconds: [Int64]

        var megabytesPerSecond: Double { Double(rawSizeBytes) / seconds / 1e6 }
    }

    private struct State {
        /// Writers whose last batch was acknowledged, with when that was.
        var ready: [(writer: Int, since: Int64)]
        var sentCount: [Int]
        var unsentCount: Int
        var unackedCount = 0
        var rawSizeBytes = 0
        var latencyMicroseconds: [Int64] = []
        var failure: String?
    }

    static let workerCount = 2

    let corpus: Corpus
    let writerCount: Int
    let batchCount: Int

    /// - Parameter rawSizeBytes: about as much is sent in all.
    init(corpus: Corpus, writerCount: Int, rawSizeBytes: Int) {
        self.corpus = corpus
        self.writerCount = writerCount
        batchCount = rawSizeBytes / (corpus.batchesSizeBytes / corpus.batches.count)
    }

    /// Sends everything and waits until all of it is acknowledged.
    ///
    /// - Parameters:
    ///   - makeWorker: called once on each worker's thread; what it returns makes one batch ready, hands it over, and
    ///     calls back, from any thread, with nil when the batch is durable, or with why it is not.
    func run(
        _ makeWorker: @escaping @Sendable () -> (Job, @escaping @Sendable (String?) -> Void) -> Void
    ) throws(BenchmarkError) -> Outcome {
        let clock = SystemClock()
        let began = clock.uptimeMicroseconds
        let state = Monitor(
            State(
                ready: (0..<writerCount).reversed().map { ($0, began) },
                sentCount: Array(repeating: 0, count: writerCount), unsentCount: batchCount))
        let workers = (0..<WriterLoop.workerCount).map { _ in
            Thread("bench-worker") {
                let work = makeWorker()
                while let (job, since) = next(state) {
                    work(job) { failure in
                        let now = clock.uptimeMicroseconds
                        state.broadcast { state in
                            state.unackedCount -= 1
                            state.latencyMicroseconds.append(now - since)
                            state.ready.insert((job.writer, now), at: 0)
                            state.failure = state.failure ?? failure
                        }
                    }
                }
            }
        }
        for worker in workers { worker.join() }
        let last = state.wait { $0.unackedCount == 0 ? $0 : nil }
        let ended = clock.uptimeMicroseconds
        guard let last else { throw BenchmarkError("the writers' state is gone") }
        if let failure = last.failure { throw BenchmarkError(failure) }
        return Outcome(
            seconds: Double(ended - began) / 1e6, batchCount: batchCount, rawSizeBytes: last.rawSizeBytes,
            latencyMicroseconds: last.latencyMicroseconds.sorted())
    }

    /// The batch of whoever waits longest; nil once everything is sent.
    private func next(_ state: Monitor<State>) -> (Job, since: Int64)? {
        let next: (Job, since: Int64)?? = state.wait { state in
            if state.unsentCount == 0 { return .some(nil) }
            guard let (writer, since) = state.ready.popLast() else { return nil }
            let batch = state.sentCount[writer]
            // Each writer begins elsewhere in the corpus, so that they do not move through it in step.
            let index = (batch + writer * 7) % corpus.batches.count
            let body = corpus.batches[index]
            state.sentCount[writer] += 1
            state.unsentCount -= 1
            state.unackedCount += 1
            state.rawSizeBytes += body.count
            return (Job(writer: writer, batch: batch, index: index, body: body), since)
        }
        return next ?? nil
    }
}
