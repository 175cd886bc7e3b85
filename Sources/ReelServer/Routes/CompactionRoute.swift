import ReelCodec
import ReelHTTP
import ReelStore

/// `POST /v1/store/compact`: retention and compaction on demand.
enum CompactionRoute {
    static func compact(_ request: Request, _ exchange: Exchange) {
        let wish: VacuumRequest
        do throws(Problem) {
            wish = try VacuumRequest(Query(request.query))
        } catch {
            return exchange.send(error)
        }
        let answer = LongAnswer(exchange)
        let context = exchange.context
        // Ends the waiting, not the compaction.
        let isTaken = context.compactions.begin(stop: answer.cancel) { leave in
            context.store.vacuum(wish) { result in
                leave()
                answer.give(json(of: result, wish, context))
            }
            answer.wait()
        }
        if !isTaken {
            exchange.send(Problem(.busy, "A compaction that was asked for is at work. Wait for its end."))
        }
    }

    private static func json(
        of result: Result<CompactionReport, StoreError>, _ wish: VacuumRequest, _ context: ServerContext
    ) -> Result<[UInt8], Problem> {
        switch result {
        case .failure(let error): return .failure(context.problem(error, "of this store"))
        case .success(let report):
            context.noteWritten()
            return .success(json(of: report, wish))
        }
    }

    private static func json(of report: CompactionReport, _ wish: VacuumRequest) -> [UInt8] {
        var json = JSONWriter()
        json.object { json in
            json.member("segments", report.segmentCount)
            json.member("bytes_before", report.bytesBefore)
            json.member("bytes_after", report.bytesAfter)
            json.member("segments_removed", report.unlinkedCount)
            json.member("recordings_removed", report.expired.recordingCount)
            json.member("recordings_removed_bytes", report.expired.sizeBytes)
            if let oldest = report.expired.oldestMicroseconds.flatMap(TimeText.text) { json.member("oldest", oldest) }
            if let newest = report.expired.newestMicroseconds.flatMap(TimeText.text) { json.member("newest", newest) }
            if wish.isDryRun { json.member("dry_run", true) }
            if let wait = report.wait { json.member("waits", wait.sentence) }
        }
        return json.bytes
    }
}

extension VacuumRequest {
    /// `max_age` (seconds), `max_size` (bytes), `dry_run` and `confirm` (1).
    fileprivate init(_ query: Query) throws(Problem) {
        self.init()
        try query.allow(["max_age", "max_size", "dry_run", "confirm"])
        // A thousand years, which fits microseconds well.
        ageMaxMicroseconds = try query.number("max_age", in: 1...31_536_000_000).map { Int64($0) * 1_000_000 }
        sizeMaxBytes = try query.number("max_size", in: 1...1 << 60)
        isDryRun = try query.number("dry_run", in: 0...1) == 1
        isConfirmed = try query.number("confirm", in: 0...1) == 1
    }
}
