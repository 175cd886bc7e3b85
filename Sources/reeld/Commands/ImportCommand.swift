import ReelCodec
import ReelSystem

/// `reeld import`.
enum ImportCommand {
    private static let texts = ["user", "session", "project", "ticket", "activity", "brand", "notes"].map {
        Command.Option(
            $0, value: $0.uppercased(), help: "Give every recording \($0 == "notes" ? "these" : "this") \($0)")
    }
    private static let tag = Command.Option("tag", value: "TAG", help: "Give every recording TAG; may be repeated")
    private static let again = Command.Option("again", help: "Make new recordings of files that were imported before")
    private static let keepOpen = Command.Option("keep-open", help: "Do not end the recordings afterwards")
    private static let dropInvalid = Command.Option(
        "drop-invalid", help: "Leave invalid events out instead of refusing their file")

    static let `import` = Command(
        name: "import", topic: .recordings, summary: "Make recordings of files or directories of rrweb events",
        operands: [.init(name: "PATH", occurrence: .atLeastOnce)],
        options: texts + [tag, again, keepOpen, dropInvalid, Daemon.socketOption],
        details: [
            "A file is a JSON array of events, an object {\"events\": [...]}, or NDJSON, plain or gzip; it becomes one "
                + "recording, whose activity is the file's name unless told otherwise. Of directories, files that end "
                + "in .json, .ndjson or .jsonl, or these and .gz, are taken, those in subdirectories too.",
            "An import that was interrupted can be repeated: what arrived is not stored twice, and the same file with "
                + "the same options is the same recording.",
        ],
        examples: ["reeld import session.json.gz --user=zoe@example.org", "reeld import ./exported/ --tag=migrated"],
        run: { invocation throws(CommandFailure) in
            let files = try ImportFiles.find(invocation.operands)
            let total = files.reduce(0) { $0 + $1.sizeBytes }
            var progress = ProgressBar(total: total)
            var doneBytes: UInt64 = 0
            var failedCount = 0
            let importer = RecordingImport(try Daemon(invocation), metadata(invocation), options(invocation))
            for file in files {
                do throws(CommandFailure) {
                    let result = try importer.run(file) { share in
                        progress.advance(to: doneBytes + UInt64(share * Double(file.sizeBytes)), file.path)
                    }
                    progress.clear()
                    try invocation.output.write(line(result, file))
                    try invocation.output.flush()
                } catch {
                    // A daemon that is gone or a closed pipe ends it all; a bad file is told, and the next one tried.
                    guard [.usage, .failure, .notFound].contains(error.exitCode) else { throw error }
                    progress.clear()
                    failedCount += 1
                    StandardErrorSink.write("reeld import: \(file.path): \(error.message)".printable + "\n")
                }
                doneBytes += file.sizeBytes
            }
            guard failedCount == 0 else {
                throw CommandFailure(
                    .failure, "\(failedCount) of \(HumanText.plural(UInt64(files.count), "file")) failed")
            }
            return .success
        })

    private static func line(_ result: RecordingImport.Result, _ file: ImportFiles.File) -> String {
        var line = "\(result.number)  \(HumanText.plural(result.eventCount, "event"))  \(file.path)".printable
        if result.droppedCount > 0 { line += "  (\(HumanText.plural(result.droppedCount, "invalid event")) left out)" }
        if result.isRepeated { line += "  (was there already)" }
        return line + "\n"
    }

    private static func metadata(_ invocation: Invocation) -> [JSONValue.Member] {
        var members = texts.compactMap { option in
            invocation.text(option).map { JSONValue.Member(option.long, .string($0)) }
        }
        if let tags = invocation.options[tag.long] { members.append(.init("tags", .array(tags.map { .string($0) }))) }
        return members
    }

    private static func options(_ invocation: Invocation) -> RecordingImport.Options {
        RecordingImport.Options(
            isRepeatable: !invocation.has(again), endsRecording: !invocation.has(keepOpen),
            dropsInvalid: invocation.has(dropInvalid))
    }
}
