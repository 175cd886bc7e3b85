import ReelCodec
import ReelHTTP
import ReelStore

/// Which events of a recording are asked for, and in what form.
struct EventQuery: Sendable {
    enum Format: String, CaseIterable, Sendable { case json, ndjson }
    private enum DamageChoice: String, CaseIterable { case abort, skip }

    var selection = EventSelection()
    var format = Format.json
    /// Leave damaged frames out instead of breaking off.
    var skipsDamaged = false

    init(_ request: Request) throws(Problem) {
        let query = try Query(request.query)
        try query.allow(["type", "source", "from", "to", "first", "format", "damaged"])
        selection.types = try query.smallNumbers("type")
        selection.sources = try query.smallNumbers("source")
        selection.fromMicroseconds = try EventQuery.moment("from", query)
        selection.toMicroseconds = try EventQuery.moment("to", query)
        selection.firstOrdinal = try query.number("first", in: 0...UInt64.max) ?? 0
        skipsDamaged = try EventQuery.skipsDamaged(query)
        format =
            try query.choice("format", Format.self) ?? (EventQuery.accepts(lines: request.headers) ? .ndjson : .json)
    }

    /// Whether Accept names NDJSON; a player's `*/*` means JSON.
    private static func accepts(lines headers: Headers) -> Bool {
        headers.values("Accept").contains { value in
            value.split(separator: ",").contains { element in
                let type = element.prefix { $0 != ";" }.trimmingBlanks.lowercased()
                return type == "application/x-ndjson" || type == "application/ndjson"
            }
        }
    }

    static func skipsDamaged(_ query: Query) throws(Problem) -> Bool {
        try query.choice("damaged", DamageChoice.self) == .skip
    }

    /// Milliseconds since 1970, or RFC 3339, as microseconds.
    private static func moment(_ name: String, _ query: Query) throws(Problem) -> Int64? {
        guard let text = try query.text(name) else { return nil }
        if let time = TimeText.microseconds(text) { return time }
        guard let milliseconds = Double(text), milliseconds.isFinite else {
            throw .badQuery(name, value: text, "is not a time; write milliseconds since 1970, or 2026-11-21T14:30:00Z")
        }
        let microseconds = (milliseconds * 1_000).rounded()
        // Beyond what an Int64 holds lies no event.
        return Int64(exactly: microseconds) ?? (microseconds < 0 ? .min : .max)
    }
}
