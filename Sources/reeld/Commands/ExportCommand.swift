import ReelCodec
import ReelHTTP
import ReelSystem

/// `reeld export`: one recording to a file, or all of a selection to a directory.
enum ExportCommand {
    private static let format = Command.Option(
        "format", value: "FORMAT", help: "json, ndjson or json.gz; the default is FILE's ending, else json")

    private enum Format: String, CaseIterable {
        case json
        case ndjson
        case gzip = "json.gz"
    }

    static let export = Command(
        name: "export", topic: .recordings, summary: "Write a recording to a file that other rrweb players open",
        operands: [.init(name: "RECORDING|DIR"), .init(name: "FILE", occurrence: .optional)],
        options: [format] + EventSelection.options + SubjectSelection.options
            + [Daemon.socketOption] + LocalStore.options,
        details: [
            "json is one JSON array of events, json.gz the same compressed, ndjson an event a line. Without FILE it goes "
                + "to standard output. FILE appears only when it is whole, and only its owner may read it.",
            "With --user, --session, --project or --ticket every recording of which all hold goes to DIR, which must not exist "
                + "yet or be empty: what a person may ask to have of himself. Each is NUMBER.json.gz, its events, and "
                + "NUMBER.metadata.json; manifest.json says what is there, with counts, times and hashes, and what could not be "
                + "exported; 'sha256sum -c SHA256SUMS' in DIR checks all of it. What was erased is not known any more to have "
                + "been anybody's.",
        ],
        examples: [
            "reeld export --user=zoe@example.org ./zoe",
            "reeld export 7 session.json.gz", "reeld export 7 --format=ndjson | gzip > session.ndjson.gz",
        ],
        run: { invocation throws(CommandFailure) in
            if let selection = try SubjectSelection(invocation) {
                let isOfOne = ([format] + EventSelection.options).first(where: invocation.has)
                guard isOfOne == nil, invocation.operands.count == 1 else {
                    throw .usage("every recording of a selection goes to DIR whole; leave out what is of one recording")
                }
                var export = try SubjectExport(selection, to: invocation.operands[0], try Daemon(invocation))
                return try export.run(invocation.output)
            }
            let recording = try invocation.recording()
            let file = invocation.operands.dropFirst().first
            let format = try chosenFormat(invocation, file)
            let daemon = try Daemon(invocation)
            var target = recording.target("/events")
            if format == .ndjson { target.add("format", "ndjson") }
            target = try EventSelection.apply(invocation, recording, daemon, to: target)
            let headers: Headers = ["Accept-Encoding": format == .gzip ? "gzip" : "identity"]
            if let file {
                try write(target, headers, to: file, daemon)
            } else {
                try daemon.stream(target, headers: headers) { piece throws(CommandFailure) in
                    try invocation.output.write(piece)
                }
                // A shell's prompt belongs on a line of its own.
                if format == .json { try invocation.output.write("\n") }
            }
            try invocation.output.flush()
            try EventSelection.tellGaps(invocation, recording, daemon)
            return .success
        })

    private static func chosenFormat(_ invocation: Invocation, _ file: String?) throws(CommandFailure) -> Format {
        if let chosen: Format = try invocation.value(format, ChoiceSyntax { $0.rawValue }) { return chosen }
        guard let file else { return .json }
        if let ending = Format.allCases.first(where: { file.hasSuffix(".\($0.rawValue)") }) { return ending }
        throw .usage("'\(file)' ends in none of .json, .ndjson and .json.gz; say --format")
    }

    private static func write(
        _ target: Target, _ headers: Headers, to path: String, _ daemon: Daemon
    ) throws(CommandFailure) {
        let file = try create(path)
        try daemon.stream(target, headers: headers) { piece throws(CommandFailure) in
            do throws(SystemError) {
                try file.write(Array(piece))
            } catch {
                throw failure(error, path)
            }
        }
        do throws(SystemError) {
            try file.commit()
        } catch {
            throw failure(error, path)
        }
    }

    private static func create(_ path: String) throws(CommandFailure) -> ReplacingFile {
        do throws(SystemError) {
            return try ReplacingFile(path)
        } catch {
            throw failure(error, path)
        }
    }

    private static func failure(_ error: SystemError, _ path: String) -> CommandFailure {
        CommandFailure(.failure, "\(path): \(error.reason)")
    }
}
