import Glibc
import ReelCodec
import ReelHTTP
import ReelSystem

/// Whole recordings over TCP, our daemon and nginx in turns under wrk: nginx serves the very bytes our daemon answers,
/// as static .gz files.
struct ServeBenchmark {
    /// Of the gzip body; the recording is a real one, over and over.
    private static let largeSizeMinBytes = 1_200_000
    private static let nginxPort = 17_336

    let setting: Setting
    let program: String

    func scores() throws -> [Score] {
        let directory = try setting.emptyDirectory("serve")
        // As nginx has a worker process a core.
        let daemon = try DaemonProcess(
            program, directory: directory, loopThreads: max(1, sysconf(Int32(_SC_NPROCESSORS_ONLN))))
        defer { daemon.stop() }
        let (large, small) = try fill(daemon)
        let largeSize = try save(large, as: "large", daemon, directory)
        let smallSize = try save(small, as: "small", daemon, directory)
        let nginx = try Nginx(directory: directory, port: ServeBenchmark.nginxPort)
        defer { nginx.stop() }
        let (ours, theirs) = try measure("large", recording: large, daemon, directory)
        let (ourSmall, theirSmall) = try measure("small", recording: small, daemon, directory)
        let megabytes = Double(largeSize) / 1e6
        return [
            Score(
                what: "whole recording of \(megabytes.text(1)) MB gzip / nginx, static .gz",
                ours: "\(ours.text(0)) /s, \((ours.median * megabytes).text(0)) MB/s", rival: "\(theirs.text(0)) /s",
                ratio: ours.ratios(to: theirs).text(2), goal: ">= 0.80",
                isMet: ours.ratios(to: theirs).median >= 0.8),
            Score(
                what: "small recording of \(smallSize) B gzip / nginx, static .gz", ours: "\(ourSmall.text(0)) /s",
                rival: "\(theirSmall.text(0)) /s", ratio: ourSmall.ratios(to: theirSmall).text(2),
                goal: ">= 10,000 /s", isMet: ourSmall.median >= 10_000),
        ]
    }

    /// - Returns: the numbers of a large and a small recording, compacted.
    private func fill(_ daemon: DaemonProcess) throws -> (large: Int64, small: Int64) {
        let client = HTTPClient(.unix(path: daemon.socket))
        func post(_ target: String, _ body: [UInt8]) throws -> JSONValue {
            let response = try client.send(.post, target, headers: ["Content-Type": "application/json"], body: body)
            guard response.status < 300 else { throw BenchmarkError("POST \(target): \(response.status)") }
            return try JSONValue(parsing: response.body)
        }
        func start() throws -> Int64 { try post("/v1/recordings", Array("{}".utf8))["number"]?.integer ?? 0 }
        let large = try start()
        var gzipSizeBytes = 0
        let deflater = FrameDeflater()
        // A recording of a few MB at a time, so that it looks as a long one does.
        while gzipSizeBytes < ServeBenchmark.largeSizeMinBytes {
            for batch in setting.corpus.batches where gzipSizeBytes < ServeBenchmark.largeSizeMinBytes {
                _ = try post("/v1/recordings/\(large)/events", batch)
                gzipSizeBytes += deflater.member(of: batch).count
            }
        }
        let small = try start()
        let batch = setting.corpus.batches.filter { $0.count > 8_000 }.min { $0.count < $1.count } ?? []
        _ = try post("/v1/recordings/\(small)/events", batch)
        for number in [large, small] { _ = try post("/v1/recordings/\(number)/end", []) }
        _ = try post("/v1/store/compact", [])
        return (large, small)
    }

    private func path(_ recording: Int64) -> String { "/v1/recordings/\(recording)/events" }

    /// Keeps the daemon's answer as a file for nginx.
    ///
    /// - Returns: its size.
    private func save(_ recording: Int64, as name: String, _ daemon: DaemonProcess, _ directory: String) throws -> Int {
        let client = HTTPClient(.unix(path: daemon.socket))
        let response = try client.send(.get, path(recording), headers: ["Accept-Encoding": "gzip"])
        guard response.status == 200, response.headers["Content-Encoding"] == "gzip" else {
            throw BenchmarkError("GET \(path(recording)): \(response.status), not gzip")
        }
        try Child.run(["mkdir", "-p", "\(directory)/www"])
        try SmallFile.createPrivate("\(directory)/www/\(name).gz", holding: response.body)
        // nginx looks for the plain file's name.
        try SmallFile.createPrivate(
            "\(directory)/www/\(name)", holding: try GzipBody.inflate(response.body, limitBytes: 1 << 30))
        return response.body.count
    }

    /// - Returns: answers a second.
    private func measure(
        _ name: String, recording: Int64, _ daemon: DaemonProcess, _ directory: String
    ) throws -> (ours: Rounds, theirs: Rounds) {
        let ourURL = "http://127.0.0.1:\(daemon.port)\(path(recording))"
        let theirURL = "http://127.0.0.1:\(ServeBenchmark.nginxPort)/\(name)"
        var ours = Rounds()
        var theirs = Rounds()
        for round in 1...setting.roundCount {
            ours.add(try Wrk.requestsPerSecond(ourURL, token: daemon.token, seconds: setting.wrkSeconds, directory))
            theirs.add(try Wrk.requestsPerSecond(theirURL, token: daemon.token, seconds: setting.wrkSeconds, directory))
            let pair = "\((ours.values.last ?? 0).text(0)) /s, nginx \((theirs.values.last ?? 0).text(0)) /s"
            setting.note("round \(round), \(name) recording: \(pair)")
        }
        return (ours, theirs)
    }
}
