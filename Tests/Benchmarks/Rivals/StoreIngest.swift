import ReelCodec
import ReelStore
import ReelSystem
import StoreFixtures

/// Our store, in this process: what a request's worker does, and the log.
enum StoreIngest {
    /// The whole way: scan, hash, deflate, append.
    ///
    /// - Parameter directory: empty or missing; the store is left there.
    static func run(
        _ loop: WriterLoop, directory: String, _ encryption: StoreEncryption = .test
    ) throws -> WriterLoop.Outcome {
        let store = try Store.open(directory, encryption)
        defer { store.close() }
        let recordings = try startRecordings(loop, store)
        return try loop.run {
            let scanner = EventScanner()
            return { job, done in
                do {
                    let run = try scanner.scan(job.body).run
                    let batch = store.prepare(run, writer: "writer-\(job.writer)", batch: UInt64(job.batch))
                    try store.append(batch, to: recordings[job.writer]) { done(StoreIngest.failure($0)) }
                } catch {
                    done("\(error)")
                }
            }
        }
    }

    /// Only the log: the batches are deflated before the clock starts.
    ///
    /// - Parameter directory: empty or missing; the store is left there.
    static func runPrepared(_ loop: WriterLoop, directory: String) throws -> WriterLoop.Outcome {
        let store = try Store.open(directory, .test)
        defer { store.close() }
        let recordings = try startRecordings(loop, store)
        let scanner = EventScanner()
        let prepared = try loop.corpus.batches.map { body in
            store.prepare(try scanner.scan(body).run, writer: nil, batch: nil)
        }
        let keys = (0..<loop.writerCount).map { writer in
            store.prepare(EventRun(), writer: "writer-\(writer)", batch: 0).key
        }
        return try loop.run {
            { job, done in
                var batch = prepared[job.index]
                batch.key = keys[job.writer]
                batch.key?.batch = UInt64(job.batch)
                do {
                    try store.append(batch, to: recordings[job.writer]) { done(StoreIngest.failure($0)) }
                } catch {
                    done("\(error)")
                }
            }
        }
    }

    private static func startRecordings(_ loop: WriterLoop, _ store: Store) throws -> [UInt64] {
        try (0..<loop.writerCount).map { _ in try store.startAndWait(RecordingMetadata()).recording.number }
    }

    private static func failure(_ result: Result<AppendReceipt, StoreError>) -> String? {
        switch result {
        case .success: nil
        case .failure(let error): "append: \(error)"
        }
    }
}

extension Store {
    /// Starts a recording and waits for its receipt.
    func startAndWait(_ metadata: RecordingMetadata) throws -> StartReceipt {
        try answer { try start(StartRequest(id: nil, metadata: metadata), $0) }
    }

    /// Scans a body, appends it, and waits.
    func appendAndWait(_ body: [UInt8], to recording: UInt64, scanner: EventScanner) throws -> AppendReceipt {
        let batch = prepare(try scanner.scan(body).run, writer: nil, batch: nil)
        return try answer { try append(batch, to: recording, $0) }
    }

    /// Waits for what a call completes with.
    func answer<Answer: Sendable>(
        _ call: (@escaping @Sendable (Result<Answer, StoreError>) -> Void) throws -> Void
    ) throws -> Answer {
        let result = Monitor<Result<Answer, StoreError>?>(nil)
        try call { answer in result.broadcast { $0 = answer } }
        guard let answer = result.wait(until: { $0 }) else { throw BenchmarkError("the store never answered") }
        return try answer.get()
    }
}
