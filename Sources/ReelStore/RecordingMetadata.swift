import ReelCodec

/// What is known of a recording beside its events: the payload of every metadata frame, as JSON.
package struct RecordingMetadata: Sendable, Equatable {
    package var id = UUIDv7.unknown
    package var createdMicroseconds: Int64 = 0
    package var project = ""
    package var session = ""
    package var window = ""
    package var user = ""
    package var ticket = ""
    package var activity = ""
    package var brand = ""
    /// Where the recording was started, as the client says.
    package var url = ""
    package var browser = ""
    /// CSS pixels; 0 unknown.
    package var viewportWidth: UInt16 = 0
    package var viewportHeight: UInt16 = 0
    package var tags: [String] = []
    package var notes = ""
    /// Kept whatever retention says (legal hold).
    package var isPinned = false
    package var end: RecordingEnd?
    package var predecessor: RecordingReference?

    package init() {}
}

/// How a recording ended.
package struct RecordingEnd: Sendable, Equatable {
    package var reason: EndReason
    /// The server's clock, microseconds since 1970.
    package var atMicroseconds: Int64
    /// Where writing goes on after a limit was reached.
    package var successor: RecordingReference?

    package init(reason: EndReason, atMicroseconds: Int64, successor: RecordingReference?) {
        self.reason = reason
        self.atMicroseconds = atMicroseconds
        self.successor = successor
    }
}

/// A change of metadata: what is nil stays.
package struct MetadataChange: Sendable, Equatable {
    package var user: String?
    package var ticket: String?
    package var tags: [String]?
    package var notes: String?
    package var isPinned: Bool?

    package init() {}
}

extension RecordingMetadata {
    mutating func apply(_ change: MetadataChange) {
        user = change.user ?? user
        ticket = change.ticket ?? ticket
        tags = change.tags ?? tags
        notes = change.notes ?? notes
        isPinned = change.isPinned ?? isPinned
    }

    /// The string fields with their names in JSON, on disk and in the API.
    package static let textFields: [(name: String, path: WritableKeyPath<RecordingMetadata, String> & Sendable)] = [
        ("project", \.project), ("session", \.session), ("window", \.window), ("user", \.user),
        ("ticket", \.ticket), ("activity", \.activity), ("brand", \.brand), ("url", \.url), ("browser", \.browser),
        ("notes", \.notes),
    ]
}
