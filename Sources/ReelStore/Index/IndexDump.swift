import ReelCodec
import ReelFormat

/// The index as text, a line a recording and a line a frame: equal for an index that grew and one that was rebuilt.
package struct IndexDump {
    private let context: StoreContext

    package init(_ store: Store) { context = store.context }

    /// Hands out line after line.
    package func write(_ line: (String) -> Void) throws(StoreError) {
        var number: UInt64 = 1
        while number < context.view.nextRecording {
            do {
                line(describe(try context.committedState(number)))
                for frame in try context.view.frames(of: number) { line(describe(frame)) }
            } catch StoreError.unknownRecording {
                line("recording \(number): none")
            } catch StoreError.expired(let cause) {
                line("recording \(number): expired by \(cause.name)")
            }
            number += 1
        }
    }

    private func describe(_ state: RecordingState) -> String {
        let row = state.row
        let fields: [(String, String)] = [
            ("id", row.id.description), ("status", "\(row.status)"), ("flags", "\(row.flags.rawValue)"),
            ("lsn", "\(row.lsn)"), ("created", "\(row.createdMicroseconds)"),
            ("received", "\(row.lastReceivedMicroseconds)"), ("ended", "\(row.endedMicroseconds)"),
            ("least", "\(row.leastTimestampMicroseconds)"), ("greatest", "\(row.greatestTimestampMicroseconds)"),
            ("events", "\(row.eventCount)"), ("lost", "\(row.lostEventCount)"), ("raw", "\(row.rawSizeBytes)"),
            ("stored", "\(row.storedSizeBytes)"),
            ("frames", "\(row.frameCount)"), ("generation", "\(row.generation)"), ("clicks", "\(row.clicks)"),
            ("inputs", "\(row.inputs)"), ("pages", "\(row.pages)"), ("errors", "\(row.consoleErrors)"),
            ("requests", "\(row.requests)"), ("failed", "\(row.failedRequests)"),
            ("active", "\(row.activeMicroseconds)"), ("lastActive", "\(row.lastActiveMicroseconds)"),
            ("content", "\(row.content.rawValue)"), ("types", "\(row.types)"), ("sources", "\(row.sources)"),
            ("viewport", "\(row.viewportWidth)x\(row.viewportHeight)"), ("successor", "\(row.successor)"),
            ("hashes", "\([row.user, row.session, row.project, row.ticket, row.activity, row.brand, row.window])"),
            ("tags", "\([row.tags.0, row.tags.1, row.tags.2, row.tags.3])"), ("urlWords", "\(row.urlWords)"),
            ("metadata", "\(row.metadataSegment):\(row.metadataOffsetBytes)"),
            ("first", state.summary.firstURL), ("last", state.summary.lastURL), ("words", "\(state.summary.words)"),
        ]
        return "recording \(row.number): " + fields.map { "\($0.0)=\($0.1)" }.joined(separator: " ")
    }

    private func describe(_ frame: LocatedFrame) -> String {
        let entry = frame.entry
        return
            "  \(entry.kind) \(frame.segment.number):\(entry.offsetBytes) lsn=\(entry.lsn) first=\(entry.firstOrdinal)"
            + " count=\(entry.eventCount) raw=\(entry.rawSizeBytes) stored=\(entry.storedSizeBytes)"
            + " generation=\(entry.generation)"
    }
}
