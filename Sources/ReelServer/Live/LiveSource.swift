import ReelHTTP

/// What one viewer gets, piece by piece. Used by one thread at a time.
protocol LiveSource: Sendable {
    /// The next piece if somebody made it already. Does not wait for the disk.
    mutating func made() -> LiveLook

    /// The next piece, read from the store.
    ///
    /// - Parameter share: what reading may take.
    mutating func read(under share: MemoryShare) -> LiveStep
}

enum LiveLook {
    case piece(LivePiece)
    /// The viewer has all there is.
    case nothing
    /// Only the store knows.
    case unknown
}

enum LiveStep {
    case piece(LivePiece)
    /// Nothing comes behind it.
    case last(LivePiece)
    case nothing
    case failed
}
