import ReelCodec
import ReelSystem
import Testing

@testable import reeld

struct ImportTests {
    private static let started = "{\"number\": 7, \"id\": \"x\", \"token\": \"rw_1\"}"

    /// Answers as the daemon does; the batches in `refusals` get that answer first.
    private func daemon(_ refusals: [String: StubDaemon.Answer] = [:]) throws -> StubDaemon {
        let left = Monitor(refusals)
        return try StubDaemon { asked, _ in
            if asked.line == "POST /v1/recordings" { return .init(status: 201, body: Self.started) }
            if asked.line.hasSuffix("/end") { return .init(body: "{\"number\": 7}") }
            if let batch = asked.batch, let refusal = left.withLock({ $0.removeValue(forKey: batch) }) {
                return refusal
            }
            let count = (try? JSONValue(parsing: Array(asked.body.utf8), depthMax: 512).array?.count) ?? 0
            return .init(status: 201, body: "{\"count\": \(count), \"dropped\": 0, \"duplicate\": false}")
        }
    }

    private func recordings(_ name: String) -> String { "\(repositoryRoot)/Tests/Recordings/\(name)" }

    @Test func everyFormBecomesARecordingThatIsEnded() throws {
        let daemon = try daemon()
        let result = daemon.run(
            "import", recordings("form.json"), recordings("navigation.json"), recordings("scrolling.ndjson"))
        #expect(result.code == .success, "\(result.told)")
        let told = result.output.split(separator: "\n").map { String($0.split(separator: "  ")[1]) }
        #expect(told == ["56 events", "24 events", "44 events"])
        let one = ["POST /v1/recordings", "POST /v1/recordings/7/events", "POST /v1/recordings/7/end"]
        #expect(daemon.lines == one + one + one)
        #expect(daemon.asked[0].body.contains("\"activity\":\"form\""))
    }

    @Test func eventsGoOutByteForByteInNumberedBatches() throws {
        let directory = try TemporaryDirectory()
        let events = (0..<1001).map { "{ \"type\":3,\n\"timestamp\":1767261600000.5e0,\"data\":{\"i\":\($0)} }" }
        let path = try directory.write("a.json", "[\n" + events.joined(separator: " ,\n") + "]")
        let daemon = try daemon()
        #expect(daemon.run("import", "--keep-open", path).code == .success)
        let batches = daemon.asked.filter { $0.batch != nil }
        #expect(batches.map(\.batch) == ["0", "1", "2"])
        let expected = [0..<500, 500..<1000, 1000..<1001].map { "[" + events[$0].joined(separator: ",") + "]" }
        #expect(batches.map(\.body) == expected)
        #expect(daemon.lines.last == "POST /v1/recordings/7/events")
    }

    @Test func theSameFileWithTheSameOptionsIsTheSameRecording() throws {
        let daemon = try daemon()
        let file = recordings("form.json")
        _ = daemon.run("import", file)
        _ = daemon.run("import", file)
        _ = daemon.run("import", file, "--user=zoe")
        _ = daemon.run("import", file, "--again")
        _ = daemon.run("import", recordings("navigation.json"), "--activity=form")
        let starts = try daemon.asked.filter { $0.line == "POST /v1/recordings" }
            .map { try JSONValue(parsing: Array($0.body.utf8))["id"]?.string }
        #expect(starts[0] != nil && starts[0] == starts[1])
        #expect(starts[2] != nil && starts[2] != starts[0])
        #expect(starts[3] == nil)
        #expect(starts[4] != starts[0])
        #expect(starts[0]?.hasPrefix("019b78ff-f8d8-7") == true, "the first event's time is the id's")
    }

    @Test func aBusyDaemonIsAskedAgainWithTheSameBatch() throws {
        let busy = "{\"type\": \"urn:reeld:problem:queue-full\", \"detail\": \"busy\", \"retry\": true}"
        let daemon = try daemon(["0": .init(status: 503, body: busy)])
        #expect(daemon.run("import", recordings("form.json")).code == .success)
        #expect(daemon.asked.compactMap(\.batch) == ["0", "0"])
    }

    @Test func aRefusedBatchFailsItsFileAndTheNextOneIsTried() throws {
        let refusal =
            "{\"type\": \"urn:reeld:problem:invalid-events\", \"detail\": \"event 3 has no type\", \"retry\": false}"
        let daemon = try daemon(["0": .init(status: 400, body: refusal)])
        let result = daemon.run("import", recordings("form.json"), recordings("navigation.json"))
        #expect(result.code == .failure)
        #expect(result.told == "reeld import: 1 of 2 files failed\n")
        #expect(result.output.hasPrefix("7  24 events"))
    }

