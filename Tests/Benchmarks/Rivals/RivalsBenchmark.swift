import Glibc
import ReelSystem

/// Puts reeld beside what people would use otherwise, on real recordings, and prints one table.
///
///     reel-bench-rivals [--recordings DIR] [--work DIR] [--daemon PATH] [--long] [BENCHMARK…]
@main struct RivalsBenchmark {
    static func main() {
        do {
            try run(Array(CommandLine.arguments.dropFirst()))
        } catch {
            StandardErrorSink.write("reel-bench-rivals: \(error)\n")
            exit(1)
        }
    }

    private static let names = ["ingest", "serve", "disk", "open", "list", "erase", "seek"]

    private static func run(_ words: [String]) throws {
        var rest = words[...]
        var recordings = getenv("REELD_RECORDINGS").map { String(cString: $0) } ?? "../shared/recordings"
        var work = ".build/bench"
        var daemon: String?
        var isLong = false
        var chosen: [String] = []
        while let word = rest.popFirst() {
            switch word {
            case "--recordings": recordings = try value(of: word, &rest)
            case "--work": work = try value(of: word, &rest)
            case "--daemon": daemon = try value(of: word, &rest)
            case "--long": isLong = true
            case _ where names.contains(word): chosen.append(word)
            default: throw BenchmarkError("'\(word)' is none of \(names.joined(separator: ", "))")
            }
        }
        try Child.run(["mkdir", "-p", work])
        let setting = Setting(
            corpus: try Corpus(directory: recordings), recordingsDirectory: recordings, workDirectory: work,
            daemon: daemon,
            roundCount: isLong ? 9 : 3, ingestSizeBytes: isLong ? 1_000_000_000 : 300_000_000, listedCount: 1_000_000,
            wrkSeconds: isLong ? 10 : 3)
        var scores: [Score] = []
        for name in chosen.isEmpty ? names : chosen { scores += try self.scores(name, setting) }
        Scoreboard.print(scores)
    }

    private static func value(of option: String, _ rest: inout ArraySlice<String>) throws -> String {
        guard let value = rest.popFirst() else { throw BenchmarkError("\(option) needs a value") }
        return value
    }

    private static func scores(_ name: String, _ setting: Setting) throws -> [Score] {
        switch name {
        case "ingest":
            var benchmark = IngestBenchmark(setting: setting)
            return try benchmark.scores()
        case "serve": return try setting.daemon.map { try ServeBenchmark(setting: setting, program: $0).scores() } ?? []
        case "disk": return try DiskBenchmark(setting: setting).scores()
        case "open": return try OpenBenchmark(setting: setting).scores()
        case "list": return try ListBenchmark(setting: setting).scores()
        case "erase": return try EraseBenchmark(setting: setting).scores()
        case "seek": return try SeekBenchmark(setting: setting).scores()
        default: return []
        }
    }
}
