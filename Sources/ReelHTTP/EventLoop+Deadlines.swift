extension EventLoop {
    /// A connection's phase has lasted too long.
    func expire(_ connection: Connection) {
        switch connection.phase {
        case .idle, .lingering: return close(connection)
        case .writing, .awaitingPiece: return cut(connection)
        case .readingHead: refuse(.headTimeout, on: connection)
        case .readingBody: refuse(.bodyTimeout, on: connection)
        case .awaitingShare: refuse(.busy, on: connection)
        case .awaitingReply: refuse(.replyOverdue, on: connection)
        case .closed: return
        }
        pump(connection)
    }
}
