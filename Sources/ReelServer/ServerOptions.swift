import ReelHTTP

/// What an admin may set of the server. Sizes are bytes.
package struct ServerOptions: Sendable {
    /// A body as it is sent; more gets 413 `body-too-large`.
    package var bodySizeMaxBytes = 64 << 20
    /// A batch once inflated; more gets 413 `inflated-too-large`.
    package var inflatedSizeMaxBytes = 64 << 20
    /// One event; more gets 413 `event-too-large`, which names it.
    package var eventSizeMaxBytes = 32 << 20
    /// Threads that check and compress events and read the store; 0 means one a CPU.
    package var workerCount = 0
    /// What TCP clients read with; nil where there is none.
    package var token: String?
    /// Who may do what over the Unix socket.
    package var socketAccess = SocketAccess.ownerOnly
    /// Whether `/demo` is there: a page that records itself.
    package var offersDemo = false
    package var http = HTTPOptions()
    /// Of the program, as `/v1/store` shows it.
    package var version = ""
    /// How who comes by a Unix socket has come, in the words of journal and certificates.
    package var unixPlace = "over the Unix socket"

    package init() {}
}

/// What the server tells whoever keeps the daemon's journal.
package enum ServerEvent: Sendable, Equatable {
    /// Stored bytes were found damaged while answering.
    case damage(file: String, offsetBytes: UInt64, recording: String)
    /// The disk is full; not told again before there was room.
    case diskFull
    case spaceReturned
    case snapshotMade(directory: String, sizeBytes: UInt64, requester: String)
    /// Recordings were erased by somebody's request.
    case erased(ErasureNotice)
    /// A request failed for a reason of the daemon's own.
    case requestFailed(ProblemType, detail: String, recording: String)
}
