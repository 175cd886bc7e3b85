import ReelSystem

/// The options that choose events of a recording, for `cat` and `export`.
enum EventSelection {
    static let from = Command.Option(
        "from", value: "TIME",
        help: "Leave out events before TIME: +90s from the recording's beginning, or as for ls --since")
    static let to = Command.Option("to", value: "TIME", help: "Leave out events after TIME")
    static let type = Command.Option(
        "type", value: "TYPES", help: "Only events of these types, by rrweb's numbers or names: 2,meta,custom")
    static let source = Command.Option(
        "source", value: "SOURCES", help: "Only incremental events of these sources, by rrweb's numbers")
    static let damaged = Command.Option(
        "skip-damaged", help: "Leave damaged parts out instead of breaking off at the first")

    static let options = [from, to, type, source, damaged]

    /// rrweb's event types in the order of their numbers.
    private static let typeNames = [
        "dom-content-loaded", "load", "full-snapshot", "incremental", "meta", "custom", "plugin", "asset",
    ]

    /// Adds what the options say to the target of a recording's events.
    static func apply(
        _ invocation: Invocation, _ recording: RecordingName, _ daemon: Daemon, to target: Target
    ) throws(CommandFailure) -> Target {
        var target = target
        let begin = try moment(from, invocation, recording, daemon)
        let end = try moment(to, invocation, recording, daemon)
        if let begin, let end, begin > end {
            throw .usage("--from: '\(invocation.text(from) ?? "")' is after --to, '\(invocation.text(to) ?? "")'")
        }
        target.add(from.long, begin)
        target.add(to.long, end)
        if let text = invocation.text(type) {
            target.add("type", try numbers(text, names: typeNames, option: type))
        }
        if let text = invocation.text(source) { target.add("source", try numbers(text, names: [], option: source)) }
        if invocation.has(damaged) { target.add("damaged", "skip") }
        return target
    }

    /// Milliseconds since 1970.
    private static func moment(
        _ option: Command.Option, _ invocation: Invocation, _ recording: RecordingName, _ daemon: Daemon
    ) throws(CommandFailure) -> Int64? {
        guard let text = invocation.text(option), text.hasPrefix("+") else {
            return try invocation.value(option, EventTimeSyntax()).map { $0 / 1000 }
        }
        guard let offset = Quantity.duration(String(text.dropFirst())) else {
            throw .usage("--\(option.long): '\(text)' is not a time from the beginning; write +90s or +5min")
        }
        let view = RecordingView(json: try daemon.askJSON(.get, recording.target()))
        return ((view.moment("first_event") ?? 0) + offset.microseconds) / 1000
    }

    /// Tells on standard error how many events `--skip-damaged` leaves out of the recording.
    static func tellGaps(
        _ invocation: Invocation, _ recording: RecordingName, _ daemon: Daemon
    ) throws(CommandFailure) {
        guard invocation.has(damaged) else { return }
        let table = try daemon.askJSON(.get, recording.target("/chunks").adding("damaged", "skip"))
        let count = (table["gaps"]?.array ?? []).reduce(0) { $0 + UInt64(max(0, $1["count"]?.integer ?? 0)) }
        guard count > 0 else { return }
        let events = HumanText.plural(count, "event")
        StandardErrorSink.write(
            "reeld \(invocation.command.name): \(events) of recording \(recording) left out, being damaged\n")
    }

    private static func numbers(
        _ text: String, names: [String], option: Command.Option
    ) throws(CommandFailure) -> String {
        var numbers: [String] = []
        for word in text.split(separator: ",", omittingEmptySubsequences: false) {
            if let index = names.firstIndex(of: String(word)) {
                numbers.append("\(index)")
            } else if UInt8(word) != nil {
                numbers.append(String(word))
            } else {
                let known = names.isEmpty ? "a number, as 3" : "a number or one of \(names.joined(separator: ", "))"
                throw .usage("--\(option.long): '\(word)' is no \(option.long); write \(known)")
            }
        }
        return numbers.joined(separator: ",")
    }
}

/// A moment of a recording; `+90s` from its beginning is read before, as it needs the recording.
private struct EventTimeSyntax: ValueSyntax {
    func parse(_ text: String) throws(BadValue) -> Int64 {
        do throws(BadValue) {
            return try TimeSyntax().parse(text)
        } catch {
            throw BadValue("is not a time; write +3s from the beginning, '2026-11-21 14:30' or 2026-11-21T14:30:00Z")
        }
    }

    func text(of value: Int64) -> String { TimeSyntax().text(of: value) }
}
