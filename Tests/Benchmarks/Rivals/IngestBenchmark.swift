import ReelSystem

/// Durable ingest in one process, our store and SQLite in turns.
struct IngestBenchmark {
    static let writerCount = 64

    let setting: Setting

    func scores() throws -> [Score] {
        let loop = WriterLoop(
            corpus: setting.corpus, writerCount: IngestBenchmark.writerCount, rawSizeBytes: setting.ingestSizeBytes)
        // So that SQLite always has a transaction's worth waiting while it writes another.
        let wide = WriterLoop(
            corpus: setting.corpus, writerCount: 2 * IngestBenchmark.writerCount,
            rawSizeBytes: setting.ingestSizeBytes)
        var ours = Rounds()
        var zlib = Rounds()
        var grouped = Rounds()
        var ourLog = Rounds()
        var theirLog = Rounds()
        for round in 1...setting.roundCount {
            try measure("our store", round, &ours) { try StoreIngest.run(loop, directory: $0) }
            try measure("SQLite, zlib-6, 1 a transaction", round, &zlib) {
                try SQLiteIngest.run(loop, path: $0, blobs: .zlib, batchesInTransaction: 1)
            }
            try measure("SQLite, our blobs, 64 a transaction", round, &grouped) {
                try SQLiteIngest.run(wide, path: $0, blobs: .ours, batchesInTransaction: 64)
            }
            try measure("our log, blobs ready", round, &ourLog) { try StoreIngest.runPrepared(loop, directory: $0) }
            try measure("SQLite, our blobs ready, 64 a transaction", round, &theirLog) {
                try SQLiteIngest.run(wide, path: $0, blobs: .prepared, batchesInTransaction: 64)
            }
        }
        return [
            score("ingest, in process / SQLite zlib-6", ours, zlib, goal: 3),
            score("ingest, in process / SQLite, same blobs, 64 a transaction", ours, grouped, goal: 1.5),
            score("log alone / SQLite, same ready blobs, 64 a transaction", ourLog, theirLog, goal: 1.5),
        ]
    }

    private func measure(
        _ name: String, _ round: Int, _ rounds: inout Rounds, _ run: (String) throws -> WriterLoop.Outcome
    ) throws {
        let directory = try setting.emptyDirectory("ingest")
        let before = CPUTime.secondsOfThisProcess()
        let outcome = try run("\(directory)/data")
        let cpu = CPUTime.secondsOfThisProcess() - before
        rounds.add(outcome.megabytesPerSecond)
        let latency = outcome.latencyMicroseconds
        let p50 = Double(latency[latency.count / 2]) / 1000
        let p99 = Double(latency[latency.count * 99 / 100]) / 1000
        setting.note(
            "\(name), round \(round): \(outcome.megabytesPerSecond.text(0)) MB/s,"
                + " \((Double(outcome.batchCount) / outcome.seconds).text(0)) batches/s,"
                + " ack p50 \(p50.text(1)) ms p99 \(p99.text(1)) ms,"
                + " CPU \((cpu * 1e9 / Double(outcome.rawSizeBytes)).text(2)) s a raw GB")
    }

    private func score(_ what: String, _ ours: Rounds, _ rival: Rounds, goal: Double) -> Score {
        let ratios = ours.ratios(to: rival)
        return Score(
            what: what, ours: "\(ours.text(0)) MB/s", rival: "\(rival.text(0)) MB/s", ratio: ratios.text(2),
            goal: ">= \(goal.text(1))", isMet: ratios.median >= goal)
    }
}
