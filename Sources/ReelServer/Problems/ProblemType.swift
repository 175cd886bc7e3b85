/// Every kind of error the API has. The raw value is the stable name in `urn:reeld:problem:<name>`: clients decide by
/// it, so a name is never changed and never used for something else.
package enum ProblemType: String, CaseIterable, Sendable {
    // The request itself.
    case badRequestLine = "bad-request-line"
    case badTarget = "bad-target"
    case badField = "bad-field"
    case badHost = "bad-host"
    case badLength = "bad-length"
    case badChunk = "bad-chunk"
    case ambiguousLength = "ambiguous-length"
    case targetTooLong = "target-too-long"
    case headTooLarge = "head-too-large"
    case bodyTooLarge = "body-too-large"
    case unknownMethod = "unknown-method"
    case unknownVersion = "unknown-http-version"
    case unknownTransferCoding = "unknown-transfer-coding"
    case unknownExpectation = "unknown-expectation"
    case headTimeout = "head-timeout"
    case bodyTimeout = "body-timeout"
    case unknownPath = "unknown-path"
    case methodNotAllowed = "method-not-allowed"
    case badQuery = "bad-query"
    case unsupportedMediaType = "unsupported-media-type"
    case unsupportedContentCoding = "unsupported-content-coding"
    case rangeNotSatisfiable = "range-not-satisfiable"
    case badHandshake = "bad-handshake"
    case websocketVersion = "unknown-websocket-version"

    // Who asks.
    case wrongHost = "wrong-host"
    case foreignOrigin = "foreign-origin"
    case foreignPeer = "foreign-peer"
    case missingRole = "missing-role"
    case missingToken = "missing-token"
    case wrongToken = "wrong-token"
    case wrongWriteToken = "wrong-write-token"

    // The body.
    case badGzip = "bad-gzip"
    case inflatedTooLarge = "inflated-too-large"
    case badJSON = "bad-json"
    case notABatch = "not-a-batch"
    case badEnvelope = "bad-envelope"
    case badEvents = "bad-events"
    case eventTooLarge = "event-too-large"
    case badBatchNumber = "bad-batch-number"
    case badMetadata = "bad-metadata"
    case badID = "bad-id"
    case badSelection = "bad-selection"
    case badSnapshot = "bad-snapshot"

    // The recording.
    case unknownRecording = "unknown-recording"
    case erased = "erased"
    case expired = "expired"
    case recordingEnded = "recording-ended"
    case recordingFull = "recording-full"
    case batchConflict = "batch-conflict"
    case batchTooOld = "batch-too-old"
    case held = "held"
    case ledgerFailed = "ledger-failed"
    case retentionWaits = "retention-waits"
    case snapshotExists = "snapshot-exists"
    case snapshotFailed = "snapshot-failed"
    case staleChunkTable = "stale-chunk-table"
    case unknownChunk = "unknown-chunk"

    // The daemon.
    case busy = "busy"
    case tooManyConnections = "too-many-connections"
    case replyOverdue = "reply-overdue"
    case queueFull = "queue-full"
    case outcomeUnknown = "outcome-unknown"
    case eraseIncomplete = "erase-incomplete"
    case diskFull = "disk-full"
    case overLimit = "over-limit"
    case readOnly = "read-only"
    case stopping = "stopping"
    case archiveOffline = "archive-offline"
    case damaged = "damaged"
    case storageFailed = "storage-failed"

    package static let prefix = "urn:reeld:problem:"

    /// A row of the table: what never changes from one occurrence to the next.
    package struct Row: Sendable, Equatable {
        /// The HTTP status.
        package var status: Int
        /// One line, the same for every occurrence (RFC 9457 §3.1.3).
        package var title: String
        /// Whether the same request may succeed later.
        package var isRetryable = false
        /// `Retry-After`; nil where waiting is not the point.
        package var retryAfterSeconds: Int?

        init(_ status: Int, _ title: String, retryAfterSeconds: Int? = nil, isRetryable: Bool? = nil) {
            self.status = status
            self.title = title
            self.retryAfterSeconds = retryAfterSeconds
            self.isRetryable = isRetryable ?? (retryAfterSeconds != nil)
        }
    }

    package var row: Row {
        switch self {
        case .badRequestLine: Row(400, "The request line is malformed")
        case .badTarget: Row(400, "The request target is malformed")
        case .badField: Row(400, "A header field is malformed")
        case .badHost: Row(400, "The Host field is missing or malformed")
        case .badLength: Row(400, "Content-Length is malformed")
        case .badChunk: Row(400, "The chunked body is malformed")
        case .ambiguousLength: Row(400, "The length of the body is ambiguous")
        case .targetTooLong: Row(414, "The request target is too long")
        case .headTooLarge: Row(431, "The header fields are too large")
        case .bodyTooLarge: Row(413, "The body is too large")
        case .unknownMethod: Row(501, "The method is unknown")
        case .unknownVersion: Row(505, "The version of HTTP is unknown")
        case .unknownTransferCoding: Row(501, "The transfer coding is unknown")
        case .unknownExpectation: Row(417, "The expectation cannot be met")
        case .headTimeout: Row(408, "The header fields came too slowly", isRetryable: true)
        case .bodyTimeout: Row(408, "The body came too slowly", isRetryable: true)
        case .unknownPath: Row(404, "There is nothing at this path")
        case .methodNotAllowed: Row(405, "The method is not for this path")
        case .badQuery: Row(400, "A query parameter is wrong")
        case .unsupportedMediaType: Row(415, "The media type is not taken")
        case .unsupportedContentCoding: Row(415, "The content coding is not taken")
        case .rangeNotSatisfiable: Row(416, "The range lies outside the document")
        case .badHandshake: Row(400, "The WebSocket's handshake is malformed")
        case .websocketVersion: Row(426, "The version of WebSocket is unknown")

        case .wrongHost: Row(421, "The Host is not this daemon")
        case .foreignOrigin: Row(403, "Pages of other origins are not served")
        case .foreignPeer: Row(403, "Other machines are not served")
        case .missingRole: Row(403, "The user's groups do not allow it")
        case .missingToken: Row(401, "A token is needed")
        case .wrongToken: Row(401, "The token is wrong")
        case .wrongWriteToken: Row(403, "The write token is not this recording's")

        case .badGzip: Row(400, "The body is not sound gzip")
        case .inflatedTooLarge: Row(413, "The inflated body is too large")
        case .badJSON: Row(400, "The body is not JSON")
        case .notABatch: Row(400, "The body is not a batch of events")
        case .badEnvelope: Row(400, "A member of the batch's envelope is wrong")
        case .badEvents: Row(400, "The batch has bad events")
        case .eventTooLarge: Row(413, "An event is too large")
        case .badBatchNumber: Row(400, "The batch's writer or number is wrong")
        case .badMetadata: Row(400, "A member of the metadata is wrong")
        case .badID: Row(400, "The id is not a version 7 UUID")
        case .badSnapshot: Row(400, "Where the snapshot is to be is not said right")
        case .badSelection: Row(400, "What is to be erased is not said right")

        case .unknownRecording: Row(404, "There is no such recording")
        case .erased: Row(410, "The recording was erased")
        case .expired: Row(410, "The recording has expired")
        case .recordingEnded: Row(409, "The recording has ended")
        case .recordingFull: Row(409, "The recording is full and goes on in another one")
        case .batchConflict: Row(409, "The batch number was used for other events")
        case .batchTooOld: Row(409, "The batch number is older than what is remembered")
        case .held: Row(409, "The recording is pinned")
        case .ledgerFailed:
            Row(503, "The recording is erased, and the ledger does not say so yet", retryAfterSeconds: 30)
        case .retentionWaits: Row(409, "The clock may be wrong")
        case .snapshotExists: Row(409, "The snapshot's place is taken")
        case .snapshotFailed: Row(500, "The snapshot could not be written")
        case .staleChunkTable: Row(409, "The chunk table has changed")
        case .unknownChunk: Row(404, "No chunk begins there")

        case .busy: Row(503, "The daemon is busy", retryAfterSeconds: 1)
        case .tooManyConnections: Row(503, "Too many connections are open", retryAfterSeconds: 1)
        case .replyOverdue: Row(503, "The answer took too long", retryAfterSeconds: 1)
        case .queueFull: Row(503, "Too much waits for the disk", retryAfterSeconds: 1)
        case .eraseIncomplete: Row(503, "The key could not be destroyed", retryAfterSeconds: 1)
        case .outcomeUnknown: Row(503, "Whether the change was made is not known", retryAfterSeconds: 1)
        case .diskFull: Row(507, "The disk is full", retryAfterSeconds: 30)
        case .overLimit: Row(507, "The store has as much as it may", retryAfterSeconds: 30)
        case .readOnly: Row(503, "The store takes no changes", retryAfterSeconds: 60)
        case .stopping: Row(503, "The daemon is stopping", retryAfterSeconds: 5)
        case .archiveOffline: Row(503, "The archive is away", retryAfterSeconds: 60)
        case .damaged: Row(500, "Stored bytes are damaged")
        case .storageFailed: Row(500, "The disk failed")
        }
    }
}
