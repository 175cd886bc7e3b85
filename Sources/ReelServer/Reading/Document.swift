import ReelHTTP
import ReelStore

/// Content of a recording on its way out.
struct Document: Sendable {
    enum Coding: String, Sendable { case gzip, identity }

    var source: any PieceSource
    var contentType = "application/json"
    var coding = Coding.identity
    /// Nil where it is not known before all is made.
    var lengthBytes: Int?
    /// Nil for selections: they are made anew each time.
    var tag: EntityTag?
    /// For errors.
    var recording: String
    /// Beside what every document has.
    var headers = Headers()

    /// A document this small goes out in one piece, without a stream.
    static let inlineSizeMaxBytes = 64 << 10
}

extension Exchange {
    /// Answers with a document, or with what the request's conditions make of it: 304, 206, 416. On a worker's thread.
    ///
    /// - Throws: what reading a small document meets; of a larger one it breaks the answer off.
    func send(_ document: Document, to request: Headers) throws(Problem) {
        var headers = document.headers
        headers.append("Content-Type", document.contentType)
        headers.append("Cache-Control", "private, no-cache")
        headers.append("Vary", "Accept-Encoding")
        // The content was written by whatever page was recorded.
        headers.append("X-Content-Type-Options", "nosniff")
        if document.coding == .gzip { headers.append("Content-Encoding", "gzip") }
        guard let tag = document.tag, let length = document.lengthBytes else {
            return send(Response(status: 200, headers: headers, body: try body(of: document)))
        }
        headers.append("ETag", tag.text)
        if tag.satisfies(noneMatch: request) { return send(Response(status: 304, headers: headers)) }
        headers.append("Accept-Ranges", "bytes")
        let range = method == .get && tag.allowsRange(request) ? ByteRange(request["Range"], sizeBytes: length) : .whole
        switch range {
        case .whole: send(Response(status: 200, headers: headers, body: try body(of: document)))
        case .part(let range):
            headers.append("Content-Range", "bytes \(range.lowerBound)-\(range.upperBound - 1)/\(length)")
            var part = document
            part.source = RangeSource(document.source, range)
            part.lengthBytes = range.count
            // The tag is the whole's.
            part.tag = nil
            send(Response(status: 206, headers: headers, body: try body(of: part)))
        case .unsatisfiable:
            var problem = Problem(.rangeNotSatisfiable, "The document has \(length) bytes.", .size(length))
            problem.headers.append("Content-Range", "bytes */\(length)")
            throw problem
        }
    }

    private func body(of document: Document) throws(Problem) -> Body {
        let stream = { (first: [UInt8]?, share: MemoryShare?) -> Body in
            let stream = PieceStream(
                document.source, context, recording: document.recording, first: first, share: share)
            return .stream(stream, lengthBytes: document.lengthBytes)
        }
        let budget = context.options.http.memory
        let isLarge = document.lengthBytes.map { $0 > Document.inlineSizeMaxBytes } ?? false
        if isLarge, method != .head, let tag = document.tag, let length = document.lengthBytes,
            let shared = context.sharedDocuments.document(tag, sizeBytes: length, document.source)
        {
            let stream = SharedStream(shared, context, recording: document.recording)
            return .stream(stream, lengthBytes: length)
        }
        // Of what HEAD asks nothing is sent, and a large document begins when there is room for it.
        guard method != .head, !isLarge,
            let share = budget.tryShare(
                PieceStream.shareSizeBytes(document.source, of: budget), for: .piece)
        else { return stream(nil, nil) }
        do throws(StoreError) {
            var gathered: [UInt8] = []
            while gathered.count <= Document.inlineSizeMaxBytes {
                guard let piece = try document.source.nextPiece() else { return .bytes(gathered) }
                gathered = gathered.isEmpty ? piece : gathered + piece
            }
            return stream(gathered, share)
        } catch {
            throw context.problem(error, document.recording)
        }
    }
}