    @Test func aRefusedFirstBatchLeavesNoRecordingBehind() throws {
        let daemon = try StubDaemon { asked, _ in
            if asked.line == "POST /v1/recordings" { return .init(status: 201, body: Self.started) }
            if asked.line.hasSuffix("/events") {
                return .init(status: 413, body: "{\"detail\": \"Event 0 is too large.\", \"retry\": false}")
            }
            return .init(body: "{\"number\": 7, \"status\": \"recording\", \"events\": 0}")
        }
        #expect(daemon.run("import", recordings("form.json")).code == .failure)
        #expect(daemon.lines.suffix(2) == ["GET /v1/recordings/7", "DELETE /v1/recordings/7"])
    }

    @Test func whatWasStoredBeforeARefusedBatchIsKept() throws {
        let daemon = try StubDaemon { asked, _ in
            if asked.line == "POST /v1/recordings" { return .init(status: 201, body: Self.started) }
            if asked.line.hasSuffix("/events") { return .init(status: 413, body: "{\"detail\": \"Too large.\"}") }
            return .init(body: "{\"number\": 7, \"status\": \"recording\", \"events\": 500}")
        }
        #expect(daemon.run("import", recordings("form.json")).code == .failure)
        #expect(daemon.lines.last == "GET /v1/recordings/7")
    }

    @Test(arguments: [
        (
            "[{\"type\":3,\"timestamp\":1},{\"timestamp\":2}]",
            "1 invalid event of 2: event 2 has no type; "
                + "nothing was imported; --drop-invalid leaves invalid events out"
        ),
        ("[{\"type\":3,\"timestamp\":1},{\"a\":}]", "event 2 is no JSON at its byte 5"),
        ("[{\"type\":3,\"timestamp\":1},]", "at byte 26: an event is missing beside the comma"),
    ])
    func whatTheDaemonWouldRefuseIsToldByItsEventBeforeAnythingIsSent(text: String, expected: String) throws {
        let directory = try TemporaryDirectory()
        let file = ImportFiles.File(path: try directory.write("a.json", text), sizeBytes: 0)
        let check = ImportCheck(dropsInvalid: false)
        let failure = try #require(throws: CommandFailure.self) { try check.run(try ImportFiles.read(file)) }
        #expect(failure.message.hasPrefix(expected), "\(failure.message)")
        let daemon = try daemon()
        #expect(daemon.run("import", file.path).code == .failure)
        #expect(daemon.lines == [])
    }

    @Test func droppingInvalidEventsNeedsOneThatIsValid() throws {
        let check = ImportCheck(dropsInvalid: true)
        try check.run(Array("[{\"type\":3,\"timestamp\":1},{}]".utf8))
        #expect(throws: CommandFailure.self) { try check.run(Array("[{},{}]".utf8)) }
    }

    @Test(arguments: ["", "[]", "[{}", "{\"a\":1}x", "[1]", "\u{1F}\u{8B}", "null"])
    func aFileThatIsNoListOfEventsLeavesNoRecordingBehind(text: String) throws {
        let directory = try TemporaryDirectory()
        let daemon = try daemon()
        #expect(daemon.run("import", try directory.write("a.json", text)).code == .failure)
        #expect(daemon.lines == [])
    }

    @Test func directoriesAreSearchedForTheirRecordings() throws {
        let directory = try TemporaryDirectory()
        for name in ["b.json", "a.ndjson.gz", "sub/c.jsonl", "notes.txt", "d.json.bak"] {
            try directory.write(name, "x")
        }
        let found = try ImportFiles.find([directory.path])
        let names = found.map { String($0.path.dropFirst(directory.path.count + 1)) }
        #expect(names == ["a.ndjson.gz", "b.json", "sub/c.jsonl"])
        #expect(found.map(\.title) == ["a", "b", "c"])
        #expect(throws: CommandFailure.self) { try ImportFiles.find(["\(directory.path)/none"]) }
        #expect(try ImportFiles.find(["\(directory.path)/notes.txt"]).count == 1)
    }

    @Test func anUnreachableDaemonEndsTheImportAtOnce() {
        let words = ["import", recordings("form.json"), recordings("navigation.json"), "--socket", "/nonexistent/s"]
        var told = ""
        #expect(CommandTable.run(words, output: Output { _ in }, tell: { told += $0 }) == .unreachable)
        #expect(told.split(separator: "\n").count == 1)
    }
}
