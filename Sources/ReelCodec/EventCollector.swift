/// Gathers the events of one body while a tape is walked: their places in the body, their facts, the bad ones.
struct EventCollector {
    private let eventSizeMaxBytes: Int
    /// Offsets are of the body until `join`.
    private(set) var facts: [EventFact] = []
    private var counters = EventFacts()
    private(set) var bad = BadEvents()
    /// The first event beyond the limit.
    private(set) var tooLarge: ScanError?

    init(eventSizeMaxBytes: Int) { self.eventSizeMaxBytes = eventSizeMaxBytes }

    var summary: EventSummary { counters.summary }

    /// Walks over the value under the cursor and takes it, as an event or as a bad one.
    ///
    /// - Parameters:
    ///   - endsTape: whether nothing may follow it; nothing is taken then if something does.
    ///   - tapeOffsetBytes: where in the body the tape's text begins.
    mutating func take(
        from tape: inout JSONTape, endsTape: Bool = false, tapeOffsetBytes: Int = 0
    ) throws(JSONFault) {
        let start = try tape.offset(tape.cursor)
        let isObject = tape.text[start] == UInt8(ascii: "{")
        var slots = EventSlots()
        try tape.walk(&slots)
        if endsTape { try tape.expectEnd() }
        let offset = tapeOffsetBytes + start
        guard isObject else { return takeBad(at: offset, .notAnObject) }
        let size = try tape.offset(tape.cursor - 1) + 1 - start
        guard size <= eventSizeMaxBytes else {
            let index = facts.count + bad.count
            tooLarge =
                tooLarge
                ?? .eventTooLarge(index: index, offsetBytes: offset, sizeBytes: size, limitBytes: eventSizeMaxBytes)
            return takeBad(at: offset, .tooLarge)
        }
        do throws(BadEvent.Reason) {
            var fact = try counters.add(slots, on: tape)
            fact.offsetBytes = offset
            fact.sizeBytes = size
            facts.append(fact)
        } catch {
            takeBad(at: offset, error)
        }
    }

    mutating func takeBad(at offsetBytes: Int, _ reason: BadEvent.Reason) {
        bad.append(BadEvent(index: facts.count + bad.count, offsetBytes: offsetBytes, reason: reason))
    }

    /// The run of the events taken, copied out of the body. The collector is empty then: the facts of millions of events
    /// are not worth a second copy.
    mutating func join(_ body: UnsafeBufferPointer<UInt8>) -> EventRun {
        let separator: (UInt8, UInt8) = (UInt8(ascii: ","), 0x0A)
        let size = facts.reduce(2 * max(0, facts.count - 1)) { $0 + $1.sizeBytes }
        var facts = self.facts
        self.facts = []
        let text = [UInt8](unsafeUninitializedCapacity: size) { text, count in
            count = size
            guard let text = text.baseAddress, let body = body.baseAddress else { return }
            var offset = 0
            for index in facts.indices {
                if index > 0 {
                    text[offset] = separator.0
                    text[offset + 1] = separator.1
                    offset += 2
                }
                (text + offset).update(from: body + facts[index].offsetBytes, count: facts[index].sizeBytes)
                facts[index].offsetBytes = offset
                offset += facts[index].sizeBytes
            }
        }
        return EventRun(text: text, events: facts, summary: summary)
    }
}
