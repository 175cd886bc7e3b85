import ReelCodec

/// A batch as it is sent.
struct BenchBatch: Sendable {
    /// A JSON array of events, gzip where that was asked for.
    var body: [UInt8]
    var eventCount: Int
    /// Before gzip.
    var rawSizeBytes: Int

    /// The batches of files, each with so many events of one file, the last of a file with the rest.
    static func batches(
        of files: [ImportFiles.File], eventCount: Int, isGzip: Bool
    ) throws(CommandFailure) -> [BenchBatch] {
        let deflater = isGzip ? FrameDeflater() : nil
        var batches: [BenchBatch] = []
        for file in files {
            do {
                try add(try ImportFiles.read(file), eventCount, deflater, to: &batches)
            } catch let failure as CommandFailure {
                throw CommandFailure(failure.exitCode, "\(file.path): \(failure.message)")
            } catch {
                throw CommandFailure(.failure, "\(file.path): \(error)")
            }
        }
        guard !batches.isEmpty else { throw CommandFailure(.failure, "there are no events to send") }
        return batches
    }

    private static func add(
        _ text: [UInt8], _ eventCountMax: Int, _ deflater: FrameDeflater?, to batches: inout [BenchBatch]
    ) throws(EventSplitter.Malformed) {
        var splitter = EventSplitter()
        var index = 0
        var body: [UInt8] = []
        var eventCount = 0
        func close() {
            guard eventCount > 0 else { return }
            body.append(UInt8(ascii: "]"))
            let sent = deflater?.member(of: body) ?? body
            batches.append(BenchBatch(body: sent, eventCount: eventCount, rawSizeBytes: body.count))
            body = []
            eventCount = 0
        }
        while let event = try splitter.next(in: text, from: &index) {
            body.append(UInt8(ascii: eventCount == 0 ? "[" : ","))
            body += event
            eventCount += 1
            if eventCount == eventCountMax { close() }
        }
        try splitter.finish()
        close()
    }
}
