import ReelCodec
import ReelHTTP

/// What the head of a write of events says: the body's form, and the batch's number. Judged before the body is read.
struct BatchHeaders: Sendable {
    var format = EventScanner.Format.detect
    /// Content-Encoding said so; a body that begins as gzip does is inflated either way.
    var isGzip = false
    var policy = EventScanner.BadEventPolicy.refuse
    var writer: String?
    var batch: UInt64?

    static let writerSizeMaxBytes = 128
    static let batchMax = UInt64(Int64.max)

    private enum InvalidChoice: String, CaseIterable { case refuse, drop }

    /// - Throws: `unsupported-media-type`, `unsupported-content-coding`, `bad-query`, `bad-batch-number`.
    init(_ head: RequestHead) throws(Problem) {
        let query = try Query(head.query)
        try query.allow(["invalid", "token"])
        if try query.choice("invalid", InvalidChoice.self) == .drop { policy = .drop }
        try readType(head.headers["Content-Type"])
        try readCoding(head.headers.values("Content-Encoding"))
        writer = head.headers["Reeld-Writer"]
        if let text = head.headers["Reeld-Batch"] {
            guard let number = UInt64(digits: text) else {
                throw Problem(.badBatchNumber, "Reeld-Batch: '\(text)' is not a number.", .field("Reeld-Batch"))
            }
            batch = number
        }
    }

    private mutating func readType(_ field: String?) throws(Problem) {
        let type = field.map { $0.prefix { $0 != ";" }.trimmingBlanks.lowercased() } ?? ""
        switch type {
        // Beacons and plain HTML forms can send no other type than text/plain.
        case "", "application/json", "text/plain", "application/octet-stream", "application/gzip",
            "application/x-gzip":
            format = .detect
        case "application/x-ndjson", "application/ndjson": format = .ndjson
        default:
            throw Problem(
                .unsupportedMediaType,
                "Content-Type '\(type)' is not taken; send application/json or application/x-ndjson.",
                .field("Content-Type"))
        }
    }

    private mutating func readCoding(_ fields: [String]) throws(Problem) {
        let codings = fields.flatMap { $0.split(separator: ",") }.map { $0.trimmingBlanks.lowercased() }
            .filter { $0 != "identity" && !$0.isEmpty }
        guard let coding = codings.first else { return }
        guard codings.count == 1, coding == "gzip" || coding == "x-gzip" else {
            var problem = Problem(
                .unsupportedContentCoding,
                "Content-Encoding '\(codings.joined(separator: ", "))' is not taken; send "
                    + "gzip or nothing.", .field("Content-Encoding"))
            problem.headers.append("Accept-Encoding", "gzip")
            throw problem
        }
        isGzip = true
    }

    /// The batch's number, from the head or else the envelope; both or neither must be there.
    func number(_ scanned: ScannedBatch) throws(Problem) -> (writer: String, batch: UInt64)? {
        switch (writer ?? scanned.writer, batch ?? scanned.batch) {
        case (nil, nil): return nil
        case (let writer?, let batch?):
            guard (1...BatchHeaders.writerSizeMaxBytes).contains(writer.utf8.count) else {
                throw Problem(
                    .badBatchNumber,
                    "The writer's name has \(writer.utf8.count) bytes; 1 to \(BatchHeaders.writerSizeMaxBytes) may be.",
                    .field("Reeld-Writer"), .limit(BatchHeaders.writerSizeMaxBytes))
            }
            guard batch <= BatchHeaders.batchMax else {
                throw Problem(
                    .badBatchNumber, "The batch's number is above \(BatchHeaders.batchMax).", .field("Reeld-Batch"))
            }
            return (writer, batch)
        case (_?, nil):
            throw Problem(
                .badBatchNumber, "There is a writer, but no batch number; without both a repeat cannot be told.",
                .field("Reeld-Batch"))
        case (nil, _?):
            throw Problem(
                .badBatchNumber, "There is a batch number, but no writer; without both a repeat cannot be told.",
                .field("Reeld-Writer"))
        }
    }
}
