/// Turns the body of a write into a run of events: validates all of it, finds each event's octets, and reads what the
/// index and the counters need, in one pass. Reusable, one a thread.
///
/// Accepted are a JSON array of events; an object with the array `events` and, since beacons cannot set headers,
/// optionally `writer` and `batch`; and NDJSON, an event a line. JSON is RFC 8259 in valid UTF-8; numbers of any length
/// and escapes of lone surrogates are fine; an event is at most 512 deep, its own brackets counted.
package final class EventScanner {
    /// What form a body has, where its sender says so.
    package enum Format: Sendable {
        /// Judged by the body: `[` is an array; `{` is an envelope if its first value has the member `events`, else NDJSON.
        case detect
        case json
        case ndjson
    }

    /// What happens to a batch with bad events. Broken JSON around events is refused either way.
    package enum BadEventPolicy: Sendable {
        case refuse
        /// Keeps the good ones and tells of the others.
        case drop
    }

    /// 32 MiB.
    package static let eventSizeMaxBytesDefault = 32 << 20

    private let indexer = JSONIndexer()
    private let eventSizeMaxBytes: Int

    /// - Parameter eventSizeMaxBytes: of one event's octets in `scan`; stored events are past judging.
    package init(eventSizeMaxBytes: Int = eventSizeMaxBytesDefault) { self.eventSizeMaxBytes = eventSizeMaxBytes }

    /// Scans the body of a write, less than 4 GiB. A batch without events is fine and gives an empty run.
    package func scan(
        _ body: [UInt8], format: Format = .detect, policy: BadEventPolicy = .refuse
    ) throws(ScanError) -> ScannedBatch {
        defer { indexer.trim() }
        let result = body.withUnsafeBufferPointer { body -> Result<ScannedBatch, ScanError> in
            var reader = BatchReader(eventSizeMaxBytes: eventSizeMaxBytes)
            do throws(JSONFault) {
                try read(body, format, into: &reader)
            } catch {
                return .failure(.syntax(error))
            }
            if let refusal = reader.refusal(policy) { return .failure(refusal) }
            return .success(reader.batch(of: body))
        }
        return try result.get()
    }

    /// Scans a run's text again: events joined by `,\n`, without brackets. For compaction, filters and recovery.
    package func rescan(_ text: [UInt8]) throws(ScanError) -> EventRun {
        defer { indexer.trim() }
        let result = text.withUnsafeBufferPointer { text -> Result<EventCollector, ScanError> in
            var reader = BatchReader(eventSizeMaxBytes: .max)
            do throws(JSONFault) {
                if !text.isEmpty { try readRun(text, into: &reader) }
            } catch {
                return .failure(.syntax(error))
            }
            if let refusal = reader.refusal(.refuse) { return .failure(refusal) }
            return .success(reader.events)
        }
        let events = try result.get()
        return EventRun(text: text, events: events.facts, summary: events.summary)
    }

    private func read(
        _ body: UnsafeBufferPointer<UInt8>, _ format: Format, into reader: inout BatchReader
    ) throws(JSONFault) {
        switch format {
        case .json: try readDocument(body, into: &reader)
        case .ndjson: readLines(of: body, into: &reader)
        case .detect:
            if isLines(body) {
                readLines(of: body, into: &reader)
            } else {
                try readDocument(body, into: &reader)
            }
        }
    }

    /// Whether a body is NDJSON: it begins with an object, and either that is a line by itself and others follow, or it
    /// is all and no envelope. Later lines have no say, so that a broken one does not change what the body is.
    private func isLines(_ body: UnsafeBufferPointer<UInt8>) -> Bool {
        var lines = LineCursor(body)
        guard let first = lines.next(), body[first.lowerBound] == UInt8(ascii: "{") else { return false }
        let isAlone = lines.next() == nil
        let line = UnsafeBufferPointer(rebasing: body[first])
        // The common envelope is one long line: it shows what it is without being walked twice.
        if isAlone, BatchReader.beginsAsEnvelope(line) { return false }
        guard var tape = try? indexer.tape(of: line) else { return false }
        var envelope = EnvelopeProbe()
        guard (try? tape.walk(&envelope)) != nil, tape.cursor == tape.count else { return false }
        return !isAlone || !envelope.hasEvents
    }

    private func readDocument(
        _ body: UnsafeBufferPointer<UInt8>, into reader: inout BatchReader
    ) throws(JSONFault) {
        var tape = try indexer.tape(of: body)
        switch tape.byte {
        case UInt8(ascii: "["): try reader.readArray(&tape)
        case UInt8(ascii: "{"): try reader.readEnvelope(&tape)
        default: try reader.readOther(&tape)
        }
        try tape.expectEnd()
    }

    private func readRun(_ text: UnsafeBufferPointer<UInt8>, into reader: inout BatchReader) throws(JSONFault) {
        var tape = try indexer.tape(of: text)
        repeat { try reader.events.take(from: &tape) } while tape.consume(",")
        try tape.expectEnd()
    }

    private func readLines(of body: UnsafeBufferPointer<UInt8>, into reader: inout BatchReader) {
        var lines = LineCursor(body)
        while let line = lines.next() {
            do throws(JSONFault) {
                var tape = try indexer.tape(of: UnsafeBufferPointer(rebasing: body[line]))
                try reader.events.take(from: &tape, endsTape: true, tapeOffsetBytes: line.lowerBound)
            } catch {
                let fault = JSONFault(error.reason, at: error.offsetBytes + line.lowerBound)
                reader.events.takeBad(at: line.lowerBound, .syntax(fault))
            }
        }
    }
}

/// What one write held.
package struct ScannedBatch: Sendable {
    /// The good events.
    package var run = EventRun()
    /// The envelope's `writer`, where there was one.
    package var writer: String?
    /// The envelope's `batch`, where there was one.
    package var batch: UInt64?
    /// What was left out under `.drop`.
    package var dropped = BadEvents()
}
