import ReelCodec
import ReelStore

/// What is to be erased and why: the body of `POST /v1/erase`, or the query of `DELETE /v1/recordings/{r}`.
struct ErasureOrder: Sendable {
    /// Named ones; else `query` says which.
    var recordings: [RecordingName] = []
    var query = RecordingQuery()
    /// Nothing is erased: meant are those that were erased in this time, for a certificate whose answer was lost.
    var erasedMicroseconds: ClosedRange<Int64>?
    /// The selection in words, for the certificate.
    var selection = ""
    var reason = ""
    /// Why pinned recordings are erased too; empty where they are not.
    var override = ""
    var isDryRun = false
    var wantsCertificate = false
    /// Only recordings with smaller numbers: where the answer before ended.
    var below: UInt64?

    static let recordingCountMax = 10_000
    static let textSizeMaxBytes = 1_024
    private static let equalities: [FilterField] = [.user, .session, .project, .ticket]
    private static let names =
        ["recordings"] + equalities.map(\.rawValue)
        + ["before", "erased_since", "erased_until", "cursor", "reason", "override", "dry_run", "certificate"]

    /// One recording, with the parameters of a DELETE.
    init(_ name: RecordingName, _ query: Query) throws(Problem) {
        try query.allow(["reason", "override", "certificate"])
        recordings = [name]
        selection = "recordings \(name)"
        reason = try ErasureOrder.sentence("reason", try query.text("reason") ?? "")
        if let text = try query.text("override") { override = try ErasureOrder.required("override", text) }
        switch try query.text("certificate") {
        case nil, "0": wantsCertificate = false
        case "1": wantsCertificate = true
        case let text?: throw .badQuery("certificate", value: text, "is neither 0 nor 1")
        }
    }

    /// - Parameters:
    ///   - body: a JSON object.
    ///   - now: what durations count back from, microseconds since 1970.
    init(_ body: [UInt8], now: Int64) throws(Problem) {
        let value: JSONValue
        do { value = try JSONValue(parsing: body, sizeMaxBytes: MetadataBody.sizeMaxBytes) } catch {
            throw Problem(error)
        }
        guard let members = value.members else { throw Problem(.badSelection, "The body must be a JSON object.") }
        var words: [String] = []
        for member in members where !member.value.isNull { try read(member, now: now, &words) }
        try checkErased()
        if recordings.isEmpty, query.equalities.isEmpty, erasedMicroseconds == nil {
            throw Problem(
                .badSelection,
                "Nothing says what to erase; name recordings, or one of user, session, project and ticket.")
        }
        if !recordings.isEmpty, !query.equalities.isEmpty || query.untilMicroseconds != nil {
            throw Problem(
                .badSelection, "Either recordings are named or filters say which; both together would be a guess.",
                .member("recordings"))
        }
        selection = words.joined(separator: " ")
    }

    private func checkErased() throws(Problem) {
        guard erasedMicroseconds != nil else { return }
        let isAlone = recordings.isEmpty && query.equalities.isEmpty && query.untilMicroseconds == nil
        guard isAlone, !isDryRun else {
            throw Problem(
                .badSelection,
                "erased_since names what was erased before, and of that nothing else is known; leave out the other filters and "
                    + "dry_run.", .member("erased_since"))
        }
    }

    private mutating func read(_ member: JSONValue.Member, now: Int64, _ words: inout [String]) throws(Problem) {
        if let field = ErasureOrder.equalities.first(where: { $0.rawValue == member.name }) {
            // An empty value would select what has none, which is nobody's request.
            let text = try ErasureOrder.required(member.name, try ErasureOrder.text(member))
            query.equalities.append(.init(field: field, value: text))
            words.append("\(member.name)=\(text)")
            return
        }
        switch member.name {
        case "recordings":
            recordings = try ErasureOrder.recordings(member.value)
            words.append("recordings " + recordings.map(\.description).joined(separator: ","))
        case "before":
            let text = try ErasureOrder.text(member)
            guard let time = Moment.parse(text, now: now) else {
                throw Problem(.badSelection, "before: '\(text.prefix(64))' \(Moment.refusal).", .member("before"))
            }
            query.untilMicroseconds = time - 1
            words.append("before=\(TimeText.text(time) ?? text)")
        case "erased_since", "erased_until":
            let text = try ErasureOrder.text(member)
            guard let time = Moment.parse(text, now: now) else {
                throw Problem(
                    .badSelection, "\(member.name): '\(text.prefix(64))' \(Moment.refusal).", .member(member.name))
            }
            let known = erasedMicroseconds ?? .min ... .max
            let (since, until) =
                member.name == "erased_since" ? (time, known.upperBound) : (known.lowerBound, time)
            guard since <= until else {
                throw Problem(.badSelection, "erased_until is before erased_since.", .member(member.name))
            }
            erasedMicroseconds = since...until
            words.append("\(member.name.replacing("_", with: "-"))=\(TimeText.text(time) ?? text)")
        case "cursor":
            guard let number = UInt64(digits: try ErasureOrder.text(member)), number > 0 else {
                throw Problem(.badSelection, "cursor must be the `next` of an answer before.", .member("cursor"))
            }
            below = number
        case "reason": reason = try ErasureOrder.sentence("reason", try ErasureOrder.text(member))
        case "override": override = try ErasureOrder.required("override", try ErasureOrder.text(member))
        case "dry_run": isDryRun = try ErasureOrder.bool(member)
        case "certificate": wantsCertificate = try ErasureOrder.bool(member)
        default:
            let shown = String(member.name.prefix(64))
            throw Problem(
                .badSelection,
                "'\(shown)' means nothing here; there are \(ErasureOrder.names.joined(separator: ", ")).",
                .member(shown))
        }
    }

    private static func recordings(_ value: JSONValue) throws(Problem) -> [RecordingName] {
        guard let values = value.array, !values.isEmpty, values.count <= recordingCountMax else {
            throw Problem(
                .badSelection, "recordings must be an array of 1 to \(recordingCountMax) numbers or ids.",
                .member("recordings"), .limit(recordingCountMax))
        }
        var names: [RecordingName] = []
        for value in values {
            guard let name = RecordingName(value.string ?? value.integer.map { "\($0)" } ?? "") else {
                throw Problem(
                    .badSelection, "recordings must be numbers (1, 2 …) or version 7 UUIDs.", .member("recordings"))
            }
            names.append(name)
        }
        return names
    }

    private static func text(_ member: JSONValue.Member) throws(Problem) -> String {
        guard let text = member.value.string else {
            throw Problem(.badSelection, "\(member.name) must be a string.", .member(member.name))
        }
        return try sentence(member.name, text)
    }

    private static func bool(_ member: JSONValue.Member) throws(Problem) -> Bool {
        guard let value = member.value.bool else {
            throw Problem(.badSelection, "\(member.name) must be true or false.", .member(member.name))
        }
        return value
    }

    private static func sentence(_ name: String, _ text: String) throws(Problem) -> String {
        guard text.utf8.count <= textSizeMaxBytes else {
            throw Problem(
                .badSelection, "\(name) has \(text.utf8.count) bytes; \(textSizeMaxBytes) may be.", .member(name),
                .limit(textSizeMaxBytes))
        }
        return text
    }

    private static func required(_ name: String, _ text: String) throws(Problem) -> String {
        guard !text.allSatisfy(\.isWhitespace) else {
            throw Problem(.badSelection, "\(name) must say something.", .member(name))
        }
        return try sentence(name, text)
    }
}
