import Glibc
import ReelCodec
import ReelSystem

/// `reeld ls`.
enum ListCommand {
    private static let lines = Command.Option(
        "lines", short: "n", value: "COUNT", help: "List COUNT recordings; the default is 50, and 'all' lists all")
    private static let reverse = Command.Option("reverse", short: "r", help: "Put the newest last")
    private static let since = Command.Option(
        "since", short: "S", value: "TIME",
        help: "Only what started at TIME or later: '2026-11-21 14:30', yesterday, 2h (ago)")
    private static let until = Command.Option("until", short: "U", value: "TIME", help: "Only what started before TIME")
    private static let status = Command.Option(
        "status", value: "STATUS", help: "Only recordings that are recording, idle, ended or erased")
    private static let has = Command.Option(
        "has", value: "CONTENT",
        help: "Only those with error, console, network, custom, input or snapshot events; may be repeated")
    private static let tag = Command.Option("tag", value: "TAG", help: "Only those with TAG; may be repeated")
    private static let pinned = Command.Option("pinned", help: "Only pinned recordings")
    private static let url = Command.Option(
        "url", value: "WORD", help: "Only those of a page with WORD in host or path")
    private static let search = Command.Option(
        "search", value: "TEXT", help: "Only those with TEXT in their metadata or URLs; looks at every candidate")
    private static let equalities = ["user", "session", "project", "ticket", "activity", "brand", "window"].map {
        Command.Option($0, value: $0.uppercased(), help: "Only recordings of this \($0)")
    }

    static let list = Command(
        name: "ls", topic: .recordings, summary: "List recordings, the newest first",
        options: [lines, reverse, since, until] + equalities
            + [tag, status, has, pinned, url, search, OutputForm.option, Daemon.socketOption] + LocalStore.options,
        details: [
            "On a terminal the table is cut to its width, and columns that have no room are left out; -o json prints a "
                + "JSON object a line and cuts nothing."
        ],
        examples: ["reeld ls -n 10 --has=error --since=yesterday", "reeld ls --user=zoe@example.org -o json"],
        run: { invocation throws(CommandFailure) in
            var (recordings, hasMore) = try collect(invocation)
            if invocation.has(reverse) { recordings.reverse() }
            switch try invocation.outputForm() {
            case .json: for recording in recordings { try invocation.output.writeLine(recording.json) }
            case .table:
                try invocation.output.write(table(recordings))
                try invocation.output.flush()
                tellCount(recordings.count, hasMore: hasMore)
            }
            return .success
        })

    private static let pageCountMax = 1000

    /// A person must not take the first 50 for all, nor nothing for a fault; a script gets no such words.
    private static func tellCount(_ count: Int, hasMore: Bool) {
        guard Terminal.isConnected(to: STDERR_FILENO) else { return }
        if hasMore {
            StandardErrorSink.write("\(HumanText.count(UInt64(count))) shown, there are more: -n all\n")
        } else if count == 0 {
            StandardErrorSink.write("no recordings\n")
        }
    }

    /// Also to a script: a list that left something out in silence would be taken for the whole.
    private static func tellDamage(_ damage: [JSONValue]) {
        guard let first = damage.first?.string else { return }
        StandardErrorSink.write(
            ("left out, as it could not be read: \(HumanText.plural(UInt64(damage.count), "recording")); \(first)")
                .printable
                + "\n")
    }

    /// Asks page by page until there are as many as wanted, or no more.
    private static func collect(
        _ invocation: Invocation
    ) throws(CommandFailure) -> (recordings: [RecordingView], hasMore: Bool) {
        var wanted = 50
        if let text = invocation.text(lines) {
            wanted = text == "all" ? .max : try invocation.value(lines, CountSyntax(range: 0...1_000_000_000)) ?? wanted
        }
        let target = try filtered(invocation)
        let daemon = try Daemon(invocation)
        var recordings: [RecordingView] = []
        var cursor: String?
        var hasMore = false
        while recordings.count < wanted {
            let page = target.adding("limit", min(pageCountMax, wanted - recordings.count)).adding("cursor", cursor)
            let answer = try daemon.askJSON(.get, page)
            recordings += (answer["recordings"]?.array ?? []).map(RecordingView.init)
            tellDamage(answer["damaged"]?.array ?? [])
            cursor = answer["next"]?.string
            hasMore = cursor != nil
            guard hasMore else { break }
        }
        return (recordings, hasMore)
    }

    private static func filtered(_ invocation: Invocation) throws(CommandFailure) -> Target {
        var target = Target("/v1/recordings")
        for option in equalities + [status, url] { target.add(option.long, invocation.text(option)) }
        for option in [tag, has] {
            for text in invocation.options[option.long] ?? [] { target.add(option.long, text) }
        }
        if invocation.has(pinned) { target.add("pinned", "true") }
        target.add("q", invocation.text(search))
        for option in [since, until] {
            target.add(option.long, try invocation.value(option, TimeSyntax()).map(CalendarTime.utcText))
        }
        return target
    }

    private static func table(_ recordings: [RecordingView]) -> String {
        var table = TextTable([
            .init(title: "NUMBER", isNumeric: true), .init(title: "STARTED", dropRank: 1),
            .init(title: "LENGTH", isNumeric: true, dropRank: 2), .init(title: "EVENTS", isNumeric: true, dropRank: 6),
            .init(title: "SIZE", isNumeric: true, dropRank: 7), .init(title: "STATUS", dropRank: 4),
            .init(title: "ERRORS", isNumeric: true, dropRank: 5), .init(title: "USER", isElastic: true, dropRank: 3),
            .init(title: "ACTIVITY OR PAGE", isElastic: true),
        ])
        for recording in recordings {
            table.add([
                "\(recording.number)", recording.moment("created").map(CalendarTime.localText) ?? "",
                HumanText.duration(microseconds: recording.durationMicroseconds),
                HumanText.count(recording.count("events")), HumanText.size(recording.count("stored_bytes")),
                recording.text("status"), HumanText.count(recording.count("console_errors")),
                recording.text("user"), recording.title,
            ])
        }
        return table.text(width: width)
    }

    /// Columns of the terminal that the table goes to, or what COLUMNS says of it; nil where it goes to none.
    private static var width: Int? {
        guard Terminal.isConnected(to: STDOUT_FILENO) else { return nil }
        let named = getenv("COLUMNS").flatMap { Int(String(cString: $0)) } ?? 0
        return named > 0 ? named : Terminal.columnCount(of: STDOUT_FILENO)
    }
}
