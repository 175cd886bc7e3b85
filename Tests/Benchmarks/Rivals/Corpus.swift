import ReelCodec
import ReelSystem

/// Real recordings, whole and cut into batches as a recorder sends them.
struct Corpus: Sendable {
    struct Recording: Sendable {
        var name: String
        /// The file as it is.
        var document: [UInt8]
        /// Its events as JSON arrays of `batchEventCount` each.
        var batches: [[UInt8]]
    }

    static let batchEventCount = 50

    let recordings: [Recording]
    /// All batches, those of one recording behind those of the other.
    let batches: [[UInt8]]
    let batchesSizeBytes: Int

    /// - Parameter directory: of `.json` files with rrweb events.
    init(directory: String) throws {
        let scanner = EventScanner()
        recordings = try SmallFile.names(in: directory).filter { $0.hasSuffix(".json") }.map { name in
            let document = try SmallFile.read("\(directory)/\(name)", sizeMaxBytes: 1 << 30)
            let run = try scanner.scan(document).run
            return Recording(name: name, document: document, batches: Corpus.batches(of: run))
        }
        guard !recordings.isEmpty else { throw BenchmarkError("\(directory): no recordings (*.json)") }
        batches = recordings.flatMap(\.batches)
        batchesSizeBytes = batches.reduce(0) { $0 + $1.count }
    }

    /// Events in a row are joined by `,\n` in the run's text, so that a batch is a slice of it in brackets.
    private static func batches(of run: EventRun) -> [[UInt8]] {
        stride(from: 0, to: run.events.count, by: batchEventCount).map { start in
            let first = run.events[start]
            let last = run.events[min(start + batchEventCount, run.events.count) - 1]
            let text = run.text[first.offsetBytes..<last.offsetBytes + last.sizeBytes]
            return [UInt8(ascii: "[")] + text + [UInt8(ascii: "]")]
        }
    }
}
