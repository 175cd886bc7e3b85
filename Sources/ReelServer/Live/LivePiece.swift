import ReelHTTP
import ReelSystem

/// Messages that go out together, and to everybody who wants the same: read once, encoded once for each way in which
/// they are sent.
final class LivePiece: Sendable {
    /// Of the events; empty where there are none.
    let ordinals: Range<UInt64>
    /// When the oldest of what it tells was acknowledged, on the uptime clock; nil where it tells of the past.
    let changedMicroseconds: Int64?
    private let messages: [LiveMessage]
    private let encoded = Monitor<[LiveEncoding: [UInt8]]>([:])
    /// Held as long as somebody has the piece.
    private let share: MemoryShare?

    init(
        _ messages: [LiveMessage], ordinals: Range<UInt64> = 0..<0, changedMicroseconds: Int64? = nil,
        share: MemoryShare? = nil
    ) {
        self.messages = messages
        self.ordinals = ordinals
        self.changedMicroseconds = changedMicroseconds
        self.share = share
    }

    /// - Parameter share: what reading was done under, a frame's worth; what the piece then takes is mostly far less, and
    ///   the rest is given back.
    convenience init(
        _ messages: [LiveMessage], ordinals: Range<UInt64> = 0..<0, changedMicroseconds: Int64? = nil,
        readUnder share: MemoryShare, of budget: MemoryBudget
    ) {
        // With an encoding of each kind.
        let size = 3 * LivePiece.sizeBytes(messages)
        self.init(
            messages, ordinals: ordinals, changedMicroseconds: changedMicroseconds,
            share: budget.tryShare(size, for: .piece) ?? share)
    }

    func bytes(_ encoding: LiveEncoding) -> [UInt8] {
        encoded.withLock { encoded in
            if let bytes = encoded[encoding] { return bytes }
            let bytes = encoding.encode(messages)
            encoded[encoding] = bytes
            return bytes
        }
    }

    /// About what one encoding takes.
    var sizeBytes: Int { LivePiece.sizeBytes(messages) }

    private static func sizeBytes(_ messages: [LiveMessage]) -> Int {
        messages.reduce(0) { size, message in
            switch message {
            case .events(let lines, _): size + lines.count
            case .recording(let json): size + json.count
            default: size + 64
            }
        }
    }
}
