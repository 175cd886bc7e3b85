import ReelHTTP

/// What somebody may do who came by the Unix socket: API.md's table.
struct Role: OptionSet, Sendable {
    let rawValue: UInt8

    /// Starts recordings; appends to them and ends them with their write tokens.
    static let record = Role(rawValue: 1)
    /// Finds, watches, exports, labels and keeps them.
    static let view = Role(rawValue: 2)
    /// Erases, compacts and makes snapshots.
    static let administer = Role(rawValue: 4)
    static let all: Role = [.record, .view, .administer]
}

extension Route {
    /// The roles of which one is enough; `.all` where nothing of a recording is told.
    func roles(_ method: Method) -> Role {
        switch (self, method) {
        case (.recordings, .post), (.events, .post), (.end, _): .record
        case (.recording, .delete), (.erase, _), (.compact, _), (.snapshot, _): .administer
        case (.recordings, _), (.recording, _), (.events, _), (.live, _), (.liveList, _), (.chunks, _), (.chunk, _),
            (.playerEvents, _):
            .view
        case (.store, _), (.metrics, _), (.healthz, _), (.readyz, _), (.asset, _): .all
        }
    }
}
