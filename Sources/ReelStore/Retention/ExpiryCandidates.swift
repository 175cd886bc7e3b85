import ReelFormat

/// Everything retention has to know of the recordings, read from the index in one walk.
struct ExpiryCandidates {
    /// Those that were asked for.
    private(set) var list: [ExpiryCandidate] = []
    /// Recordings that may go.
    private(set) var removableCount: UInt64 = 0
    /// Recordings that stay whatever the limits say.
    private(set) var pinnedCount: UInt64 = 0
    private(set) var openCount: UInt64 = 0
    /// What all recordings take, about.
    private(set) var sizeBytes: UInt64 = 0

    /// All recordings that are there.
    var count: UInt64 { removableCount + pinnedCount + openCount }

    /// - Parameter isWanted: of those that may go; all are counted.
    init(_ context: StoreContext, where isWanted: (ExpiryCandidate) -> Bool = { _ in true }) {
        context.eachRow { add($0, isWanted) }
    }

    private mutating func add(_ row: RecordingRow, _ isWanted: (ExpiryCandidate) -> Bool) {
        let candidate = ExpiryCandidate(row)
        sizeBytes += candidate.sizeBytes
        if row.flags.contains(.pinned) {
            pinnedCount += 1
        } else if row.status == .recording {
            openCount += 1
        } else {
            removableCount += 1
            if isWanted(candidate) { list.append(candidate) }
        }
    }
}

extension ExpiryCandidate {
    /// About what a recording takes beside its events: its metadata.
    private static let metadataBytes: UInt64 = 384

    init(_ row: RecordingRow) {
        self.init(
            number: row.number, finishedMicroseconds: row.finishedMicroseconds,
            sizeBytes: row.storedSizeBytes + ExpiryCandidate.metadataBytes, project: row.project)
    }
}
