import ReelCodec
import ReelSystem

/// Whose recordings are meant, on the command line of what works on many.
struct SubjectSelection {
    private static let filters = ["user", "session", "project", "ticket"].map {
        Command.Option($0, value: $0.uppercased(), help: "Every recording of this \($0)")
    }
    private static let before = Command.Option(
        "before", value: "DATE", help: "With these: only what started before DATE, as 2026-11-21 or 90d (ago)")
    static let options = filters + [before]

    /// What was said, by the option's name; a time in UTC.
    private(set) var members: [(name: String, text: String)] = []
    private var until: String?

    /// Nil where nothing is selected.
    init?(_ invocation: Invocation) throws(CommandFailure) {
        for option in Self.filters {
            guard let text = invocation.text(option) else { continue }
            guard !text.isEmpty else {
                throw .usage("--\(option.long) needs a value: with an empty one nothing is meant")
            }
            members.append((option.long, text))
        }
        let time = try invocation.value(Self.before, TimeSyntax())
        if members.isEmpty {
            guard time == nil else { throw .usage("--before is for --user, --session, --project or --ticket") }
            return nil
        }
        guard let time else { return }
        members.append(("before", CalendarTime.utcText(time)))
        // The list's end counts in, what began at that moment does not.
        until = CalendarTime.utcText(time - 1_000_000)
    }

    var text: String { members.map { "\($0.name)=\($0.text)" }.joined(separator: " ") }

    /// All that it selects, the oldest first.
    func recordings(_ daemon: Daemon) throws(CommandFailure) -> [RecordingView] {
        var target = Target("/v1/recordings").adding("limit", 1_000)
        for member in members where member.name != "before" { target.add(member.name, member.text) }
        target.add("until", until)
        var found: [RecordingView] = []
        var cursor: String?
        repeat {
            let page = try daemon.askJSON(.get, target.adding("cursor", cursor))
            if let damage = page["damaged"]?.array?.first?.string {
                throw CommandFailure(
                    .failure,
                    "a recording could not be read, and may be one of those meant: \(damage); nothing was exported")
            }
            found += (page["recordings"]?.array ?? []).map(RecordingView.init)
            cursor = page["next"]?.string
        } while cursor != nil
        return found.reversed()
    }
}
