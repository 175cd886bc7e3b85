import ReelCodec
import ReelFormat
import ReelStore

/// Recordings as the API shows them: API.md "Recordings".
extension JSONWriter {
    mutating func recording(_ listed: ListedRecording) {
        let (row, metadata) = (listed.row, listed.metadata)
        object { json in
            json.member("number", row.number)
            json.member("id", row.id.description)
            json.member("status", row.status.name)
            guard row.status != .erased else {
                json.member("erased") { $0.time(row.endedMicroseconds) }
                return
            }
            json.member("created") { $0.time(row.createdMicroseconds) }
            json.member("last_received") { $0.time(row.lastReceivedMicroseconds) }
            json.end(row, metadata.end)
            json.member("predecessor") { $0.reference(metadata.predecessor) }
            for field in RecordingMetadata.textFields where field.name != "notes" {
                json.member(field.name, metadata[keyPath: field.path])
            }
            json.member("viewport") { $0.viewport(row.viewportWidth, row.viewportHeight) }
            json.member("tags") { json in
                json.array { json in
                    for tag in metadata.tags { json.string(tag) }
                }
            }
            json.member("notes", metadata.notes)
            json.member("pinned", metadata.isPinned)
            json.member("first_url", listed.summary.firstURL)
            json.member("last_url", listed.summary.lastURL)
            json.counters(row)
        }
    }

    /// What a recording's writer is told of it, who may not read it.
    mutating func recordingInBrief(_ listed: ListedRecording) {
        object { json in
            json.member("number", listed.row.number)
            json.member("id", listed.row.id.description)
            json.member("status", listed.row.status.name)
            json.end(listed.row, listed.metadata.end)
            json.member("events", listed.row.eventCount)
        }
    }

    private mutating func end(_ row: RecordingRow, _ end: RecordingEnd?) {
        // A recording that was idle and went on has its old end in the metadata until that is written again.
        let end = row.status == .recording ? nil : end
        member("ended") { json in
            if row.status == .recording { json.null() } else { json.time(row.endedMicroseconds) }
        }
        member("end_reason") { json in
            if let end { json.string(end.reason.rawValue) } else { json.null() }
        }
        member("successor") { $0.reference(end?.successor) }
    }

    private mutating func counters(_ row: RecordingRow) {
        let hasEvents = row.eventCount > 0
        member("first_event") { json in
            if hasEvents { json.time(row.leastTimestampMicroseconds) } else { json.null() }
        }
        member("last_event") { json in
            if hasEvents { json.time(row.greatestTimestampMicroseconds) } else { json.null() }
        }
        let (span, overflows) = row.greatestTimestampMicroseconds.subtractingReportingOverflow(
            row.leastTimestampMicroseconds)
        member("duration_ms", hasEvents ? (overflows ? Int64.max : span) / 1_000 : 0)
        member("active_ms", row.activeMicroseconds / 1_000)
        member("events", row.eventCount)
        member("lost_events", row.lostEventCount)
        member("clicks", row.clicks)
        member("inputs", row.inputs)
        member("pages", row.pages)
        member("console_errors", row.consoleErrors)
        member("requests", row.requests)
        member("failed_requests", row.failedRequests)
        member("has") { $0.content(row.content) }
        member("raw_bytes", row.rawSizeBytes)
        member("stored_bytes", row.storedSizeBytes)
        member("frames", row.frameCount)
        member("generation", row.generation)
    }

    mutating func reference(_ reference: RecordingReference?) {
        guard let reference else { return null() }
        object { json in
            json.member("number", reference.number)
            json.member("id", reference.id.description)
        }
    }

    /// The kinds of content as words.
    mutating func content(_ flags: ContentFlags) {
        array { json in
            for (name, flag) in ContentFlags.named where flags.contains(flag) { json.string(name) }
        }
    }

    private mutating func viewport(_ width: UInt16, _ height: UInt16) {
        guard width > 0 || height > 0 else { return null() }
        object { json in
            json.member("width", width)
            json.member("height", height)
        }
    }
}

extension RecordingStatus {
    fileprivate var name: String {
        switch self {
        case .recording: "recording"
        case .idle: "idle"
        case .ended: "ended"
        case .erased: "erased"
        }
    }
}
