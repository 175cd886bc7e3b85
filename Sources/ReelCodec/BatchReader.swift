/// Reads what surrounds events in a body: an array, or the envelope `{"events": […], "writer": …, "batch": …}`.
///
/// Throws what is no JSON; what is JSON but no batch is kept in `refusal`, since a later member of the same name may
/// still put it right: the last one counts, as in JSON.parse.
struct BatchReader {
    private let eventSizeMaxBytes: Int
    var events: EventCollector
    private var writer: String?
    private var batch: UInt64?
    private var badMembers: Set<String> = []
    private var isBatch = true
    private var startBytes = 0

    init(eventSizeMaxBytes: Int) {
        self.eventSizeMaxBytes = eventSizeMaxBytes
        events = EventCollector(eventSizeMaxBytes: eventSizeMaxBytes)
    }

    mutating func readArray(_ tape: inout JSONTape) throws(JSONFault) {
        guard tape.consume("[") else { return }
        if tape.consume("]") { return }
        repeat { try events.take(from: &tape) } while tape.consume(",")
        guard tape.consume("]") else { throw JSONFault(.expectedCommaOrEnd, at: try tape.offset(tape.cursor)) }
    }

    mutating func readEnvelope(_ tape: inout JSONTape) throws(JSONFault) {
        startBytes = try tape.offset(tape.cursor)
        isBatch = false
        guard tape.consume("{") else { return }
        if tape.consume("}") { return }
        repeat { try readMember(&tape) } while tape.consume(",")
        guard tape.consume("}") else { throw JSONFault(.expectedCommaOrEnd, at: try tape.offset(tape.cursor)) }
    }

    private mutating func readMember(_ tape: inout JSONTape) throws(JSONFault) {
        let name = try tape.memberName()
        let value = tape.cursor
        if name.isName("events") {
            events = EventCollector(eventSizeMaxBytes: eventSizeMaxBytes)
            isBatch = tape.byte == UInt8(ascii: "[")
            if isBatch { return try readArray(&tape) }
        }
        try tape.walk()
        // Null is as good as not there.
        let isNull = tape[value] == UInt8(ascii: "n")
        if name.isName("writer") {
            writer = tape.string(at: value).map(JSONEscapes.decode)
            note("writer", isBad: writer == nil && !isNull)
        } else if name.isName("batch") {
            let number = tape.number(at: value)?.scaled(byPowerOfTen: 0)
            batch = number.flatMap { $0.isCut ? nil : UInt64(exactly: $0.value) }
            note("batch", isBad: batch == nil && !isNull)
        }
    }

    private mutating func note(_ member: String, isBad: Bool) {
        if isBad { badMembers.insert(member) } else { badMembers.remove(member) }
    }

    /// Reads JSON that is neither array nor object.
    mutating func readOther(_ tape: inout JSONTape) throws(JSONFault) {
        startBytes = try tape.offset(tape.cursor)
        isBatch = false
        try tape.walk()
    }

    /// Why what was read is refused, if it is.
    func refusal(_ policy: EventScanner.BadEventPolicy) -> ScanError? {
        if !isBatch { return .notABatch(offsetBytes: startBytes) }
        if let member = badMembers.min() { return .badEnvelope(member: member) }
        if let tooLarge = events.tooLarge { return tooLarge }
        return policy == .refuse && events.bad.count > 0 ? .badEvents(events.bad) : nil
    }

    /// What was read, with the events copied out of the body.
    mutating func batch(of body: UnsafeBufferPointer<UInt8>) -> ScannedBatch {
        ScannedBatch(run: events.join(body), writer: writer, batch: batch, dropped: events.bad)
    }

    /// Whether a line says at once that it is an envelope: `{"events":`, `{"writer":` or `{"batch":`, as the recorders
    /// write it; no rrweb event begins so. A false no costs time only.
    static func beginsAsEnvelope(_ line: UnsafeBufferPointer<UInt8>) -> Bool {
        let beginnings = [#"{"events":"#, #"{"writer":"#, #"{"batch":"#]
        return beginnings.contains { line.starts(with: $0.utf8) }
    }
}

/// Looks for the member `events` of a value.
struct EnvelopeProbe: MemberObserver {
    static var depthMax: Int { 1 }
    private(set) var hasEvents = false

    mutating func member(named name: UnsafeBufferPointer<UInt8>, depth: Int, value: Int) {
        if name.isName("events") { hasEvents = true }
    }
}
