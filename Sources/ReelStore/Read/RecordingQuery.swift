import ReelCodec
import ReelFormat
import ReelSystem

/// Which recordings a list asks for. All conditions must hold.
package struct RecordingQuery: Sendable, Equatable {
    /// A field and the value it must have exactly; for `.tag` one of the tags, for `.urlWord` a word of a page's host
    /// or path.
    package struct Equality: Sendable, Equatable {
        package var field: FilterField
        package var value: String

        package init(field: FilterField, value: String) {
            self.field = field
            self.value = value
        }
    }

    package var equalities: [Equality] = []
    /// Empty: all but erased ones.
    package var statuses: Set<RecordingStatus> = []
    /// Kinds of content that must all be there.
    package var content: ContentFlags = []
    package var isPinned: Bool?
    /// When the recording began, server time, microseconds since 1970; both ends included.
    package var sinceMicroseconds: Int64?
    package var untilMicroseconds: Int64?
    /// Text that metadata or the first or last URL must contain, whatever the case; found by reading candidates.
    package var text = ""

    package init() {}
}

/// A recording in a list.
package struct ListedRecording: Sendable {
    package var row: RecordingRow
    package var summary: SummarySlot
    package var metadata: RecordingMetadata
}

/// A page of a list, newest first.
package struct RecordingPage: Sendable {
    package var recordings: [ListedRecording] = []
    /// The next page begins below this number; nil where there is none.
    package var next: UInt64?
    /// Whether everything down to `next` was looked at: false where the page ended early for its time.
    package var isComplete = true
    /// Recordings left out because their metadata is damaged.
    package var damage: [Corruption] = []
    /// Recordings left out because the disk did not give their metadata; it may the next time.
    package var failures: [SystemError] = []
}
