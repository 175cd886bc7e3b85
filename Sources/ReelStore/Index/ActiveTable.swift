import ReelFormat

/// The frames of the active segment as they are committed: entries in order of arrival, chained backwards by recording.
struct ActiveTable {
    private(set) var entries: [FrameEntry] = []
    private var previous: [Int32] = []
    private var last: [UInt64: Int32] = [:]

    /// How many small frames of one open recording could be merged: those before its last full snapshot. The greatest
    /// count of any recording.
    private(set) var mergeableMax = 0
    /// When the first recording that ended in this segment did so, microseconds since 1970.
    private(set) var firstEndMicroseconds: Int64?
    private var frameCounts: [UInt64: Int] = [:]

    mutating func append(_ entry: FrameEntry) {
        if entry.kind == .events {
            let count = frameCounts[entry.recording, default: 0]
            if entry.content.contains(.fullSnapshot) { mergeableMax = max(mergeableMax, count) }
            frameCounts[entry.recording] = count + 1
        } else if entry.kind == .end || entry.kind == .tombstone {
            firstEndMicroseconds = firstEndMicroseconds ?? entry.receivedMicroseconds
        }
        previous.append(last[entry.recording] ?? -1)
        last[entry.recording] = Int32(entries.count)
        entries.append(entry)
    }

    /// The recording's frames in order of arrival.
    func frames(of recording: UInt64) -> [FrameEntry] {
        var list: [FrameEntry] = []
        var index = last[recording] ?? -1
        while index >= 0 {
            list.append(entries[Int(index)])
            index = previous[Int(index)]
        }
        list.reverse()
        return list
    }

    /// Whether it has more of the recording than a tombstone.
    func holdsData(of recording: UInt64) -> Bool { frames(of: recording).contains { $0.kind != .tombstone } }

    func hasFrames(of recording: UInt64) -> Bool { last[recording] != nil }
}
