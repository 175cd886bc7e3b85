import ReelCodec
import ReelFormat
import ReelStore

/// The parameters of a list.
struct ListQuery: Sendable {
    var query = RecordingQuery()
    var limit = 50
    /// Only recordings with smaller numbers.
    var below: UInt64?

    private static let limitMax: UInt64 = 1_000
    private static let equalities: [FilterField] = [
        .user, .session, .project, .ticket, .activity, .brand, .window,
    ]
    /// The parameters that say which recordings are meant.
    static let filterNames =
        ["tag", "status", "has", "pinned", "since", "until", "url", "q"] + equalities.map(\.rawValue)

    private enum Status: String, CaseIterable { case recording, idle, ended, erased }
    private enum Truth: String, CaseIterable { case yes = "true", no = "false" }

    /// - Parameter now: what durations count back from, microseconds since 1970.
    init(_ parameters: Query, now: Int64) throws(Problem) {
        try parameters.allow(["limit", "cursor"] + ListQuery.filterNames)
        if let limit = try parameters.number("limit", in: 1...ListQuery.limitMax) { self.limit = Int(limit) }
        below = try parameters.number("cursor", in: 1...UInt64.max)
        for field in ListQuery.equalities {
            if let value = try parameters.text(field.rawValue) {
                query.equalities.append(.init(field: field, value: value))
            }
        }
        for tag in parameters.all("tag") { query.equalities.append(.init(field: .tag, value: tag)) }
        if let status = try parameters.choice("status", Status.self) {
            switch status {
            case .recording: query.statuses = [.recording]
            case .idle: query.statuses = [.idle]
            case .ended: query.statuses = [.ended]
            case .erased: query.statuses = [.erased]
            }
        }
        for word in parameters.all("has") {
            guard let flag = ContentFlags.named.first(where: { $0.name == word }) else {
                let words = ContentFlags.named.map(\.name).joined(separator: ", ")
                throw .badQuery("has", value: word, "is none of \(words)")
            }
            query.content.insert(flag.flag)
        }
        if let pinned = try parameters.choice("pinned", Truth.self) { query.isPinned = pinned == .yes }
        query.sinceMicroseconds = try ListQuery.moment("since", parameters, now: now)
        query.untilMicroseconds = try ListQuery.moment("until", parameters, now: now)
        if let url = try parameters.text("url") {
            // What looks like a part of an URL is parted as URLs are; anything else is words.
            let isURL = url.contains { "./:".contains($0) }
            let words = isURL ? URLWords.words(of: url) : URLWords.pieces(of: url.lowercased())
            guard !words.isEmpty else {
                throw .badQuery("url", value: url, "holds no word of a host or path, as in example.com or checkout")
            }
            for word in words { query.equalities.append(.init(field: .urlWord, value: word)) }
        }
        query.text = try parameters.text("q") ?? ""
    }

    /// RFC 3339, or a duration back from now.
    private static func moment(_ name: String, _ parameters: Query, now: Int64) throws(Problem) -> Int64? {
        guard let text = try parameters.text(name) else { return nil }
        guard let time = Moment.parse(text, now: now) else { throw .badQuery(name, value: text, Moment.refusal) }
        return time
    }
}

extension ContentFlags {
    /// The words for them in the API.
    static let named: [(name: String, flag: ContentFlags)] = [
        ("snapshot", .fullSnapshot), ("error", .error), ("console", .console), ("network", .network),
        ("custom", .custom), ("input", .userInput),
    ]
}
