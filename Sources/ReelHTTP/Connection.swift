import ReelSystem

/// One connection's state. It belongs to its `EventLoop`, which does all I/O for it; its socket calls stand in
/// `EventLoop+Reading` and `EventLoop+Writing` alone, so that TLS can stand between.
final class Connection {
    enum Phase {
        /// Between requests, or before the first.
        case idle
        case readingHead
        case readingBody
        /// The body waits for its share of memory.
        case awaitingShare
        case awaitingReply
        case awaitingPiece
        /// An answer, or a piece of one, is partly sent.
        case writing
        /// The last answer is out; what still comes in is thrown away.
        case lingering
        case closed
    }

    /// What must be known of a request to answer it.
    struct Exchange {
        var isHead = false
        var isVersion10 = false
        var closes = false
        var expectsContinue = false
    }

    /// A streamed answer.
    struct Streaming {
        let stream: any BodyStream
        let isChunked: Bool
        /// What of its length is still to come; nil without a length.
        var leftBytes: Int?
        var isLastGiven = false
    }

    let fd: FileDescriptor
    let peer: Peer
    /// Names the request that is being answered, and with a stream the demand that is out.
    var ticket: Ticket
    var phase = Phase.idle
    var exchange = Exchange()
    var reader = RequestReader()
    /// What was received and not yet read: pipelined requests, or a body that waits for memory.
    var input: [UInt8] = []
    var output = Output()
    var streaming: Streaming?
    var share: MemoryShare?
    /// A stream was asked for a piece and has not answered.
    var isDemandOut = false
    /// Once the connection is one.
    var webSocket: WebSocketSession?
    /// When a WebSocket's client last sent something, in the loop's milliseconds.
    var heardAt: Int64 = 0

    /// The kernel has, or may have, something to read.
    var isReadable = true
    /// The peer has ended its side, so that a short read is not yet the end of what can be read.
    var isPeerClosed = false
    /// The loop has it on its list for another turn.
    var isReady = false

    /// When the present phase must be over, in the loop's milliseconds; see `EventLoop+Deadlines`.
    var deadline: Int64
    /// When the body began, or the wait for its share, in the loop's milliseconds.
    var bodyBegan: Int64 = 0
    var shareBegan: Int64 = 0
    var lingerLeftBytes = 0

    init(_ fd: consuming FileDescriptor, _ peer: Peer, _ ticket: Ticket, deadline: Int64) {
        self.fd = fd
        self.peer = peer
        self.ticket = ticket
        self.deadline = deadline
    }

    var isReading: Bool {
        switch phase {
        case .idle, .readingHead, .readingBody: true
        default: false
        }
    }
}

/// What the kernel has not yet taken: up to three pieces that go out as one, then parts one by one.
struct Output {
    var first: [UInt8] = []
    var second: [UInt8] = []
    var third: [UInt8] = []
    /// Of the three pieces together.
    var sentBytes = 0
    /// The parts behind them, the next one last.
    var waiting: [SendPart] = []

    var hasPieces: Bool { sentBytes < first.count + second.count + third.count }
    var isEmpty: Bool { !hasPieces && waiting.isEmpty }

    /// Takes the next part where it is bytes; else nothing.
    mutating func takeBytes() -> [UInt8] {
        guard case .bytes(let bytes)? = waiting.last else { return [] }
        waiting.removeLast()
        return bytes
    }
}
