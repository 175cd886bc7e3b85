import ReelStore
import ReelSystem
import StoreFixtures

/// Erasing in a store of a million recordings: one at a time, as a person asks for it, and many in one call. Each answer
/// means that the tombstone, the ledger's line and the destroyed key are on the disk.
struct EraseBenchmark {
    private static let singleCount = 1000
    private static let togetherCount = 10_000

    let setting: Setting

    func scores() throws -> [Score] {
        let made = try ListStore(setting)
        let copy = try setting.emptyDirectory("erase") + "/data"
        try Child.run(["cp", "-a", "--reflink=auto", made.cleanDirectory, copy])
        try PageCache.write(copy)
        // The compaction that follows each erasure runs beside them, as it does in the daemon.
        var options = StoreOptions()
        options.compaction.isPaced = true
        let store = try Store.open(copy, .test, options: options)
        defer { store.close() }
        return [try single(store), try together(store)]
    }

    private func single(_ store: Store) throws -> Score {
        let clock = SystemClock()
        var times = Rounds()
        for recording in spread(EraseBenchmark.singleCount, from: 1) {
            let began = clock.uptimeMicroseconds
            _ = try store.answer { try store.erase(recording, $0) }
            times.add(Double(clock.uptimeMicroseconds - began) / 1000)
        }
        let p99 = times.percentile(99)
        return Score(
            what: "erase, one of \(setting.listedCount)",
            ours: "p50 \(times.median.text(1)) ms, p99 \(p99.text(1)) ms, max \(times.greatest.text(0)) ms", rival: "-",
            ratio: "-", goal: "p99 < 100 ms", isMet: p99 < 100)
    }

    private func together(_ store: Store) throws -> Score {
        let recordings = spread(EraseBenchmark.togetherCount, from: 2)
        let clock = SystemClock()
        let began = clock.uptimeMicroseconds
        for erasing in store.erase(recordings) { _ = try erasing.result.get() }
        let seconds = Double(clock.uptimeMicroseconds - began) / 1e6
        return Score(
            what: "erase, \(recordings.count) of \(setting.listedCount) in one call", ours: "\(seconds.text(2)) s",
            rival: "-", ratio: "-", goal: "< 5 s", isMet: seconds < 5)
    }

    /// So many, evenly over all.
    private func spread(_ count: Int, from first: UInt64) -> [UInt64] {
        (0..<UInt64(count)).map { first + $0 * UInt64(setting.listedCount / count) }
    }
}
