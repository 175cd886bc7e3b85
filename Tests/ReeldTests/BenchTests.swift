import ReelCodec
import ReelSystem
import Testing

@testable import reeld

struct BenchTests {
    private static let form = "\(repositoryRoot)/Tests/Recordings/form.json"

    /// Answers as a daemon that takes everything; `refusal` may answer instead.
    private static func daemon(
        refusal: @escaping @Sendable (StubDaemon.Asked) -> StubDaemon.Answer? = { _ in nil }
    ) throws -> StubDaemon {
        try StubDaemon { asked, index in
            if let answer = refusal(asked) { return answer }
            return asked.line == "POST /v1/recordings"
                ? .init(status: 201, body: "{\"number\": \(index + 1), \"id\": \"x\", \"token\": \"rw_x\"}")
                : .init(status: asked.line.hasSuffix("/events") ? 201 : 200, body: "{}")
        }
    }

    @Test func everyWriterNumbersTheBatchesOfItsOwnRecording() throws {
        let daemon = try Self.daemon()
        let result = daemon.run("bench", Self.form, "--writers=3", "--batch=10", "--batches=30", "-o", "json")
        #expect(result.code == .success, "\(result.told)")
        let events = daemon.asked.filter { $0.line.hasSuffix("/events") }
        #expect(daemon.lines.filter { $0 == "POST /v1/recordings" }.count == 3)
        #expect(daemon.lines.filter { $0.hasSuffix("/end") }.count == 3)
        #expect(events.count == 30)
        for line in Set(events.map(\.line)) {
            let numbers = events.filter { $0.line == line }.compactMap(\.batch)
            #expect(numbers == numbers.indices.map { "\($0)" }, "\(line)")
        }
    }

    @Test func countsAreWhatWasSent() throws {
        let daemon = try Self.daemon()
        let result = daemon.run("bench", Self.form, "--writers=2", "--batch=7", "--batches=11", "-o", "json")
        let json = try JSONValue(parsing: Array(result.output.utf8))
        let bodies = daemon.asked.filter { $0.line.hasSuffix("/events") }.map { Array($0.body.utf8) }
        let eventCount = try bodies.reduce(0) { try $0 + EventScanner().scan($1).run.events.count }
        #expect(json["batches"]?.integer == 11)
        #expect(json["events"]?.integer == Int64(eventCount))
        #expect(json["raw_bytes"]?.integer == Int64(bodies.reduce(0) { $0 + $1.count }))
        #expect(json["errors"]?.members?.isEmpty == true)
        #expect(json["daemon"]?["rss_bytes"]?.integer ?? 0 > 0)
    }

    @Test func batchesHoldEveryEventOnceAndInOrder() throws {
        let files = try ImportFiles.find(["\(repositoryRoot)/Tests/Recordings"])
        let batches = try BenchBatch.batches(of: files, eventCount: 4, isGzip: true)
        let scanner = EventScanner()
        var sent: [UInt8] = []
        for batch in batches {
            let body = try GzipBody.inflate(batch.body, limitBytes: 1 << 20)
            #expect(body.count == batch.rawSizeBytes)
            let run = try scanner.scan(body).run
            #expect(run.events.count == batch.eventCount)
            #expect(batch.eventCount <= 4)
            sent += run.text
        }
        let kept = try files.flatMap { file in try scanner.scan(try ImportFiles.read(file)).run.text }
        #expect(sent.filter { $0 != 0x0A && $0 != 0x2C } == kept.filter { $0 != 0x0A && $0 != 0x2C })
    }

    @Test func refusedBatchIsCountedByItsProblemAndSentAgainUnderItsNumber() throws {
        let problem = #"{"type":"urn:reeld:problem:queue-full","detail":"full","retry":true}"#
        let seen = Seen()
        let daemon = try Self.daemon { asked in
            asked.batch == "1" && seen.isFirst() ? .init(status: 503, body: problem) : nil
        }
        let result = daemon.run("bench", Self.form, "--writers=1", "--batch=10", "--batches=4", "-o", "json")
        let json = try JSONValue(parsing: Array(result.output.utf8))
        #expect(json["errors"]?["queue-full"]?.integer == 1)
        #expect(json["batches"]?.integer == 3)
        #expect(daemon.asked.compactMap(\.batch) == ["0", "1", "1", "2"])
        let again = daemon.asked.filter { $0.batch == "1" }
        #expect(again.first?.body == again.last?.body)
    }

    @Test func fullRecordingIsFollowedByANewOne() throws {
        let daemon = try Self.daemon { asked in
            asked.line == "POST /v1/recordings/1/events" && asked.batch == "2"
                ? .init(status: 409, body: #"{"type":"urn:reeld:problem:full","retry":false}"#) : nil
        }
        let result = daemon.run("bench", Self.form, "--writers=1", "--batch=10", "--batches=5")
        #expect(result.code == .success, "\(result.told)")
        #expect(daemon.lines.filter { $0 == "POST /v1/recordings" }.count == 2)
        #expect(daemon.lines.filter { $0.hasSuffix("/end") }.count == 2)
    }

    @Test func refusedStartEndsTheRunWithTheReason() throws {
        let daemon = try StubDaemon(#"{"type":"urn:reeld:problem:read-only","detail":"no more"}"#, status: 503)
        let result = daemon.run("bench", Self.form, "--writers=4", "--batches=5")
        #expect(result.code == .failure)
        #expect(result.told.contains("no more"))
        #expect(!daemon.lines.contains { $0.hasSuffix("/events") })
    }

    @Test(arguments: [
        ["--url=http://127.0.0.1:7335"], ["--url=127.0.0.1:7335", "--token-file=/dev/null"],
        ["--token-file=/dev/null"], ["--duration=1s", "--batches=3"], ["--writers=0"], ["--batch=none"],
    ])
    func commandLinesThatMakeNoSenseAreRefused(_ words: [String]) {
        let output = Output { _ in }
        #expect(CommandTable.run(["bench", Self.form] + words, output: output, tell: { _ in }) == .usage)
    }

    @Test func histogramTellsTimesWithinThreePercent() {
        var histogram = LatencyHistogram()
        for time in 1...100_000 as ClosedRange<Int64> { histogram.add(microseconds: time) }
        for (share, truth) in [(0.5, 50_000.0), (0.99, 99_000), (0.0001, 10), (0.999, 99_900)] {
            let told = Double(histogram.microseconds(atShare: share))
            #expect(told >= truth && told <= truth * 1.032, "\(share): \(told)")
        }
        #expect(histogram.microseconds(atShare: 1) == 100_000)
    }

    @Test(arguments: [0, 1, 31, 32, 33, 63, 64, 65, 1_000_003, Int64.max])
    func histogramOfOneTimeTellsThatTime(_ time: Int64) {
        var histogram = LatencyHistogram()
        histogram.add(microseconds: time)
        #expect(histogram.microseconds(atShare: 0.5) == time)
    }

    @Test func mergedHistogramsTellWhatOneWould() {
        var (one, other, both) = (LatencyHistogram(), LatencyHistogram(), LatencyHistogram())
        for time in 0..<1000 as Range<Int64> {
            if time.isMultiple(of: 3) { one.add(microseconds: time) } else { other.add(microseconds: time * time) }
            both.add(microseconds: time.isMultiple(of: 3) ? time : time * time)
        }
        one.merge(other)
        #expect(one == both)
    }
}

/// Whether something happened before.
private final class Seen: Sendable {
    private let wasSeen = Monitor(false)

    func isFirst() -> Bool {
        wasSeen.withLock { wasSeen in
            defer { wasSeen = true }
            return !wasSeen
        }
    }
}
