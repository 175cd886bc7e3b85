import ReelCodec
import ReelSystem
import ReelWeb

@testable import ReelHTTP
@testable import ReelServer
@testable import ReelStore

/// Whole requests, from a connection's bytes through reader, router, routes and store: every answer is one that API.md
/// knows, every document is what it says it is, and afterwards every recording still reads as JSON.
///
/// Each input gets the golden store anew, in memory, so that what failed once fails again.
enum RoutesTarget {
    private static let limits = RequestParser.Limits(
        headSizeMaxBytes: 4_096, targetSizeMaxBytes: 2_048, fieldCountMax: 30)
    private static let requestsMax = 6
    private static let waitMilliseconds = 60_000

    /// The golden store with its table of ids, which would take most of an opening to make.
    private static let files: [String: [UInt8]] = {
        let fileSystem = MemoryFileSystem(GoldenStore.files)
        open(fileSystem).close()
        return fileSystem.contents
    }()

    private static func open(_ fileSystem: MemoryFileSystem) -> Store {
        var options = StoreOptions()
        options.compaction.isAutomatic = false
        return claimed("the golden store opens") {
            try Store.open(GoldenStore.root, options: options, fileSystem: fileSystem, clock: StillClock())
        }
    }

    static func run(_ bytes: [UInt8]) {
        let store = open(MemoryFileSystem(files))
        var options = ServerOptions()
        options.token = "the-token-of-the-token-file"
        options.workerCount = 1
        options.bodySizeMaxBytes = 64 << 10
        options.inflatedSizeMaxBytes = 64 << 10
        options.eventSizeMaxBytes = 32 << 10
        let context = ServerContext(store: store, options: options, clock: StillClock()) { _ in }
        let router = Router(context: context) { nil }
        let isUnix = (bytes.first ?? 0) & 1 == 0
        let peer: Peer =
            isUnix
            ? .unix(userID: 0, groupIDs: [0], processID: 1) : .tcp(address: "127.0.0.1", port: 9)
        converse(Array(bytes.dropFirst()), router, peer)
        for number in 1..<(store.statistics.startedRecordingCount + 1) { check(store, number) }
        context.live.stop()
        context.compactions.close()
        context.workers.stop()
        store.close()
    }

    /// As a connection does it, one request after the other.
    private static func converse(_ stream: [UInt8], _ router: Router, _ peer: Peer) {
        var reader = RequestReader()
        var rest = 0..<stream.count
        var answered = 0
        while answered < requestsMax {
            switch reader.advance(stream, &rest, limits: limits) {
            case .needsMore: return
            case .refused(let refusal):
                return check(router.problem(for: refusal), to: nil)
            case .head(let head):
                switch router.admit(head, peer: peer) {
                case .refuse(let response):
                    check(response, to: head.method)
                    answered += 1
                    if head.framing != .none { return }
                    reader = RequestReader()
                case .accept(let limitBytes):
                    if (try? reader.accept(limitBytes: limitBytes)) == nil {
                        return check(router.problem(for: .bodyTooLarge), to: head.method)
                    }
                }
            case .whole(let head, let body):
                let answer = Monitor<Response?>(nil)
                let request = Request(head: head, body: body, peer: peer, share: nil)
                router.respond(to: request, reply: Reply { response in answer.broadcast { $0 = response } })
                let response = answer.wait(timeoutMilliseconds: waitMilliseconds) { $0 }
                check(claimed(response, "\(head.method) \(head.path) is not answered"), to: head.method)
                answered += 1
            }
        }
    }

    // MARK: Answers

    private static func check(_ response: Response, to method: Method?) {
        let headers = response.headers
        let type = headers["Content-Type"] ?? ""
        if let live = liveStream(response, type) { return open(live) }
        let body = method == .head ? nil : content(of: response)
        switch response.status {
        case 200, 201:
            guard var text = body else { return }
            if headers["Content-Encoding"] == "gzip" {
                guard case .text(let plain) = Zlib.gunzip(text, limitBytes: 1 << 24) else {
                    return claim(false, "a document is no gzip")
                }
                text = plain
            }
            switch type {
            case "application/json": claim(PlainJSON.parse(text) != nil, "a document is no JSON")
            case "application/x-ndjson":
                let lines = text.split(separator: 0x0A).map { Array($0) }
                claim(lines.allSatisfy { PlainJSON.parse($0) != nil }, "a line is no JSON")
            default: claim(type.hasPrefix("text/plain") || isAsset(text, type), "a document of type '\(type)'")
            }
        case 206: claim(headers["Content-Range"]?.hasPrefix("bytes ") == true, "a part without its place")
        case 304: claim(headers["ETag"] != nil, "not modified, and without a tag")
        case 404 where type == "application/json":
            claim(body.map { PlainJSON.parse($0) != nil } ?? true, "what a player is told is no JSON")
        default: problem(response, body ?? content(of: response))
        }
    }

