import ReelCodec
import ReelHTTP
import ReelStore

/// `POST /v1/recordings/{r}/events`: a body becomes a batch in the log. The way of an event, top to bottom.
enum BatchRoute {
    /// What is larger once inflated waits until no other such body is in work.
    static let largeSizeBytes = 4 << 20

    static func append(
        _ name: RecordingName, _ grant: Access.Grant, _ request: Request, _ exchange: Exchange
    ) {
        exchange.onWorker { () throws(Problem) in
            let context = exchange.context
            let headers = try BatchHeaders(request.head)
            let number = try context.number(of: name)
            try context.verify(grant, for: name, number: number)
            context.metrics.bodyBytes.add(request.body.count)
            if let text = try text(of: request, headers, context, sizeMaxBytes: largeSizeBytes) {
                return try append(text, headers, to: number, name, exchange)
            }
            exchange.onLargeBodyLane { () throws(Problem) in
                if let text = try text(of: request, headers, context, sizeMaxBytes: .max) {
                    try append(text, headers, to: number, name, exchange)
                }
            }
        }
    }

    private static func append(
        _ text: [UInt8], _ headers: BatchHeaders, to number: UInt64, _ name: RecordingName, _ exchange: Exchange
    ) throws(Problem) {
        let context = exchange.context
        let scanned = try scan(text, headers, context)
        let key = try headers.number(scanned)
        guard scanned.run.summary.eventCount > 0 else {
            return try answerEmpty(name, number, dropped: scanned.dropped.count, exchange)
        }
        let batch = context.store.prepare(scanned.run, writer: key?.writer, batch: key?.batch)
        let dropped = scanned.dropped.count
        try context.attempt("\(name)") { (store) throws(StoreError) in
            try store.append(batch, to: number) { result in
                exchange.finish(result, "\(name)") { receipt in
                    context.metrics.note(receipt, dropped: dropped)
                    let json = answer(
                        receipt.recording, first: receipt.firstOrdinal, count: receipt.eventCount,
                        dropped: dropped, isDuplicate: receipt.isDuplicate)
                    exchange.send(json: json, status: receipt.isDuplicate ? 200 : 201)
                }
            }
        }
    }

    /// The body as it is, or inflated where it is gzip, whatever its headers call it; nil where it has more than
    /// `sizeMaxBytes`, though no more than the limit on bodies.
    private static func text(
        of request: Request, _ headers: BatchHeaders, _ context: ServerContext, sizeMaxBytes: Int
    ) throws(Problem) -> [UInt8]? {
        guard request.body.count <= sizeMaxBytes else { return nil }
        guard headers.isGzip || GzipBody.isGzip(request.body) else { return request.body }
        let limit = context.options.inflatedSizeMaxBytes
        do throws(GzipError) {
            return try GzipBody.inflate(request.body, limitBytes: min(limit, sizeMaxBytes))
        } catch .tooLarge where sizeMaxBytes < limit {
            return nil
        } catch {
            throw Problem(error)
        }
    }

    private static func scan(
        _ text: [UInt8], _ headers: BatchHeaders, _ context: ServerContext
    ) throws(Problem) -> ScannedBatch {
        context.metrics.rawBytes.add(text.count)
        do {
            return try context.scanners.borrow { (scanner) throws(ScanError) in
                try scanner.scan(text, format: headers.format, policy: headers.policy)
            }
        } catch {
            throw Problem(error)
        }
    }

    /// A batch without events changes nothing, but says whether the recording is there.
    private static func answerEmpty(
        _ name: RecordingName, _ number: UInt64, dropped: Int, _ exchange: Exchange
    ) throws(Problem) {
        do {
            let row = try exchange.context.store.recording(number).row
            exchange.context.metrics.droppedEvents.add(dropped)
            exchange.send(
                json: answer(number, first: row.eventCount, count: 0, dropped: dropped, isDuplicate: false))
        } catch {
            throw exchange.context.problem(error, name)
        }
    }

    private static func answer(
        _ recording: UInt64, first: UInt64, count: UInt32, dropped: Int, isDuplicate: Bool
    ) -> [UInt8] {
        var json = JSONWriter(capacityBytes: 128)
        json.object { json in
            json.member("recording", recording)
            json.member("first", first)
            json.member("count", count)
            json.member("dropped", dropped)
            json.member("duplicate", isDuplicate)
        }
        return json.bytes
    }
}

extension ServerMetrics {
    fileprivate func note(_ receipt: AppendReceipt, dropped: Int) {
        if receipt.isDuplicate {
            duplicateBatches.add()
        } else {
            batches.add()
            events.add(Int(receipt.eventCount))
            droppedEvents.add(dropped)
        }
    }
}
