import ReelCodec
import ReelHTTP

/// How a path names a recording.
enum RecordingName: Sendable, Equatable, CustomStringConvertible {
    case number(UInt64)
    case id(UUIDv7)

    /// Nil for what is neither digits of a number from 1 on, nor a version 7 UUID.
    init?(_ text: some StringProtocol) {
        if let number = UInt64(digits: text), number > 0 {
            self = .number(number)
        } else if text.utf8.count == 36, let id = UUIDv7(String(text)) {
            self = .id(id)
        } else {
            return nil
        }
    }

    var description: String {
        switch self {
        case .number(let number): "\(number)"
        case .id(let id): "\(id)"
        }
    }
}

/// What a path leads to.
enum Route: Sendable, Equatable {
    case recordings
    case recording(RecordingName)
    case events(RecordingName)
    case end(RecordingName)
    case live(RecordingName)
    case liveList
    case chunks(RecordingName)
    case chunk(RecordingName, first: UInt64)
    case playerEvents
    case erase
    case store
    case compact
    case snapshot
    case healthz
    case readyz
    case metrics
    /// A file of the page, by its name.
    case asset(String)

    /// Finds the route of a path, percent-encoded as it came. Nothing that needs an escape leads anywhere, so none is
    /// decoded.
    ///
    /// - Throws: `unknown-path`, or `unknown-recording` and `unknown-chunk` for a name that cannot be one's.
    init(path: String) throws(Problem) {
        let segments = path.utf8.split(separator: UInt8(ascii: "/"), maxSplits: 8, omittingEmptySubsequences: false)
            .dropFirst().map { Substring($0) }
        switch (segments.first, segments.count) {
        case ("", 1): self = .asset("list.html")
        // Whether there is such a recording the page asks itself, and says it in words.
        case ("recorder.js", 1): self = .asset("recorder.js")
        case ("demo", 1): self = .asset("demo.html")
        case ("recordings", 2): self = .asset("player.html")
        case ("assets", 2): self = .asset(String(segments[1]))
        case ("healthz", 1): self = .healthz
        case ("readyz", 1): self = .readyz
        case ("metrics", 1): self = .metrics
        case ("api", 2) where segments[1] == "events": self = .playerEvents
        case ("v1", 2) where segments[1] == "recordings": self = .recordings
        case ("v1", 2) where segments[1] == "live": self = .liveList
        case ("v1", 2) where segments[1] == "erase": self = .erase
        case ("v1", 2) where segments[1] == "store": self = .store
        case ("v1", 3) where segments[1] == "store" && segments[2] == "compact": self = .compact
        case ("v1", 3) where segments[1] == "store" && segments[2] == "snapshot": self = .snapshot
        case ("v1", 3...5) where segments[1] == "recordings": self = try Route.within(segments)
        default: throw Route.nowhere
        }
    }

    /// `/v1/recordings/{r}` and what is below it.
    private static func within(_ segments: [Substring]) throws(Problem) -> Route {
        guard let name = RecordingName(segments[2]) else {
            let shown = segments[2].count > 64 ? segments[2].prefix(64) + "…" : segments[2]
            throw Problem(
                .unknownRecording, "'\(shown)' is neither a recording's number (1, 2 …) nor a version 7 UUID.")
        }
        switch (segments.count, segments.count > 3 ? segments[3] : "") {
        case (3, _): return .recording(name)
        case (4, "events"): return .events(name)
        case (4, "end"): return .end(name)
        case (4, "live"): return .live(name)
        case (4, "chunks"): return .chunks(name)
        case (5, "chunks"):
            guard let first = UInt64(digits: segments[4]) else {
                throw Problem(.unknownChunk, "A chunk is named by the ordinal of its first event: 0, 50 ….")
            }
            return .chunk(name, first: first)
        default: throw nowhere
        }
    }

    static var nowhere: Problem {
        Problem(
            .unknownPath,
            "The page is at /, the API begins at /v1/recordings; there are /v1/erase, /v1/store, /healthz, /readyz and "
                + "/metrics too.")
    }

    /// The methods a route has, HEAD beside each GET.
    var methods: [Method] {
        switch self {
        case .recordings: [.get, .head, .post]
        case .recording: [.get, .head, .patch, .delete]
        case .events: [.get, .head, .post]
        case .end, .erase, .compact, .snapshot: [.post]
        case .live, .liveList, .chunks, .chunk, .playerEvents, .store, .healthz, .readyz, .metrics, .asset:
            [.get, .head]
        }
    }

    func require(_ method: Method) throws(Problem) {
        guard !methods.contains(method) else { return }
        let names = methods.map(\.rawValue).joined(separator: ", ")
        var problem = Problem(.methodNotAllowed, "Here are: \(names).")
        problem.headers.append("Allow", names)
        throw problem
    }

    /// A name without the recording, for metrics.
    var label: String {
        switch self {
        case .recordings: "recordings"
        case .recording: "recording"
        case .events: "events"
        case .end: "end"
        case .live: "live"
        case .liveList: "live_list"
        case .chunks: "chunks"
        case .chunk: "chunk"
        case .playerEvents: "player_events"
        case .erase: "erase"
        case .store: "store"
        case .compact: "compact"
        case .snapshot: "snapshot"
        case .healthz: "healthz"
        case .readyz: "readyz"
        case .metrics: "metrics"
        case .asset: "page"
        }
    }
}