    /// Whether it is a file of the page, byte for byte.
    private static func isAsset(_ bytes: [UInt8], _ type: String) -> Bool {
        WebAsset.names.compactMap(WebAsset.named).contains { $0.contentType == type && $0.bytes == bytes }
    }

    /// What goes on until somebody leaves; nil for an answer that ends.
    private static func liveStream(_ response: Response, _ type: String) -> (any BodyStream)? {
        switch response.body {
        case .webSocket(let stream): stream
        case .stream(let stream, _) where type == "text/event-stream": stream
        default: nil
        }
    }

    /// Watches, and leaves without waiting for anything.
    private static func open(_ live: any BodyStream) {
        live.demand(BodySink { _, _ in })
        live.cancel()
    }

    private static func problem(_ response: Response, _ body: [UInt8]) {
        claim(response.headers["Content-Type"] == "application/problem+json", "status \(response.status) is no problem")
        let text = String(decoding: body, as: UTF8.self)
        let json = claimed("a problem is JSON: \(text)") { try JSONValue(parsing: body) }
        let name = claimed(json["type"]?.string, "a problem without a type: \(text)")
        claim(name.hasPrefix(ProblemType.prefix), "a problem of type \(name)")
        let type = claimed(
            ProblemType(rawValue: String(name.dropFirst(ProblemType.prefix.count))), "a problem of type \(name)")
        claim(type.row.status == response.status && json["status"]?.integer == Int64(response.status), "\(text)")
        claim(json["title"]?.string?.isEmpty == false && json["detail"]?.string?.isEmpty == false, "\(text)")
        claim(json["retry"]?.bool == type.row.isRetryable, "\(text)")
        // Nothing that is asked may make the daemon fail.
        claim(![.storageFailed, .damaged, .outcomeUnknown, .readOnly].contains(type), "\(text)")
    }

    private static func content(of response: Response) -> [UInt8] {
        switch response.body {
        case .none: return []
        case .bytes(let bytes): return bytes
        case .webSocket: return claimed(nil, "a WebSocket that nobody watches")
        case .stream(let stream, let length):
            var content: [UInt8] = []
            while true {
                let piece = Monitor<(bytes: [UInt8]?, isLast: Bool)?>(nil)
                stream.demand(BodySink { bytes, isLast in piece.broadcast { $0 = (bytes, isLast) } })
                let got = claimed(piece.wait(timeoutMilliseconds: waitMilliseconds) { $0 }, "a stream stops")
                content += claimed(got.bytes, "a sound document breaks off")
                if got.isLast { break }
            }
            if let length { claim(content.count == length, "\(content.count) bytes instead of \(length)") }
            return content
        }
    }

    // MARK: What the store holds afterwards

    private static func check(_ store: Store, _ number: UInt64) {
        let snapshot: RecordingSnapshot
        do throws(StoreError) {
            snapshot = try store.snapshot(number)
        } catch {
            if case .erased = error { return }
            return claim(false, "recording \(number) cannot be read: \(error)")
        }
        let plain = text(SpliceReader(snapshot, coding: .identity))
        let gzip = text(SpliceReader(snapshot, coding: .gzip))
        claim(Zlib.gunzip(gzip, limitBytes: plain.count) == .text(plain), "the two codings differ")
        let node = claimed(PlainJSON.parse(plain), "recording \(number) is no JSON")
        guard case .array(let events) = node.value else { return claim(false, "recording \(number) is no array") }
        claim(events.count == Int(snapshot.eventCount), "\(events.count) events, and not \(snapshot.eventCount)")
        claim(snapshot.row.eventCount == snapshot.eventCount, "the row of \(number) counts otherwise")
    }

    private static func text(_ reader: SpliceReader) -> [UInt8] {
        var text: [UInt8] = []
        while let piece = claimed("a sound recording is read", { try reader.nextPiece() }) { text += piece }
        return text
    }
}
