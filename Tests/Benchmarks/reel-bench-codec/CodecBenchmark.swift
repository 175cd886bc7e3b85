import Glibc
import ReelCodec

/// Times each step an event's bytes go through, alone and as the chain of a write, on one thread, over real recordings.
///
///     reel-bench-codec [DIRECTORY] [EVENTS-A-BATCH]
///
/// MB/s are of raw JSON a second of this thread's CPU time; the best of several passes counts.
@main struct CodecBenchmark {
    static func main() {
        let arguments = Array(CommandLine.arguments.dropFirst())
        let directory = arguments.first ?? "../shared/recordings"
        let eventsInBatch = arguments.dropFirst().first.flatMap { Int($0) } ?? 50
        do {
            let corpus = try Corpus(directory: directory, eventsInBatch: eventsInBatch)
            print("\(corpus.bodies.count) batches of \(eventsInBatch) events, \(corpus.rawSizeBytes / 1000) KB")
            try CodecBenchmark(corpus: corpus).run()
        } catch {
            print("reel-bench-codec: \(error)")
            exit(1)
        }
    }

    private let corpus: Corpus
    private let passCount = 7

    private func run() throws {
        let scanner = EventScanner()
        let hasher = try BodyHasher(secret: try SecretBytes.random(count: KeyedDigest.secretSizeBytes))
        let texts = try corpus.bodies.map { try scanner.scan($0).run.text }
        try measure("scan: validate, slice, facts") { for body in corpus.bodies { _ = try scanner.scan(body) } }
        try measure("scan of NDJSON") { for body in corpus.lines { _ = try scanner.scan(body) } }
        try measure("scan of stored text") { for text in texts { _ = try scanner.rescan(text) } }
        measure("body hash") { for text in texts { _ = hasher.hash(of: text) } }
        measure("CRC-32C") { for text in texts { _ = CRC32C.checksum(text) } }
        measure("CRC-32") { for text in texts { _ = GzipCRC.checksum(text) } }
        for level in FrameDeflater.Level.allCases {
            let deflater = FrameDeflater(level: level)
            measureMembers("deflate, fast \(level)", of: texts) { deflater.member(of: $0) }
        }
        let dense = try DenseDeflater()
        measureMembers("deflate, dense, batches as they are", of: texts, passCount: 3) { dense.member(of: $0) }
        measureMembers("deflate, dense, chunks", of: corpus.chunks, passCount: 3) { dense.member(of: $0) }
        try measureInflation(texts, scanner)
        try measureChain(scanner, hasher)
        try SealBenchmark().run()
    }

    private func measureInflation(_ texts: [[UInt8]], _ scanner: EventScanner) throws {
        let deflater = FrameDeflater()
        let inflater = Inflater()
        let members = texts.map { ($0.count, deflater.member(of: $0)) }
        try measure("inflate a member") {
            for (size, member) in members { _ = try inflater.text(of: member, rawSizeBytes: size) }
        }
        try measure("inflate a member in pieces") {
            for (_, member) in members {
                let reader = try MemberReader(member)
                while try reader.next() != nil {}
            }
        }
        let bodies = corpus.bodies.map { deflater.member(of: $0) }
        try measure("inflate a body") { for body in bodies { _ = try GzipBody.inflate(body, limitBytes: 64 << 20) } }
        try measure("inflate a body and scan it") {
            for body in bodies { _ = try scanner.scan(try GzipBody.inflate(body, limitBytes: 64 << 20)) }
        }
        try measure("splice a recording") {
            var splice = GzipSplice()
            var document = splice.open()
            for (_, member) in members {
                document += try splice.add(GzipMember.Trailer(of: member))
                document += member[GzipSplice.blocks(ofMemberSize: member.count)]
            }
            document += splice.close()
        }
    }

    private func measureChain(_ scanner: EventScanner, _ hasher: BodyHasher) throws {
        let deflater = FrameDeflater()
        var checksums: UInt32 = 0
        try measure("chain: scan, deflate, CRC-32C") {
            for body in corpus.bodies {
                checksums ^= CRC32C.checksum(deflater.member(of: try scanner.scan(body).run.text))
            }
        }
        try measure("chain: scan, hash, deflate, CRC-32C") {
            for body in corpus.bodies {
                let text = try scanner.scan(body).run.text
                _ = hasher.hash(of: text)
                checksums ^= CRC32C.checksum(deflater.member(of: text))
            }
        }
    }

    private func measureMembers(
        _ name: String, of texts: [[UInt8]], passCount: Int? = nil, _ deflate: ([UInt8]) -> [UInt8]
    ) {
        var size = 0
        let note = { " ratio \(twoDecimals(Double(texts.reduce(0) { $0 + $1.count }) / Double(size)))" }
        measure(name, passCount: passCount, note: note) { size = texts.reduce(0) { $0 + deflate($1).count } }
    }

    private func measure<Failure: Error>(
        _ name: String, passCount: Int? = nil, note: () -> String = { "" }, _ pass: () throws(Failure) -> Void
    ) throws(Failure) {
        var best = Double.infinity
        for _ in 0..<(passCount ?? self.passCount) {
            let start = CodecBenchmark.now()
            try pass()
            best = min(best, CodecBenchmark.now() - start)
        }
        let speed = Int(Double(corpus.rawSizeBytes) / best / 1e6)
        let column = String(repeating: " ", count: max(1, 40 - name.utf8.count))
        print("\(name)\(column)\(speed) MB/s\(note())")
    }

    private static func now() -> Double {
        var time = timespec()
        clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
    }
}

private func twoDecimals(_ value: Double) -> Double { (value * 100).rounded() / 100 }
