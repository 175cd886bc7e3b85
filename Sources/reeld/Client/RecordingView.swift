import ReelCodec

/// A recording as `GET /v1/recordings/{r}` tells it; what is missing is empty or 0. See API.md "Recordings".
struct RecordingView {
    let json: JSONValue

    func text(_ name: String) -> String { json[name]?.string ?? "" }
    func count(_ name: String) -> UInt64 { UInt64(max(0, json[name]?.integer ?? 0)) }

    /// A time of the answer, microseconds since 1970; nil where there is none.
    func moment(_ name: String) -> Int64? { json[name]?.string.flatMap(InternetTime.microseconds) }

    var number: UInt64 { count("number") }
    var isEnded: Bool { text("status") == "ended" || text("status") == "erased" }
    var durationMicroseconds: Int64 { Int64(clamping: count("duration_ms")).multipliedOrMax(by: 1000) }
    var tags: [String] { json["tags"]?.array?.compactMap(\.string) ?? [] }
    var has: [String] { json["has"]?.array?.compactMap(\.string) ?? [] }

    /// What a person knows it by: the activity, else the page it began at.
    var title: String { text("activity").isEmpty ? text("first_url") : text("activity") }
}

extension Int64 {
    fileprivate func multipliedOrMax(by factor: Int64) -> Int64 {
        let (product, overflowed) = multipliedReportingOverflow(by: factor)
        return overflowed ? .max : product
    }
}
