import ReelSystem

/// Durable ingest, ours and SQLite's in turns: the daemon over its socket, the store in this process, the log alone.
struct IngestBenchmark {
    static let writerCount = 64

    private let setting: Setting
    private let loop: WriterLoop
    /// Twice the writers, so that SQLite has a transaction's worth waiting while it writes another.
    private let wideLoop: WriterLoop
    private var daemon = Rounds()
    private var daemonCPU = Rounds()
    private var chainCPU = Rounds()
    private var store = Rounds()
    private var clearStore = Rounds()
    private var log = Rounds()
    private var sqliteZlib = Rounds()
    private var sqliteGrouped = Rounds()
    private var sqliteReady = Rounds()

    init(setting: Setting) {
        self.setting = setting
        let size = setting.ingestSizeBytes
        loop = WriterLoop(corpus: setting.corpus, writerCount: Self.writerCount, rawSizeBytes: size)
        wideLoop = WriterLoop(corpus: setting.corpus, writerCount: 2 * Self.writerCount, rawSizeBytes: size)
    }

    mutating func scores() throws -> [Score] {
        for round in 1...setting.roundCount { try run(round) }
        var scores: [Score] = []
        if setting.daemon != nil {
            scores += [
                score("ingest, 64 writers on the socket / SQLite zlib-6, in process", daemon, sqliteZlib, goal: 3),
                score("ingest, on the socket / SQLite, same blobs, 64 a transaction", daemon, sqliteGrouped, goal: 1.5),
                Score(
                    what: "CPU a raw GB, daemon / bare chain", ours: "\(daemonCPU.text(2)) s",
                    rival: "\(chainCPU.text(2)) s", ratio: daemonCPU.ratios(to: chainCPU).text(2), goal: "<= 1.67",
                    isMet: daemonCPU.ratios(to: chainCPU).median <= 1.67),
            ]
        }
        return scores + [
            score("ingest, store in process, sealed / without encryption", store, clearStore, goal: 0.85),
            score("ingest, store in process / SQLite zlib-6", store, sqliteZlib, goal: 3),
            score("ingest, store in process / SQLite, same blobs, 64 a transaction", store, sqliteGrouped, goal: 1.5),
            score("log alone / SQLite, blobs ready for both, 64 a transaction", log, sqliteReady, goal: 1.5),
        ]
    }

    private mutating func run(_ round: Int) throws {
        if let program = setting.daemon {
            let outcome = try SocketIngest.run(
                setting, program: program, writerCount: Self.writerCount, batchCount: loop.batchCount)
            daemon.add(outcome.megabytesPerSecond)
            daemonCPU.add(outcome.cpuSecondsAGigabyte)
            setting.note(
                "round \(round), daemon: \(outcome.megabytesPerSecond.text(0)) MB/s,"
                    + " ack p50 \(outcome.ackP50Milliseconds.text(1)) ms p99 \(outcome.ackP99Milliseconds.text(1)) ms,"
                    + " CPU \(outcome.cpuSecondsAGigabyte.text(2)) s a raw GB, RSS \(outcome.residentMegabytes.text(0)) MB"
            )
            chainCPU.add(
                try BareChain.cpuSecondsAGigabyte(setting.corpus, rawSizeBytes: setting.ingestSizeBytes))
        }
        store.add(try measure("store", round) { try StoreIngest.run(loop, directory: $0) })
        clearStore.add(
            try measure("store without encryption", round) { try StoreIngest.run(loop, directory: $0, .off) })
        sqliteZlib.add(
            try measure("SQLite, zlib-6, 1 a transaction", round) {
                try SQLiteIngest.run(loop, path: $0, blobs: .zlib, batchesInTransaction: 1)
            })
        sqliteGrouped.add(
            try measure("SQLite, our blobs, 64 a transaction", round) {
                try SQLiteIngest.run(wideLoop, path: $0, blobs: .ours, batchesInTransaction: 64)
            })
        log.add(try measure("log alone, blobs ready", round) { try StoreIngest.runPrepared(loop, directory: $0) })
        sqliteReady.add(
            try measure("SQLite, our blobs ready, 64 a transaction", round) {
                try SQLiteIngest.run(wideLoop, path: $0, blobs: .prepared, batchesInTransaction: 64)
            })
    }

    /// - Returns: raw MB/s.
    private func measure(
        _ name: String, _ round: Int, _ run: (String) throws -> WriterLoop.Outcome
    ) throws -> Double {
        let directory = try setting.emptyDirectory("ingest")
        let before = CPUTime.secondsOfThisProcess()
        let outcome = try run("\(directory)/data")
        let cpu = CPUTime.secondsOfThisProcess() - before
        let latency = outcome.latencyMicroseconds
        let p50 = Double(latency[latency.count / 2]) / 1000
        let p99 = Double(latency[latency.count * 99 / 100]) / 1000
        setting.note(
            "round \(round), \(name): \(outcome.megabytesPerSecond.text(0)) MB/s,"
                + " \((Double(outcome.batchCount) / outcome.seconds).text(0)) batches/s,"
                + " ack p50 \(p50.text(1)) ms p99 \(p99.text(1)) ms,"
                + " CPU \((cpu * 1e9 / Double(outcome.rawSizeBytes)).text(2)) s a raw GB")
        return outcome.megabytesPerSecond
    }

    private func score(_ what: String, _ ours: Rounds, _ rival: Rounds, goal: Double) -> Score {
        let ratios = ours.ratios(to: rival)
        return Score(
            what: what, ours: "\(ours.text(0)) MB/s", rival: "\(rival.text(0)) MB/s", ratio: ratios.text(2),
            goal: ">= \(goal.text(2))", isMet: ratios.median >= goal)
    }
}
