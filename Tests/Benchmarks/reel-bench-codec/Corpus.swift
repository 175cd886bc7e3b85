import Glibc
import ReelCodec

/// What the benchmark could not read.
struct CorpusError: Error, CustomStringConvertible {
    var description: String
}

/// Real recordings cut as a recorder sends them, and as compaction stores them.
struct Corpus {
    /// JSON arrays of events.
    private(set) var bodies: [[UInt8]] = []
    /// The same batches as NDJSON.
    private(set) var lines: [[UInt8]] = []
    /// Texts of about `DenseDeflater.chunkSizeBytes`, each of one recording.
    private(set) var chunks: [[UInt8]] = []
    private(set) var rawSizeBytes = 0

    init(directory: String, eventsInBatch: Int) throws {
        let scanner = EventScanner()
        for path in try Corpus.paths(in: directory) {
            let run = try scanner.scan(try Corpus.read(path)).run
            var rest = run.events[...]
            while !rest.isEmpty {
                let batch = rest.prefix(eventsInBatch)
                rest = rest.dropFirst(batch.count)
                let body = [UInt8(ascii: "[")] + Corpus.text(of: batch, in: run) + [UInt8(ascii: "]")]
                rawSizeBytes += body.count
                bodies.append(body)
                let events = batch.map { run.text[$0.offsetBytes..<$0.offsetBytes + $0.sizeBytes] }
                lines.append(Array(events.joined(separator: [0x0A])))
            }
            var chunk = run.events[0..<0]
            for index in run.events.indices {
                chunk = run.events[chunk.startIndex...index]
                if Corpus.sizeBytes(of: chunk) >= DenseDeflater.chunkSizeBytes || index == run.events.count - 1 {
                    chunks.append(Corpus.text(of: chunk, in: run))
                    chunk = run.events[(index + 1)..<(index + 1)]
                }
            }
        }
    }

    private static func sizeBytes(of events: ArraySlice<EventFact>) -> Int {
        guard let first = events.first, let last = events.last else { return 0 }
        return last.offsetBytes + last.sizeBytes - first.offsetBytes
    }

    private static func text(of events: ArraySlice<EventFact>, in run: EventRun) -> [UInt8] {
        let start = events.first?.offsetBytes ?? 0
        return Array(run.text[start..<start + sizeBytes(of: events)])
    }

    private static func paths(in directory: String) throws -> [String] {
        guard let listing = opendir(directory) else { throw CorpusError(description: "\(directory): errno \(errno)") }
        defer { closedir(listing) }
        var paths: [String] = []
        while let entry = readdir(listing) {
            let name = withUnsafeBytes(of: entry.pointee.d_name) {
                String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self)
            }
            if name.hasSuffix(".json") { paths.append("\(directory)/\(name)") }
        }
        return paths.sorted()
    }

    private static func read(_ path: String) throws -> [UInt8] {
        guard let file = fopen(path, "rb") else { throw CorpusError(description: "\(path): errno \(errno)") }
        defer { fclose(file) }
        var bytes: [UInt8] = []
        var piece = [UInt8](repeating: 0, count: 1 << 20)
        while true {
            let size = fread(&piece, 1, piece.count, file)
            if size == 0 { return bytes }
            bytes.append(contentsOf: piece[..<size])
        }
    }
}
