/// What an event tells beside its octets: the facts it is filtered by, and what it adds to the counters. The numbers
/// and names are rrweb's (packages/types of rrweb-io/rrweb).
struct EventFacts: Sendable {
    private(set) var summary = EventSummary()

    private enum EventType {
        static let fullSnapshot: UInt8 = 2
        static let incremental: UInt8 = 3
        static let meta: UInt8 = 4
        static let custom: UInt8 = 5
        static let plugin: UInt8 = 6
    }

    private enum Source {
        static let mouseInteraction: UInt8 = 2
        static let input: UInt8 = 5
        /// Bit n for source n: MouseMove, MouseInteraction, Scroll, ViewportResize, Input, TouchMove, MediaInteraction, Drag.
        static let userActivity: UInt32 = 0b1_0000_1111_1110
    }

    private static let clickInteraction: UInt8 = 2
    private static let urlSizeMaxBytes = 4_096

    /// Reads an event that was walked over. Its offset and size are the caller's to set.
    ///
    /// - Throws: what makes it no rrweb event; nothing is counted then.
    mutating func add(_ slots: EventSlots, on tape: borrowing JSONTape) throws(BadEvent.Reason) -> EventFact {
        guard slots.timestamp != EventSlots.none else { throw .timestampMissing }
        guard let timestamp = tape.number(at: slots.timestamp)?.timestampMicroseconds else {
            throw .timestampNotANumber
        }
        guard slots.type != EventSlots.none else { throw .typeMissing }
        guard let type = tape.number(at: slots.type)?.smallInteger else { throw .typeNotANumber }
        var fact = EventFact(
            offsetBytes: 0, sizeBytes: 0, timestampMicroseconds: timestamp, type: type, source: 255)
        summary.eventCount += 1
        summary.types |= 1 << UInt16(min(type, 15))
        summary.leastTimestampMicroseconds = min(summary.leastTimestampMicroseconds, timestamp)
        summary.greatestTimestampMicroseconds = max(summary.greatestTimestampMicroseconds, timestamp)
        switch type {
        case EventType.fullSnapshot: summary.content.insert(.fullSnapshot)
        case EventType.incremental:
            fact.source = EventFacts.small(slots.data.source, tape) ?? 255
            addIncremental(fact.source, at: timestamp, slots.data, tape)
        case EventType.meta:
            addActivity(at: timestamp)
            addMeta(slots.data, tape)
        case EventType.custom:
            summary.content.insert(.custom)
            addCustom(slots.data, tape)
        case EventType.plugin: addPlugin(slots.data, tape)
        default: break
        }
        return fact
    }

    private mutating func addIncremental(
        _ source: UInt8, at timestamp: Int64, _ data: EventSlots.DataSlots, _ tape: borrowing JSONTape
    ) {
        // A source that is missing or no number sets no bit; a number out of range is the last bit's.
        if tape.number(at: data.source) != nil { summary.sources |= 1 << UInt32(min(source, 31)) }
        if source < 32, EventFacts.Source.userActivity & 1 << UInt32(source) != 0 {
            summary.content.insert(.userInput)
            addActivity(at: timestamp)
        }
        if source == Source.input { summary.inputs += 1 }
        if source == Source.mouseInteraction, EventFacts.small(data.type, tape) == EventFacts.clickInteraction {
            summary.clicks += 1
        }
    }

    private mutating func addActivity(at timestamp: Int64) {
        if let last = summary.lastActiveMicroseconds {
            summary.activeMicroseconds += EventSummary.activeGap(from: last, to: timestamp)
        } else {
            summary.firstActiveMicroseconds = timestamp
        }
        summary.lastActiveMicroseconds = timestamp
    }

    private mutating func addMeta(_ data: EventSlots.DataSlots, _ tape: borrowing JSONTape) {
        summary.pages += 1
        addURL(tape.string(at: data.href))
        let width = tape.number(at: data.width)?.pixels ?? 0
        let height = tape.number(at: data.height)?.pixels ?? 0
        if width != 0 || height != 0 {
            summary.viewportWidth = width
            summary.viewportHeight = height
        }
    }

    /// A custom event counts as a page where its tag names a change of history: rrweb makes no event of its own for
    /// `history.pushState`, so recorders add one.
    private mutating func addCustom(_ data: EventSlots.DataSlots, _ tape: borrowing JSONTape) {
        guard let tag = tape.string(at: data.tag) else { return }
        let tags: [StaticString] = ["reeld.navigation", "$pageview", "$url_changed", "navigation", "page-view"]
        guard tags.contains(where: { tag.isName($0) }) else { return }
        var href = EventSlots.none
        var url = EventSlots.none
        tape.forEachMember(ofObjectAt: data.payload) { name, value in
            if name.isName("href") { href = value }
            if name.isName("url") { url = value }
        }
        guard let page = tape.string(at: href) ?? tape.string(at: url) else { return }
        summary.pages += 1
        addURL(page)
    }

    private mutating func addPlugin(_ data: EventSlots.DataSlots, _ tape: borrowing JSONTape) {
        guard let plugin = tape.string(at: data.plugin).map(JSONEscapes.decode) else { return }
        if plugin.hasPrefix("rrweb/console@") {
            summary.content.insert(.console)
            var level = EventSlots.none
            tape.forEachMember(ofObjectAt: data.payload) { name, value in
                if name.isName("level") { level = value }
            }
            if let level = tape.string(at: level), level.isName("error") || level.isName("assert") {
                summary.content.insert(.error)
                summary.consoleErrors += 1
            }
        } else if plugin.hasPrefix("rrweb/network@") {
            summary.content.insert(.network)
            var requests = EventSlots.none
            tape.forEachMember(ofObjectAt: data.payload) { name, value in
                if name.isName("requests") { requests = value }
            }
            tape.forEachElement(ofArrayAt: requests) { addRequest($0, tape) }
        }
    }

    private mutating func addRequest(_ request: Int, _ tape: borrowing JSONTape) {
        summary.requests += 1
        var status = EventSlots.none
        tape.forEachMember(ofObjectAt: request) { name, value in
            if name.isName("status") { status = value }
        }
        // 0 is what a browser states where no answer came.
        if let status = tape.number(at: status)?.scaled(byPowerOfTen: 0),
            status.value == 0 && !status.isCut || status.value >= 400
        {
            summary.failedRequests += 1
        }
    }

    private mutating func addURL(_ content: UnsafeBufferPointer<UInt8>?) {
        guard let content, !content.isEmpty else { return }
        var url = JSONEscapes.decode(content)
        if url.utf8.count > EventFacts.urlSizeMaxBytes {
            let end = url.utf8.index(url.startIndex, offsetBy: EventFacts.urlSizeMaxBytes)
            url = String(url.unicodeScalars[..<url.unicodeScalars.index(atOrBefore: end)])
        }
        if summary.urls.last != url { summary.urls.append(url) }
    }

    private static func small(_ index: Int, _ tape: borrowing JSONTape) -> UInt8? {
        tape.number(at: index)?.smallInteger
    }
}

extension String.UnicodeScalarView {
    /// `index`, or where the scalar begins that it lies in.
    fileprivate func index(atOrBefore index: Index) -> Index {
        var end = startIndex
        var next = end
        while next <= index {
            end = next
            guard next < endIndex else { break }
            formIndex(after: &next)
        }
        return end
    }
}
