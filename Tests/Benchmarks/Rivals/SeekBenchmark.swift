import ReelCodec
import ReelStore
import ReelSystem
import StoreFixtures

/// Finding and reading the chunk for a moment of a two-hour recording.
struct SeekBenchmark {
    static let lengthSeconds = 7200
    static let seekCount = 1000

    let setting: Setting

    func scores() throws -> [Score] {
        let directory = try setting.emptyDirectory("seek") + "/data"
        let store = try Store.open(directory, .test)
        defer { store.close() }
        let (number, eventCount) = try fill(store)
        let fresh = try seek(store, number)
        _ = try store.answer { try store.end(number, $0) }
        _ = try store.answer { store.vacuum($0) }
        let compacted = try seek(store, number)
        setting.note("seek: \(eventCount) events over \(SeekBenchmark.lengthSeconds) s")
        return [score("as written", fresh), score("compacted", compacted)]
    }

    private func score(_ state: String, _ rounds: Rounds) -> Score {
        let (p50, p99) = (rounds.median, rounds.percentile(99))
        return Score(
            what: "seek, chunk for a moment of a 2-hour recording, \(state)",
            ours: "p50 \(p50.text(2)) ms, p99 \(p99.text(2)) ms", rival: "-", ratio: "-", goal: "<= 10 ms",
            isMet: p99 <= 10)
    }

    /// A recording made of the corpus' batches: every five seconds one, its events at new times.
    private func fill(_ store: Store) throws -> (number: UInt64, eventCount: UInt64) {
        let scanner = EventScanner()
        let number = try store.startAndWait(RecordingMetadata()).recording.number
        var eventCount: UInt64 = 0
        let stepSeconds = 5
        for step in 0..<SeekBenchmark.lengthSeconds / stepSeconds {
            let body = setting.corpus.batches[step % setting.corpus.batches.count]
            let start = SeekBenchmark.epochMilliseconds + Int64(step * stepSeconds) * 1000
            let moved = try Retimed.body(body, startMilliseconds: start, lengthMilliseconds: 5000, scanner: scanner)
            eventCount += UInt64(try store.appendAndWait(moved, to: number, scanner: scanner).eventCount)
        }
        return (number, eventCount)
    }

    private static let epochMilliseconds: Int64 = 1_700_000_000_000

    /// Milliseconds each seek took.
    private func seek(_ store: Store, _ number: UInt64) throws -> Rounds {
        let clock = SystemClock()
        var rounds = Rounds()
        var generator = SplitMix(seed: 1)
        for _ in 0..<SeekBenchmark.seekCount {
            let second = Int64(generator.next() % UInt64(SeekBenchmark.lengthSeconds))
            let moment = (SeekBenchmark.epochMilliseconds + second * 1000) * 1000
            let began = clock.uptimeMicroseconds
            let snapshot = try store.snapshot(number)
            let chunk = snapshot.frames.last { $0.entry.leastTimestampMicroseconds <= moment } ?? snapshot.frames.first
            let member = try chunk?.member() ?? []
            rounds.add(Double(clock.uptimeMicroseconds - began) / 1000)
            guard !member.isEmpty else { throw BenchmarkError("seek: no chunk at second \(second)") }
        }
        return rounds
    }
}

/// A small generator with a seed, so that each run does the same.
struct SplitMix: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ mixed >> 30) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ mixed >> 27) &* 0x94D0_49BB_1331_11EB
        return mixed ^ mixed >> 31
    }
}
