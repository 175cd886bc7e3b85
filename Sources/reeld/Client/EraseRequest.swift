import ReelCodec
import ReelSystem

/// What the daemon is asked: the body of `POST /v1/erase`.
struct EraseRequest {
    static let filters = ["user", "session", "project", "ticket"].map {
        Command.Option($0, value: $0.uppercased(), help: "Erase every recording of this \($0)")
    }
    static let before = Command.Option(
        "before", value: "DATE", help: "Only those that started before DATE: 2026-11-21, '2026-11-21 14:30', 90d (ago)")
    static let erasedSince = Command.Option(
        "erased-since", value: "DATE",
        help: "Erase nothing: name what was erased since DATE, for a certificate that was lost")
    static let erasedUntil = Command.Option(
        "erased-until", value: "DATE", help: "With --erased-since: and until DATE")
    static let reason = Command.Option(
        "reason", value: "TEXT", help: "Why; goes to the journal and the certificate")
    static let override = Command.Option(
        "override-hold", value: "REASON", help: "Erase pinned recordings too, and say why")

    private var members: [JSONValue.Member] = []
    let isNamed: Bool
    /// Nothing is erased by it: it asks for what was erased before.
    let isRepeat: Bool
    var wantsCertificate = false
    var isDryRun = false
    var cursor: String?

    init(_ invocation: Invocation) throws(CommandFailure) {
        var names: [RecordingName] = []
        for text in invocation.operands { names.append(try RecordingName(text)) }
        isNamed = !names.isEmpty
        let chosen = Self.filters.filter(invocation.has)
        isRepeat = invocation.has(Self.erasedSince)
        if isRepeat {
            try readRepeat(invocation, isAlone: !isNamed && chosen.isEmpty)
            return
        }
        guard !invocation.has(Self.erasedUntil) else { throw .usage("--erased-until is for --erased-since") }
        guard isNamed != !chosen.isEmpty else {
            throw .usage(
                isNamed
                    ? "either recordings are named, or --\(chosen[0].long) says which; not both"
                    : "which? name recordings, or say --user, --session, --project or --ticket")
        }
        if isNamed { members.append(.init("recordings", .array(names.map { .string($0.description) }))) }
        for option in chosen {
            guard let text = invocation.text(option), !text.isEmpty else {
                throw .usage("--\(option.long) needs a value: with an empty one nothing is meant")
            }
            members.append(.init(option.long, .string(text)))
        }
        if let time = try invocation.value(Self.before, TimeSyntax()) {
            guard !isNamed else { throw .usage("--before is for --user, --session, --project or --ticket") }
            members.append(.init("before", .string(CalendarTime.utcText(time))))
        }
        if let text = invocation.text(Self.reason) { members.append(.init("reason", .string(text))) }
        if let text = invocation.text(Self.override) {
            guard !text.isEmpty else { throw .usage("--override-hold needs a reason") }
            members.append(.init("override", .string(text)))
        }
    }

    private mutating func readRepeat(_ invocation: Invocation, isAlone: Bool) throws(CommandFailure) {
        guard isAlone, !invocation.has(Self.before) else {
            throw .usage("of what was erased nothing but the time is known; leave out what else selects")
        }
        for (option, name) in [(Self.erasedSince, "erased_since"), (Self.erasedUntil, "erased_until")] {
            guard let time = try invocation.value(option, TimeSyntax()) else { continue }
            members.append(.init(name, .string(CalendarTime.utcText(time))))
        }
        if let text = invocation.text(Self.reason) { members.append(.init("reason", .string(text))) }
    }

    var body: [UInt8] {
        var all = members
        if wantsCertificate { all.append(.init("certificate", .bool(true))) }
        if isDryRun { all.append(.init("dry_run", .bool(true))) }
        if let cursor { all.append(.init("cursor", .string(cursor))) }
        var json = JSONWriter()
        json.value(.object(all))
        return json.bytes
    }
}
