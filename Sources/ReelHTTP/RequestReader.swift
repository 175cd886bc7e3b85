/// Reads one whole request, head and body, from whatever pieces it comes in.
///
/// A state machine without I/O: `advance` reads on and says what was found; after `.head` the caller judges the request
/// and calls `accept` before it advances again.
struct RequestReader: Sendable {
    enum Step {
        /// All input is taken and more is needed.
        case needsMore
        case head(RequestHead)
        case whole(RequestHead, body: [UInt8])
        case refused(HTTPRefusal)
    }

    private enum Phase: Sendable {
        case head(RequestParser)
        case length(left: Int)
        case chunks(ChunkDecoder)
    }

    private var phase = Phase.head(RequestParser())
    /// The bytes of a head that came in several pieces.
    private var held: [UInt8] = []
    private(set) var head: RequestHead?
    private var limitBytes = 0
    private var body: [UInt8] = []

    /// Whether not one byte of the request is there.
    var isFresh: Bool { head == nil && held.isEmpty }
    /// What of the body is there.
    var bodySizeBytes: Int { body.count }

    /// Reads on.
    ///
    /// - Parameter range: what is there; its lower bound moves to the first byte not taken.
    mutating func advance(_ bytes: [UInt8], _ range: inout Range<Int>, limits: RequestParser.Limits) -> Step {
        switch phase {
        case .head(var parser):
            let parsed: Parsed<RequestHead>
            if held.isEmpty {
                parsed = parser.parse(bytes, range, limits: limits)
            } else {
                held.append(contentsOf: bytes[range])
                parsed = parser.parse(held, 0..<held.count, limits: limits)
            }
            phase = .head(parser)
            switch parsed {
            case .needsMore:
                if held.isEmpty { held = Array(bytes[range]) }
                range = range.upperBound..<range.upperBound
                return .needsMore
            case .refused(let refusal): return .refused(refusal)
            case .done(let head):
                // What was held before had no whole head in it, so what is behind the head came just now.
                let behind = held.isEmpty ? range.count - head.bytes.count : held.count - head.bytes.count
                range = range.upperBound - behind..<range.upperBound
                held = []
                self.head = head
                return .head(head)
            }
        case .length(let left):
            let count = min(left, range.count)
            if count > 0 {
                // Untouched memory costs nothing, so a slow sender's promise of a large body does not either.
                if body.isEmpty { body.reserveCapacity(left) }
                body.append(contentsOf: bytes[range.lowerBound..<range.lowerBound + count])
                range = range.lowerBound + count..<range.upperBound
                phase = .length(left: left - count)
            }
            return count == left ? whole() : .needsMore
        case .chunks(var decoder):
            do {
                let isEnded = try decoder.decode(bytes, &range, limitBytes: limitBytes, into: &body)
                phase = .chunks(decoder)
                return isEnded ? whole() : .needsMore
            } catch {
                return .refused(error)
            }
        }
    }

    /// Lets the body come, after `.head`.
    ///
    /// - Throws: `.bodyTooLarge` when its declared length is above the limit already.
    mutating func accept(limitBytes: Int) throws(HTTPRefusal) {
        self.limitBytes = limitBytes
        switch head?.framing {
        case .length(let length):
            guard length <= limitBytes else { throw .bodyTooLarge }
            phase = .length(left: length)
        case .chunked: phase = .chunks(ChunkDecoder())
        case .some(.none), nil: phase = .length(left: 0)
        }
    }

    /// What of a body of declared length is still to come; nil outside of one.
    var bodyLeftBytes: Int? { if case .length(let left) = phase { left } else { nil } }

    /// Lets a body of declared length grow by what `receive` appends to it, which spares a copy of large ones; `advance`
    /// then says whether it is whole.
    ///
    /// - Parameter receive: gets the body and the most it may append; returns how much it has.
    mutating func extendBody(_ receive: (inout [UInt8], Int) -> Int) {
        guard case .length(let left) = phase else { return }
        if body.isEmpty { body.reserveCapacity(left) }
        phase = .length(left: left - receive(&body, left))
    }

    /// Memory the body will hold once `incoming` more bytes are read, in bytes: of a declared length all of it, so that
    /// a body once begun can always be finished; of chunks what is there, rounded up so as to be asked for seldom.
    func shareBytesWanted(incoming: Int) -> Int {
        switch head?.framing {
        case .length(let length): return length
        case .chunked:
            var wanted = 128 << 10
            while wanted < body.count + incoming { wanted *= 2 }
            return min(wanted, limitBytes)
        case .some(.none), nil: return 0
        }
    }

    private mutating func whole() -> Step {
        guard let head else { return .needsMore }
        let body = self.body
        self = RequestReader()
        return .whole(head, body: body)
    }
}
