import Glibc
import ReelHTTP
import ReelSystem

/// `reeld bench`.
enum BenchCommand {
    private static let writers = Command.Option(
        "writers", short: "w", value: "COUNT", help: "Write from COUNT connections at once; the default is 64")
    private static let batch = Command.Option(
        "batch", value: "COUNT", help: "Send COUNT events a batch; the default is 50")
    private static let duration = Command.Option(
        "duration", short: "d", value: "TIME", help: "Send for TIME; the default is 10s")
    private static let batches = Command.Option(
        "batches", value: "COUNT", help: "Send COUNT batches in all, however long it takes")
    private static let gzip = Command.Option("gzip", help: "Send bodies compressed")
    private static let erase = Command.Option("erase", help: "Erase the recordings afterwards instead of ending them")
    private static let url = Command.Option(
        "url", value: "URL", help: "Write over TCP, as browsers do: http://127.0.0.1:7335")
    private static let tokenFile = Command.Option(
        "token-file", value: "FILE", help: "With --url: the file with the daemon's token")

    static let bench = Command(
        name: "bench", topic: .store, summary: "Measure how fast the daemon takes real recordings",
        operands: [.init(name: "PATH", occurrence: .atLeastOnce)],
        options: [
            writers, batch, duration, batches, gzip, erase, url, tokenFile, OutputForm.option, Daemon.socketOption,
        ],
        details: [
            "Sends the events of files and directories, as 'reeld import' takes them, over and over. Each writer has "
                + "a connection and a recording of its own and sends its next batch when the last is acknowledged, "
                + "which means on disk.",
            "What is sent stays in the store, tagged 'bench', unless it is erased: better measure a store made for it.",
        ],
        examples: [
            "reeld bench ./recordings/ --writers=64 --duration=10s",
            "reeld bench session.json --url=http://127.0.0.1:7335 --token-file=./read.token -o json",
        ],
        run: { invocation throws(CommandFailure) in
            let form = try invocation.outputForm()
            let plan = try plan(invocation)
            let report = BenchReport(plan: plan, outcome: try BenchRun(plan).run())
            switch form {
            case .table: try invocation.output.write(report.text)
            case .json: try invocation.output.write(report.json)
            }
            guard report.outcome.tally.ackCount > 0 else { throw CommandFailure(.failure, "no batch was taken") }
            return .success
        })

    private static func plan(_ invocation: Invocation) throws(CommandFailure) -> BenchPlan {
        let endpoint = try endpoint(invocation)
        let token = try token(invocation)
        let writerCount = try invocation.value(writers, CountSyntax(range: 1...10_000)) ?? 64
        let eventCount = try invocation.value(batch, CountSyntax(range: 1...100_000)) ?? 50
        let time = try invocation.value(
            duration, DurationSyntax(range: .milliseconds(100)...(.seconds(86_400))))
        let batchCount = try invocation.value(batches, CountSyntax(range: 1...1_000_000_000))
        guard time == nil || batchCount == nil else { throw .usage("--duration and --batches exclude each other") }
        let extent: BenchPlan.Extent =
            batchCount.map { .batches($0) } ?? .duration(microseconds: (time ?? .seconds(10)).microseconds)
        let isGzip = invocation.has(gzip)
        return BenchPlan(
            endpoint: endpoint, token: token, writerCount: writerCount,
            batches: try BenchBatch.batches(
                of: try ImportFiles.find(invocation.operands), eventCount: eventCount, isGzip: isGzip),
            isGzip: isGzip, extent: extent, erasesRecordings: invocation.has(erase))
    }

    private static func endpoint(_ invocation: Invocation) throws(CommandFailure) -> HTTPEndpoint {
        guard let text = invocation.text(url) else { return .unix(path: Daemon.socketPath(invocation)) }
        guard !invocation.has(Daemon.socketOption) else { throw .usage("--url and --socket exclude each other") }
        let scheme = "http://"
        var place = text.hasPrefix(scheme) ? text.dropFirst(scheme.count) : ""
        if place.hasSuffix("/") { place.removeLast() }
        guard let colon = place.lastIndex(of: ":"), let port = UInt16(place[place.index(after: colon)...]) else {
            throw .usage("--url: '\(text)' is no place to write to; write http://127.0.0.1:7335")
        }
        var host = String(place[..<colon])
        if host.hasPrefix("["), host.hasSuffix("]") { host = String(host.dropFirst().dropLast()) }
        return .tcp(address: host == "localhost" ? "127.0.0.1" : host, port: port)
    }

    private static func token(_ invocation: Invocation) throws(CommandFailure) -> String? {
        guard let path = invocation.text(tokenFile) else {
            guard !invocation.has(url) else { throw .usage("--url needs --token-file: recordings are started with it") }
            return nil
        }
        guard invocation.has(url) else { throw .usage("--token-file is for --url; the socket wants no token") }
        do throws(SystemError) {
            let text = String(decoding: try SmallFile.read(path, sizeMaxBytes: 1 << 16), as: UTF8.self)
            return String(text.prefix { !$0.isWhitespace })
        } catch {
            throw CommandFailure(error.code == EACCES ? .denied : .failure, "\(path): \(error.reason)")
        }
    }
}
