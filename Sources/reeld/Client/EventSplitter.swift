/// Cuts a stream of rrweb JSON into its events, whatever it comes in: `[…]`, `{"events":[…]}` or one object after the
/// other (NDJSON). It only finds where objects begin and end; that they are valid JSON is the server's to judge.
///
/// Pieces may be of any size: the events are the same as for one piece.
struct EventSplitter {
    /// What is no list of events: where, and why.
    struct Malformed: Error, Equatable, CustomStringConvertible {
        var offsetBytes: Int
        var reason: String

        var description: String { "at byte \(offsetBytes): \(reason)" }
    }

    /// What surrounds the objects.
    private enum Container {
        /// Nothing but white space came so far.
        case unknown
        /// Objects follow each other.
        case sequence
        /// Inside the `[` of a document, or of its "events" member.
        case list(isMember: Bool)
        /// The list is over; the rest of an envelope may follow.
        case closing
    }

    /// What a list may go on with; as in JSON, a comma stands between two events and nowhere else.
    private enum ListPlace { case beginning, behindEvent, behindComma }

    private var container = Container.unknown
    private var place = ListPlace.beginning
    /// What earlier pieces held of the object that is being read.
    private var begun: [UInt8] = []
    /// Open braces and brackets of that object.
    private var depth = 0
    private var isInString = false
    private var isEscaped = false
    /// Whether that object may turn out to be an envelope: only the first one may.
    private var mayBeEnvelope = true
    /// A string of the first object at depth 1, while nothing but a colon and white space followed it.
    private var key: [UInt8] = []
    private var offsetBytes = 0

    /// Reads on in `bytes` until an event is complete.
    ///
    /// - Parameter index: where to begin; left behind the event, or at the end.
    /// - Returns: the event's bytes from `{` to `}` as they came; nil when the piece is used up.
    mutating func next(in bytes: [UInt8], from index: inout Int) throws(Malformed) -> [UInt8]? {
        var start = index
        let first = index
        defer { offsetBytes += index - first }
        while index < bytes.count {
            if isInString {
                skipString(bytes, &index)
                continue
            }
            let byte = bytes[index]
            if depth == 0 {
                if try begins(byte, at: offsetBytes + index - first) { start = index }
            } else if isEnd(byte) {
                index += 1
                if case .closing = container { continue }
                place = .behindEvent
                defer { begun.removeAll() }
                return begun + bytes[start..<index]
            } else if depth == 0 {
                // The object was an envelope and its list has begun: what it held so far is none of the events.
                begun.removeAll()
            }
            index += 1
        }
        if depth > 0 {
            if case .closing = container { return nil }
            begun += bytes[start...]
        }
        return nil
    }

    /// To be called behind the last piece.
    ///
    /// - Throws: when the document stops in its middle.
    func finish() throws(Malformed) {
        if depth == 0 {
            switch container {
            case .unknown, .sequence, .closing: return
            case .list: break
            }
        }
        throw Malformed(offsetBytes: offsetBytes, reason: "the document ends in its middle")
    }

    /// Takes a byte between objects; true when an object begins with it.
    private mutating func begins(_ byte: UInt8, at offsetBytes: Int) throws(Malformed) -> Bool {
        switch (byte, container) {
        case (0x20, _), (0x09, _), (0x0A, _), (0x0D, _): return false
        case (UInt8(ascii: ","), .list) where place == .behindEvent:
            place = .behindComma
            return false
        case (UInt8(ascii: "]"), .list) where place == .behindComma, (UInt8(ascii: ","), .list):
            throw Malformed(offsetBytes: offsetBytes, reason: "an event is missing beside the comma")
        case (UInt8(ascii: "{"), .list) where place == .behindEvent:
            throw Malformed(offsetBytes: offsetBytes, reason: "a comma is missing between two events")
        case (UInt8(ascii: "["), .unknown):
            container = .list(isMember: false)
            return false
        case (UInt8(ascii: "]"), .list(let isMember)):
            container = .closing
            depth = isMember ? 1 : 0
            return false
        case (UInt8(ascii: "{"), .unknown), (UInt8(ascii: "{"), .sequence), (UInt8(ascii: "{"), .list):
            if case .unknown = container { container = .sequence } else { mayBeEnvelope = false }
            depth = 1
            return true
        case (_, .closing):
            throw Malformed(offsetBytes: offsetBytes, reason: "something follows the end of the document")
        default:
            throw Malformed(offsetBytes: offsetBytes, reason: "an event must be a JSON object, {…}")
        }
    }

    /// Takes a byte inside an object, outside of its strings; true when it ends the object.
    private mutating func isEnd(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "\""):
            isInString = true
            key.removeAll()
            return false
        case UInt8(ascii: "["):
            if depth == 1, mayBeEnvelope, case .sequence = container, key.elementsEqual("events:".utf8) {
                container = .list(isMember: true)
                mayBeEnvelope = false
                depth = 0
                return false
            }
            depth += 1
        case UInt8(ascii: "{"): depth += 1
        case UInt8(ascii: "}"), UInt8(ascii: "]"): depth -= 1
        case 0x20, 0x09, 0x0A, 0x0D: return false
        case UInt8(ascii: ":"):
            if mayBeEnvelope, depth == 1 { key.append(byte) }
            return false
        default: break
        }
        key.removeAll(keepingCapacity: true)
        return depth == 0
    }

    /// Goes on inside a string, to behind its end or the end of the piece.
    private mutating func skipString(_ bytes: [UInt8], _ index: inout Int) {
        let start = index
        let isKey = mayBeEnvelope && depth == 1
        while index < bytes.count {
            let byte = bytes[index]
            index += 1
            if isEscaped {
                isEscaped = false
            } else if byte == UInt8(ascii: "\\") {
                isEscaped = true
            } else if byte == UInt8(ascii: "\"") {
                isInString = false
                if isKey { key += bytes[start..<index - 1] }
                return
            }
        }
        if isKey { key += bytes[start..<index] }
    }
}
