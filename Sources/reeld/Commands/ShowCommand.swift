import ReelCodec
import ReelSystem

/// `reeld show`.
enum ShowCommand {
    static let show = Command(
        name: "show", topic: .recordings, summary: "Show what is known of a recording",
        operands: [.recording], options: [OutputForm.option, Daemon.socketOption] + LocalStore.options,
        examples: ["reeld show 7", "reeld show 7 -o json"],
        run: { invocation throws(CommandFailure) in
            let answer = try Daemon(invocation).askJSON(.get, try invocation.recording().target())
            switch try invocation.outputForm() {
            case .json: try invocation.output.writeLine(answer)
            case .table: try invocation.output.write(text(RecordingView(json: answer)))
            }
            return .success
        })

    /// A line a fact; facts that are empty are left out.
    private static func text(_ recording: RecordingView) -> String {
        facts(of: recording).filter { !$0.value.isEmpty }.map { fact in
            String(repeating: " ", count: max(0, 12 - fact.name.count)) + "\(fact.name): \(fact.value.printable)\n"
        }.joined()
    }

    private static func facts(of recording: RecordingView) -> [(name: String, value: String)] {
        func time(_ name: String) -> String { recording.moment(name).map(CalendarTime.localText) ?? "" }
        func count(_ name: String) -> String { HumanText.count(recording.count(name)) }
        func length(_ name: String) -> String {
            HumanText.duration(microseconds: Int64(clamping: recording.count(name) &* 1000))
        }
        var status = recording.text("status")
        if !recording.text("end_reason").isEmpty { status += " (\(recording.text("end_reason")))" }
        var facts = [
            ("Recording", "\(recording.number)  \(recording.text("id"))"), ("Status", status),
            ("Started", time("created")), ("Last batch", time("last_received")), ("Ended", time("ended")),
            ("Events", "\(count("events")), \(time("first_event")) to \(time("last_event"))"),
            ("Length", "\(length("duration_ms")), active \(length("active_ms"))"),
            (
                "Size",
                "\(HumanText.size(recording.count("stored_bytes"))) on disk, "
                    + "\(HumanText.size(recording.count("raw_bytes"))) of events"
            ),
            ("Pages", "\(count("pages")), \(count("clicks")) clicks, \(count("inputs")) inputs"),
            (
                "Errors",
                "\(count("console_errors")) on the console, \(count("failed_requests")) of \(count("requests")) requests"
            ),
            ("First page", recording.text("first_url")), ("Last page", recording.text("last_url")),
        ]
        for name in ["project", "session", "window", "user", "ticket", "activity", "brand", "url", "browser"] {
            facts.append((name.prefix(1).uppercased() + name.dropFirst(), recording.text(name)))
        }
        facts.append(("Tags", recording.tags.joined(separator: ", ")))
        facts.append(("Pinned", recording.json["pinned"]?.bool == true ? "yes" : ""))
        for name in ["predecessor", "successor"] {
            let number = recording.json[name]?["number"]?.integer.map { "\($0)" }
            facts.append((name.prefix(1).uppercased() + name.dropFirst(), number ?? ""))
        }
        facts.append(("Notes", recording.text("notes")))
        return facts
    }
}
