import ReelFormat

/// What retention has done since the store was opened, and what it waits for.
package struct RetentionStatus: Sendable, Equatable {
    /// Recordings and their bytes in the log, by cause.
    package private(set) var removed: [ExpiryCause: Removal] = [:]
    /// When it last looked at every recording, microseconds since 1970; nil: not yet.
    package var lastPassMicroseconds: Int64?
    /// What keeps it from removing by age; nil: nothing.
    package var ageWait: RetentionWait?
    /// What keeps it from making room; nil: nothing.
    package var roomWait: RetentionWait?

    /// Everything it waits for.
    package var waits: [RetentionWait] { [ageWait, roomWait].compactMap { $0 } }

    package struct Removal: Sendable, Equatable {
        package var recordingCount: UInt64 = 0
        package var sizeBytes: UInt64 = 0
    }

    mutating func note(_ receipt: ExpiryReceipt, by cause: ExpiryCause) {
        removed[cause, default: Removal()].recordingCount += receipt.recordingCount
        removed[cause, default: Removal()].sizeBytes += receipt.sizeBytes
    }
}

/// What retention waits for.
package enum RetentionWait: Sendable, Equatable {
    /// The clock is not synchronised, and the machine has not run for a day.
    case clockUnsynchronised
    /// The clock is so many microseconds before the newest frame.
    case clockBehind(microseconds: Int64)
    /// The clock moved by so much, and by it more than a tenth of the store would go: an admin is to say that it is right.
    case confirmation(movedMicroseconds: Int64, recordingCount: UInt64, sizeBytes: UInt64)
    /// There is too little room, and nothing that may be removed.
    case nothingRemovable(pinnedCount: UInt64, openCount: UInt64)
    /// What was removed still takes its room: compaction fails.
    case compactionFailed

    /// As metrics and answers name it.
    package var name: String {
        switch self {
        case .clockUnsynchronised: "clock-unsynchronised"
        case .clockBehind: "clock-behind"
        case .confirmation: "confirmation"
        case .nothingRemovable: "nothing-removable"
        case .compactionFailed: "compaction-failed"
        }
    }

    /// One sentence and what to do.
    package var sentence: String {
        switch self {
        case .clockUnsynchronised:
            return
                "Nothing is removed by age: the clock is not synchronised, and the machine has run for less than a day."
        case .clockBehind(let microseconds):
            return
                "Nothing is removed by age: the clock is \(days(microseconds)) before the newest entry of the log. Set it "
                + "right."
        case .confirmation(let moved, let count, let bytes):
            return
                "Nothing is removed by age: the clock moved by \(days(moved)), and \(count) recordings (\(bytes) bytes), more "
                + "than a tenth of the store, would go. If the clock is right, say so with reeld vacuum --confirm."
        case .nothingRemovable(let pinned, let open):
            return
                "There is nothing that retention may remove: \(pinned) recordings are pinned and \(open) still recording."
        case .compactionFailed:
            return "What retention removed still takes its room, because compaction fails; the journal says why."
        }
    }

    private func days(_ microseconds: Int64) -> String {
        let hours = microseconds.magnitude / 3_600_000_000
        return hours < 48 ? "\(hours) h" : "\(hours / 24) days"
    }
}

/// What one pass of retention removed for one cause.
package struct RetentionRemoval: Sendable, Equatable {
    package var cause: ExpiryCause
    package var receipt: ExpiryReceipt
}

/// What an admin asks of `vacuum` beside compaction.
package struct VacuumRequest: Sendable, Equatable {
    /// Removes recordings that ended longer ago than this, of every project.
    package var ageMaxMicroseconds: Int64?
    /// Removes the oldest recordings until the log takes no more.
    package var sizeMaxBytes: UInt64?
    /// Only tells what would go.
    package var isDryRun = false
    /// The clock is right: what waits for that goes, by the configured limits where none are given.
    package var isConfirmed = false

    package init() {}

    /// Whether it asks for more than compaction.
    var asksRetention: Bool { ageMaxMicroseconds != nil || sizeMaxBytes != nil || isDryRun || isConfirmed }
}
