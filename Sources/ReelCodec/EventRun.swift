/// A run of rrweb events as a frame holds it: the events byte for byte, in order of arrival, joined by `,\n`.
package struct EventRun: Sendable {
    /// The events joined by `,\n`; what is deflated, hashed and served.
    package var text: [UInt8]
    /// One entry an event, in order.
    package var events: [EventFact]
    package var summary: EventSummary

    package init(text: [UInt8] = [], events: [EventFact] = [], summary: EventSummary = EventSummary()) {
        self.text = text
        self.events = events
        self.summary = summary
    }
}

/// Where one event lies in its run's text, and the three fields everything is filtered by.
package struct EventFact: Sendable, Equatable {
    package var offsetBytes: Int
    package var sizeBytes: Int
    /// `timestamp` in microseconds since 1970 (values up to 9,999,999,999 are read as seconds, others as milliseconds);
    /// clamped to what an Int64 holds.
    package var timestampMicroseconds: Int64
    /// `type`; 255 stands for a number that is none of 0 ... 254.
    package var type: UInt8
    /// `data.source` of an incremental snapshot (type 3), else 255; 255 also for a number that is none of 0 ... 254.
    package var source: UInt8

    package init(offsetBytes: Int, sizeBytes: Int, timestampMicroseconds: Int64, type: UInt8, source: UInt8) {
        self.offsetBytes = offsetBytes
        self.sizeBytes = sizeBytes
        self.timestampMicroseconds = timestampMicroseconds
        self.type = type
        self.source = source
    }
}

/// What kinds of content a run holds, as a filter and a player's timeline ask for it.
package struct ContentFlags: OptionSet, Sendable, Hashable {
    package let rawValue: UInt32
    package init(rawValue: UInt32) { self.rawValue = rawValue }

    package static let fullSnapshot = ContentFlags(rawValue: 1 << 0)
    /// A console plugin event of level `error` or `assert`.
    package static let error = ContentFlags(rawValue: 1 << 1)
    package static let console = ContentFlags(rawValue: 1 << 2)
    package static let network = ContentFlags(rawValue: 1 << 3)
    package static let custom = ContentFlags(rawValue: 1 << 4)
    /// An incremental event of a source in 1 ... 7 or 12: rrweb-player's user activity.
    package static let userInput = ContentFlags(rawValue: 1 << 5)
}

/// The counters of a run. Runs combine by `append`, which is associative: however the events of a recording are cut
/// into runs, folding them in order gives the same summary. The rebuilt index is equal because of it.
package struct EventSummary: Sendable, Equatable {
    package var eventCount: UInt64 = 0
    /// Bit n for type n; bit 15 for every type from 15 on.
    package var types: UInt16 = 0
    /// Bit n for source n; bit 31 for every source from 31 on.
    package var sources: UInt32 = 0
    package var content: ContentFlags = []
    /// `Int64.max` and `.min` while there is no event.
    package var leastTimestampMicroseconds = Int64.max
    package var greatestTimestampMicroseconds = Int64.min
    package var clicks: UInt64 = 0
    package var inputs: UInt64 = 0
    /// Meta events, and history changes where the recorder tells them.
    package var pages: UInt64 = 0
    package var consoleErrors: UInt64 = 0
    package var requests: UInt64 = 0
    package var failedRequests: UInt64 = 0
    /// The sum of the gaps of at most 10 s between one user activity and the next in order of arrival. Activities are
    /// Meta events and incremental ones of the sources of `ContentFlags.userInput`.
    package var activeMicroseconds: UInt64 = 0
    package var firstActiveMicroseconds: Int64?
    package var lastActiveMicroseconds: Int64?
    /// The URLs of the run's pages in order, an URL equal to the one before left out; each at most 4,096 bytes of UTF-8.
    package var urls: [String] = []
    /// CSS pixels of the last Meta event; 0 unknown; clamped at 65,535.
    package var viewportWidth: UInt16 = 0
    package var viewportHeight: UInt16 = 0

    package init() {}

    /// Longest pause between two activities that still counts as being active: rrweb-player's inactivity threshold.
    package static let activeGapMaxMicroseconds: Int64 = 10_000_000

    /// Adds the run that follows this one.
    package mutating func append(_ next: EventSummary) {
        eventCount += next.eventCount
        types |= next.types
        sources |= next.sources
        content.formUnion(next.content)
        leastTimestampMicroseconds = min(leastTimestampMicroseconds, next.leastTimestampMicroseconds)
        greatestTimestampMicroseconds = max(greatestTimestampMicroseconds, next.greatestTimestampMicroseconds)
        clicks += next.clicks
        inputs += next.inputs
        pages += next.pages
        consoleErrors += next.consoleErrors
        requests += next.requests
        failedRequests += next.failedRequests
        if let last = lastActiveMicroseconds, let first = next.firstActiveMicroseconds {
            activeMicroseconds += EventSummary.activeGap(from: last, to: first)
        }
        activeMicroseconds += next.activeMicroseconds
        firstActiveMicroseconds = firstActiveMicroseconds ?? next.firstActiveMicroseconds
        lastActiveMicroseconds = next.lastActiveMicroseconds ?? lastActiveMicroseconds
        urls.append(contentsOf: urls.last == next.urls.first ? next.urls.dropFirst() : next.urls[...])
        if next.viewportWidth != 0 || next.viewportHeight != 0 {
            viewportWidth = next.viewportWidth
            viewportHeight = next.viewportHeight
        }
    }

    /// The active time between two activities in order of arrival: the gap, or nothing where it is longer than
    /// 10 s or runs backwards.
    package static func activeGap(from last: Int64, to next: Int64) -> UInt64 {
        let (gap, overflow) = next.subtractingReportingOverflow(last)
        return !overflow && gap > 0 && gap <= activeGapMaxMicroseconds ? UInt64(gap) : 0
    }
}
