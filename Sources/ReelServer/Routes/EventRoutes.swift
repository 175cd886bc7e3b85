import ReelHTTP
import ReelStore

/// `GET /v1/recordings/{r}/events`, and `GET /api/events` for players that ask for an activity.
enum EventRoutes {
    static func read(_ name: RecordingName, _ request: Request, _ exchange: Exchange) {
        exchange.onWorker { () throws(Problem) in
            let query = try EventQuery(request)
            let snapshot = try exchange.context.snapshot(of: name)
            if query.selection.isAll, !query.skipsDamaged { try exchange.context.requireWhole(snapshot, name) }
            try exchange.context.requireArchive(of: query.selection.frames(of: snapshot), name)
            var document =
                query.selection.isAll && query.format == .json
                ? Document.whole(
                    snapshot, name, prefersGzip: ContentCoding.prefersGzip(request.headers),
                    skipsDamaged: query.skipsDamaged)
                : selected(snapshot, name, query)
            // Where a reader who follows the recording goes on.
            document.headers.append("Reeld-Events", "\(snapshot.eventCount)")
            try exchange.send(document, to: request.headers)
        }
    }

    private static func selected(
        _ snapshot: RecordingSnapshot, _ name: RecordingName, _ query: EventQuery
    ) -> Document {
        let layout: SelectionReader.Layout =
            switch query.format {
            case .json: .array(prefix: "[", suffix: "]")
            case .ndjson: .lines
            }
        let reader = SelectionReader(snapshot, query.selection, layout: layout, skipsDamaged: query.skipsDamaged)
        var document = Document(source: reader, recording: "\(name)")
        if query.format == .ndjson { document.contentType = "application/x-ndjson" }
        return document
    }

    /// `?activity_id=N`, and `damaged=skip`. Players append parameters of their own, against caches: they are let pass.
    static func play(_ request: Request, _ exchange: Exchange) {
        exchange.onWorker { () throws(Problem) in
            let query = try Query(request.query)
            guard let text = try query.text("activity_id") else {
                throw .badQuery("activity_id", "is missing; write the recording's number")
            }
            guard let name = RecordingName(text) else {
                return exchange.send(unknownActivity("There is no activity of that id."))
            }
            let snapshot: RecordingSnapshot
            do throws(Problem) {
                snapshot = try exchange.context.snapshot(of: name)
            } catch {
                guard [.unknownRecording, .erased, .expired].contains(error.type) else { throw error }
                return exchange.send(unknownActivity("Activity \(name) not found"))
            }
            let skipsDamaged = try EventQuery.skipsDamaged(query)
            if !skipsDamaged { try exchange.context.requireWhole(snapshot, name) }
            try exchange.context.requireArchive(of: snapshot.frames, name)
            let document = Document.whole(
                snapshot, name, prefersGzip: ContentCoding.prefersGzip(request.headers), prefix: "{\"events\":[",
                suffix: "]}", skipsDamaged: skipsDamaged)
            try exchange.send(document, to: request.headers)
        }
    }

    /// What the players that call `/api/events` look for: no problem document, but `detail` alone.
    private static func unknownActivity(_ detail: String) -> Response {
        Response(
            status: 404, headers: ["Content-Type": "application/json", "Cache-Control": "no-store"],
            body: .bytes(Array("{\"detail\":\"\(detail)\"}\n".utf8)))
    }
}

extension Document {
    /// All events of a snapshot as one JSON document.
    static func whole(
        _ snapshot: RecordingSnapshot, _ name: RecordingName, prefersGzip: Bool, prefix: String = "[",
        suffix: String = "]", skipsDamaged: Bool = false
    ) -> Document {
        let reader = SpliceReader(
            snapshot, coding: prefersGzip ? .gzip : .identity, prefix: prefix, suffix: suffix,
            skipsDamaged: skipsDamaged)
        var document = Document(source: reader, recording: "\(name)")
        document.coding = prefersGzip ? .gzip : .identity
        document.lengthBytes = reader.lengthBytes
        // With damage left out the bytes depend on the disk, and not on the frames alone.
        if !skipsDamaged {
            document.tag = EntityTag([
                "\(snapshot.row.id)", "\(snapshot.eventCount)", "\(snapshot.generation)", "\(snapshot.frames.count)",
                "\(prefix.utf8.count)", document.coding.rawValue,
            ])
        }
        return document
    }
}

extension ServerContext {
    /// The recording as it is now.
    func snapshot(of name: RecordingName) throws(Problem) -> RecordingSnapshot {
        let number = try number(of: name)
        do { return try store.snapshot(number) } catch { throw problem(error, name) }
    }

    /// Refuses, before an answer begins, what is known to lack events: an answer that only breaks off does not say why.
    func requireWhole(_ snapshot: RecordingSnapshot, _ name: RecordingName) throws(Problem) {
        if let gap = snapshot.gap { throw problem(.damaged(gap.damage), name) }
    }

    /// Refuses, before an answer begins, what could not be read to its end: events in an archive that is away.
    func requireArchive(of frames: [LocatedFrame], _ name: RecordingName) throws(Problem) {
        do { try store.requireArchive(of: frames) } catch { throw problem(error, name) }
    }
}
