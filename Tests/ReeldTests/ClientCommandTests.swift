import Glibc
import ReelSystem
import Testing

@testable import reeld

struct ClientCommandTests {
    private static let recording = """
        {"number": 7, "id": "0199f2c1-7a00-7abc-8def-0123456789ab", "status": "ended", "end_reason": "request",
         "created": "2026-11-21T01:02:03.000004Z", "last_received": "2026-11-21T01:12:03Z", "user": "zoë\\u001b[2J",
         "activity": "", "first_url": "https://shop.example/orders/new", "events": 1234, "duration_ms": 754000,
         "active_ms": 60000, "stored_bytes": 131072, "raw_bytes": 1048576, "console_errors": 2, "requests": 5,
         "failed_requests": 1, "first_event": "2026-01-01T10:00:00Z", "tags": ["a", "b"], "pinned": true,
         "successor": {"number": 8, "id": "x"}, "predecessor": null}
        """

    @Test func lsAsksPageByPageAndPassesItsFilters() throws {
        let daemon = try StubDaemon { asked, index in
            let next = index == 0 ? "\"c 1\"" : "null"
            return .init(body: "{\"recordings\": [\(Self.recording)], \"next\": \(next), \"complete\": true}")
        }
        let result = daemon.run(
            "ls", "-n", "5", "--user=a b&c", "--tag=x", "--tag=y", "--has=error", "--pinned", "--search=ü",
            "--since=2026-11-21T01:42:07Z")
        #expect(result.code == .success, "\(result.told)")
        let filters =
            "user=a%20b%26c&tag=x&tag=y&has=error&pinned=true&q=%C3%BC&since=2026-11-21T01%3A42%3A07Z"
        #expect(
            daemon.lines == [
                "GET /v1/recordings?\(filters)&limit=5", "GET /v1/recordings?\(filters)&limit=4&cursor=c%201",
            ])
        let started = CalendarTime.localText(1_795_222_923_000_004)
        let row = result.output.split(separator: "\n").last.map(String.init) ?? ""
        #expect(row.hasPrefix("     7  \(started)   12:34   1,234  128 K  ended        2  zoë\\x1b[2J  https://shop."))
    }

    @Test func lsInJSONPrintsEachRecordingOnALineAndReversed() throws {
        let daemon = try StubDaemon(
            "{\"recordings\": [{\"number\": 2, \"x\": [1.50]}, {\"number\":1}], \"next\": null}")
        #expect(daemon.run("ls", "-o", "json", "-r").output == "{\"number\":1}\n{\"number\":2,\"x\":[1.50]}\n")
        #expect(daemon.run("ls", "-n", "0", "-o", "json").output == "")
        #expect(daemon.lines.count == 1)
    }

    @Test func showTellsFactsAndLeavesEmptyOnesOut() throws {
        let daemon = try StubDaemon(Self.recording)
        let output = daemon.run("show", "7").output
        #expect(output.contains("   Recording: 7  0199f2c1-7a00-7abc-8def-0123456789ab\n"))
        #expect(output.contains("      Status: ended (request)\n"))
        #expect(output.contains("        User: zoë\\x1b[2J\n"))
        #expect(output.contains("      Errors: 2 on the console, 1 of 5 requests\n"))
        #expect(output.contains("   Successor: 8\n"))
        #expect(!output.contains("Ticket"))
        #expect(!output.contains("Predecessor"))
    }

    @Test(arguments: [
        (404, ExitCode.notFound), (410, .notFound), (401, .denied), (403, .denied), (400, .usage), (409, .failure),
        (500, .failure), (503, .failure),
    ])
    func aProblemIsToldByItsDetailAndEndsWithItsExitCode(status: Int, code: ExitCode) throws {
        let body =
            "{\"type\": \"urn:reeld:problem:x\", \"title\": \"T\", \"detail\": \"what was wrong\", \"retry\": false}"
        let daemon = try StubDaemon(body, status: status)
        for words in [["show", "7"], ["cat", "7"], ["end", "7"]] {
            let result = daemon.run(words[0], words[1])
            #expect(result.code == code)
            #expect(result.output == "", "a problem document is no event")
            #expect(result.told == "reeld \(words[0]): what was wrong\n")
        }
    }

    @Test func withoutADaemonTheExitCodeIsThreeAndTheWayOutIsNamed() {
        var told = ""
        let words = ["show", "7", "--socket", "/nonexistent/reeld.sock"]
        #expect(CommandTable.run(words, output: Output { _ in }, tell: { told += $0 }) == .unreachable)
        #expect(
            told == "reeld show: no daemon answers at /nonexistent/reeld.sock: No such file or directory; start it, "
                + "or name its socket with --socket\n")
    }

    @Test(arguments: ["", "0", "-1", "+1", "../1", "1/end", "1?x", "x", "18446744073709551616", "7 "])
    func whatNamesNoRecordingNeverGetsIntoAPath(text: String) throws {
        let daemon = try StubDaemon("{}")
        #expect(daemon.run("show", "--", text).code == .usage)
        #expect(daemon.lines == [])
    }

    @Test func catAsksForLinesAndTranslatesItsSelection() throws {
        let daemon = try StubDaemon { asked, _ in
            switch true {
            case asked.line.hasSuffix("/7"): .init(body: Self.recording)
            case asked.line.contains("/chunks"): .init(body: "{\"gaps\": [{\"first\": 0, \"count\": 2}]}")
            default: .init(body: "{\"type\":4}\n{\"type\":2}\n")
            }
        }
        let result = daemon.run(
            "cat", "7", "--type=meta,full-snapshot,5", "--from=+90s", "--to=2026-01-01T10:05:00Z", "--skip-damaged")
        #expect(result.output == "{\"type\":4}\n{\"type\":2}\n")
        #expect(
            daemon.lines == [
                "GET /v1/recordings/7",
                "GET /v1/recordings/7/events?format=ndjson&from=1767261690000&to=1767261900000&type=4%2C2%2C5&damaged=skip",
                "GET /v1/recordings/7/chunks?damaged=skip",
            ])
        #expect(daemon.run("cat", "7", "--type=metta").code == .usage)
        #expect(daemon.run("cat", "7", "--from=+x").code == .usage)
    }

    @Test func aStreamThatBreaksOffIsAFailureAfterWhatCame() throws {
        let daemon = try StubDaemon { _, _ in .init(body: "{\"type\":4}\n", isTruncated: true) }
        let result = daemon.run("cat", "7")
        #expect(result.code == .failure)
        #expect(result.output == "{\"type\":4}\n")
        #expect(result.told.contains("broke off after 11 bytes"))
    }

    @Test func tailBeginsBeforeTheEndAndFollowsUntilTheRecordingEnds() throws {
        let daemon = try StubDaemon { asked, index in
            switch index {
            case 0: .init(body: "{\"number\":7,\"status\":\"recording\",\"events\":12}")
            case 1: .init(body: "{\"a\":10}\n{\"a\":11}\n{\"a\":12}\n")
            case 2: .init(body: "{\"number\":7,\"status\":\"recording\",\"events\":13}")
            case 3: .init(body: "{\"number\":7,\"status\":\"ended\",\"events\":14}")
            default: .init(body: "{\"a\":13}\n")
            }
        }
        let result = daemon.run("tail", "-f", "-n", "2", "7")
        #expect(result.output == "{\"a\":10}\n{\"a\":11}\n{\"a\":12}\n{\"a\":13}\n")
        let firsts = daemon.lines.filter { $0.contains("first") }.map { String($0.suffix(8)) }
        #expect(firsts == ["first=10", "first=13"])
    }

    @Test func exportWritesAWholeFileOrNone() throws {
        let daemon = try StubDaemon { _, index in .init(body: "[{\"a\":1}]", isTruncated: index == 0) }
        let directory = try TemporaryDirectory()
        let path = "\(directory.path)/a.json.gz"
        #expect(daemon.run("export", "7", path).code == .failure)
        #expect(try SmallFile.names(in: directory.path) == [])
        #expect(daemon.run("export", "7", path).code == .success)
        #expect(try SmallFile.read(path, sizeMaxBytes: 100) == Array("[{\"a\":1}]".utf8))
        #expect(daemon.asked.map(\.encoding) == ["gzip", "gzip"])
        #expect(daemon.run("export", "7", "\(directory.path)/a.txt").code == .usage)
        #expect(daemon.run("export", "7", "--format=ndjson").output == "[{\"a\":1}]")
        #expect(daemon.lines.last == "GET /v1/recordings/7/events?format=ndjson")
    }

    @Test func eraseChecksEveryNameBeforeItErasesAny() throws {
        let daemon = try StubDaemon(
            "{\"erased\": 2, \"recordings\": [{\"number\": 7}, {\"number\": 8}], \"refused\": [], \"next\": null}")
        #expect(daemon.run("erase", "--yes", "7", "x").code == .usage)
        #expect(daemon.lines == [])
        #expect(daemon.run("erase", "--yes", "7", "8").output == "7 erased\n8 erased\n")
        #expect(daemon.lines == ["POST /v1/erase"])
    }

    @Test func endGoesOnAfterOneThatFailsAndNamesEach() throws {
        let daemon = try StubDaemon { asked, _ in
            asked.line.contains("/5/")
                ? .init(body: "{\"number\": 5, \"events\": 1}")
                : .init(status: 404, body: "{\"detail\": \"There is none.\"}")
        }
        let result = daemon.run("end", "999", "5", "998")
        #expect(result.code == .notFound)
        #expect(result.output == "5 ended with 1 event\n")
        #expect(result.told == "reeld end: 999: There is none.\nreeld end: 998: There is none.\n")
    }

    @Test func whatContradictsItselfIsAUsageErrorAndAsksNobody() throws {
        let daemon = try StubDaemon("{}")
        #expect(daemon.run("ls", "--store=/nonexistent").code == .usage)
        let times = ["--from=2026-01-02T00:00:00Z", "--to=2026-01-01T00:00:00Z"]
        #expect(daemon.run("cat", "7", times[0], times[1]).told.contains("is after --to"))
        #expect(daemon.run("cat", "7", "--from=soon").told.contains("+3s"))
        #expect(daemon.lines == [])
    }

    @Test func statsAndVacuumTellFigures() throws {
        let stats = try StubDaemon("{\"id\": \"s\", \"recordings\": 1234, \"log_bytes\": 134217728}")
        #expect(stats.run("stats").output == "id: s\nrecordings: 1,234\nlog bytes: 128 M (134217728)\n")
        let vacuum = try StubDaemon("{\"segments\": 3, \"bytes_before\": 2048, \"bytes_after\": 1024}")
        #expect(vacuum.run("vacuum").output == "3 segments compacted, 2.0 K before, 1.0 K after\n")
        #expect(vacuum.lines == ["POST /v1/store/compact"])
        let idle = try StubDaemon("{\"segments\": 0, \"bytes_before\": 0, \"bytes_after\": 0}")
        #expect(idle.run("vacuum").output == "nothing to compact\n")
    }

    @Test func vacuumAsksForLimitsAndTellsWhatWent() throws {
        let dry = try StubDaemon(
            #"{"segments":0,"bytes_before":0,"bytes_after":0,"segments_removed":0,"recordings_removed":2,"#
                + #""recordings_removed_bytes":2048,"oldest":"2026-01-01T00:00:00.000000Z","#
                + #""newest":"2026-02-01T00:00:00.000000Z","dry_run":true,"waits":"Look at the clock."}"#)
        let told = dry.run("vacuum", "--max-age=30d", "--max-size=10G", "-n").output
        #expect(told.hasPrefix("2 recordings, 2.0 K, ended 2026-01-01T00:00:00.000000Z to 2026-02-01T"))
        #expect(told.hasSuffix(", would be removed\nLook at the clock.\n"))
        #expect(dry.lines == ["POST /v1/store/compact?max_age=2592000&max_size=10737418240&dry_run=1"])
        let done = try StubDaemon(
            #"{"segments":1,"bytes_before":4096,"bytes_after":1024,"segments_removed":2,"recordings_removed":1,"#
                + #""recordings_removed_bytes":1024}"#)
        #expect(
            done.run("vacuum", "--confirm").output
                == "1 recording, 1.0 K, removed\n2 segments removed\n1 segment compacted, 4.0 K before, 1.0 K after\n")
        #expect(done.lines == ["POST /v1/store/compact?confirm=1"])
        let none = try StubDaemon(#"{"segments":0,"dry_run":true}"#)
        #expect(none.run("vacuum", "--dry-run").output == "nothing would be removed\n")
    }

    @Test(arguments: [
        ("--max-age=0", "out of bounds"), ("--max-age=90", "not a duration"), ("--max-size=0", "out of bounds"),
        ("--max-size=lots", "not a size"),
    ])
    func vacuumRefusesLimitsThatAreNone(option: String, word: String) throws {
        let daemon = try StubDaemon("{}")
        let run = daemon.run("vacuum", option)
        #expect(run.code == .usage && run.told.contains(word), "\(run.told)")
        #expect(daemon.lines == [])
    }
}
