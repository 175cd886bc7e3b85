import ReelCodec
import ReelHTTP
import ReelSystem

/// `reeld export`.
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
        operands: [.recording, .init(name: "FILE", occurrence: .optional)],
        options: [format] + EventSelection.options + [Daemon.socketOption, LocalStore.option],
        details: [
            "json is one JSON array of events, json.gz the same compressed, ndjson an event a line. Without FILE it goes "
                + "to standard output. FILE appears only when it is whole."
        ],
        examples: ["reeld export 7 session.json.gz", "reeld export 7 --format=ndjson | gzip > session.ndjson.gz"],
        run: { invocation throws(CommandFailure) in
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
