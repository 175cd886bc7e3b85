import Glibc
import ReelCodec
import ReelFormat
import ReelHTTP
import ReelSystem

/// Every recording of a selection in a directory, with a manifest and hashes. The directory is there only once it is whole.
struct SubjectExport {
    private let selection: SubjectSelection
    private let directory: ExportDirectory
    private let daemon: Daemon
    private var exported: [JSONValue] = []
    private var notExported: [JSONValue] = []
    private var eventCount: UInt64 = 0
    private var failureCount = 0

    /// - Throws: where the directory holds something already.
    init(_ selection: SubjectSelection, to path: String, _ daemon: Daemon) throws(CommandFailure) {
        self.selection = selection
        self.daemon = daemon
        directory = try ExportDirectory(path)
    }

    mutating func run(_ output: Output) throws(CommandFailure) -> ExitCode {
        let recordings = try selection.recordings(daemon)
        guard !recordings.isEmpty else {
            throw CommandFailure(.notFound, "there are no recordings of \(selection.text)")
        }
        let store = try daemon.askJSON(.get, Target("/v1/store"))["id"]?.string ?? ""
        try directory.make()
        do throws(CommandFailure) {
            for recording in recordings { try add(recording) }
            try directory.write("manifest.json", manifest(store))
            try directory.finish()
        } catch {
            directory.discard()
            throw error
        }
        var summary =
            "\(HumanText.plural(UInt64(exported.count), "recording")) of \(selection.text) exported to "
            + "\(directory.path): \(HumanText.plural(eventCount, "event")), \(HumanText.size(directory.sizeBytes))"
        if !notExported.isEmpty { summary += "; \(notExported.count) not: manifest.json says why" }
        try output.write(summary.printable + "\n")
        return failureCount == 0 ? .success : .failure
    }

    private mutating func add(_ listed: RecordingView) throws(CommandFailure) {
        let name = try RecordingName("\(listed.number)")
        do throws(CommandFailure) {
            // The metadata as of now: it may have changed since it was listed.
            let view = RecordingView(json: try daemon.askJSON(.get, name.target()))
            let (file, count, missing) = try events(of: name, view.number)
            var metadata = JSONWriter()
            metadata.value(view.json)
            let about = try directory.write("\(view.number).metadata.json", metadata.bytes + [UInt8(ascii: "\n")])
            eventCount += count
            if missing != nil { failureCount += 1 }
            var members: [JSONValue.Member] = [
                .init("number", .number("\(view.number)")), .init("id", .string(view.text("id"))),
                .init("created", view.json["created"] ?? .null), .init("ended", view.json["ended"] ?? .null),
                .init("events", .number("\(count)")), .init("complete", .bool(missing == nil)),
            ]
            if let missing { members.append(.init("missing", .string(missing))) }
            members.append(.init("files", .array([file.json, about.json])))
            exported.append(.object(members))
        } catch {
            // What cannot be written here ends it; what cannot be read there is told.
            if directory.hasFailed || [.unreachable, .denied].contains(error.exitCode) { throw error }
            // Erased while this was running is no failure.
            if error.exitCode != .notFound { failureCount += 1 }
            notExported.append(
                .object([
                    .init("number", .number("\(listed.number)")), .init("id", .string(listed.text("id"))),
                    .init("reason", .string(error.message)),
                ]))
        }
    }

    /// The spliced document as it comes; where some of it is damaged, the rest, and what is missing.
    private func events(of name: RecordingName, _ number: UInt64) throws(CommandFailure) -> (
        file: ExportDirectory.Entry, count: UInt64, missing: String?
    ) {
        let target = name.target("/events")
        do throws(CommandFailure) {
            let (file, count) = try stream(target, number)
            return (file, count, nil)
        } catch {
            if directory.hasFailed || [.unreachable, .denied, .notFound].contains(error.exitCode) { throw error }
            let (file, count) = try stream(target.adding("damaged", "skip"), number)
            return (file, count, error.message)
        }
    }

    private func stream(_ target: Target, _ number: UInt64) throws(CommandFailure) -> (ExportDirectory.Entry, UInt64) {
        var count: UInt64 = 0
        let file = try directory.begin("\(number).json.gz")
        try daemon.stream(
            target, headers: ["Accept-Encoding": "gzip"],
            onHead: { count = $0["Reeld-Events"].flatMap { UInt64($0) } ?? 0 }
        ) { (piece) throws(CommandFailure) in try file.write(piece) }
        return (try file.finish(), count)
    }

    private func manifest(_ store: String) -> [UInt8] {
        var json = JSONWriter()
        json.object { json in
            json.member("format", "reeld export 1")
            json.member("made", CalendarTime.utcText(SystemClock().wallMicroseconds))
            json.member("store", store)
            json.member("selection") { json in
                json.object { json in
                    for member in selection.members { json.member(member.name, member.text) }
                }
            }
            json.member("counts") { json in
                json.object { json in
                    json.member("recordings", exported.count)
                    json.member("events", eventCount)
                    json.member("bytes", directory.sizeBytes)
                }
            }
            json.member("recordings", .array(exported))
            json.member("not_exported", .array(notExported))
        }
        return json.bytes + [UInt8(ascii: "\n")]
    }
}
