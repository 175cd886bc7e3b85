/// Why a body is no batch of events. Nothing of it is kept.
package enum ScanError: Error, Sendable, Equatable {
    /// The body, or what surrounds the events in it, is no JSON.
    case syntax(JSONFault)
    /// JSON, but neither an array of events, nor an object with the array `events`.
    case notABatch(offsetBytes: Int)
    /// A member of the envelope is not of its kind: `writer` a string, `batch` an integer from 0 on.
    case badEnvelope(member: String)
    /// Some events are bad and the policy is to refuse.
    case badEvents(BadEvents)
    /// One event is larger than the limit.
    case eventTooLarge(index: Int, offsetBytes: Int, sizeBytes: Int, limitBytes: Int)
}

/// The bad events of a batch: how many, and where the first ones are.
package struct BadEvents: Sendable, Equatable {
    /// All of them.
    package private(set) var count = 0
    /// At most `positionsMax` of them, in order.
    package private(set) var first: [BadEvent] = []

    /// How many are listed.
    package static let positionsMax = 100

    /// None.
    package init() {}

    mutating func append(_ event: BadEvent) {
        count += 1
        if first.count < BadEvents.positionsMax { first.append(event) }
    }
}

/// One thing in a batch that is not an rrweb event.
package struct BadEvent: Sendable, Equatable {
    /// Ordinal in the batch, from 0, bad ones counted.
    package var index: Int
    /// Of its first byte in the body.
    package var offsetBytes: Int
    /// What makes it no event.
    package var reason: Reason

    /// Why something is no rrweb event.
    package enum Reason: Error, Sendable, Equatable {
        case notAnObject
        case timestampMissing
        case timestampNotANumber
        case typeMissing
        case typeNotANumber
        /// Beyond the limit; the whole batch is refused for it (`ScanError.eventTooLarge`).
        case tooLarge
        /// A line of NDJSON that is no JSON; the fault's offset is in the body.
        case syntax(JSONFault)
    }

    /// A bad event at its place.
    package init(index: Int, offsetBytes: Int, reason: Reason) {
        self.index = index
        self.offsetBytes = offsetBytes
        self.reason = reason
    }
}
