import ReelCodec

/// Ingest through everything: `reeld bench` against `reeld serve` over the Unix socket, both on these cores.
enum SocketIngest {
    struct Outcome {
        var megabytesPerSecond: Double
        /// Of the daemon's process.
        var cpuSecondsAGigabyte: Double
        var ackP50Milliseconds: Double
        var ackP99Milliseconds: Double
        var residentMegabytes: Double
    }

    static func run(_ setting: Setting, program: String, writerCount: Int, batchCount: Int) throws -> Outcome {
        let directory = try setting.emptyDirectory("socket")
        let daemon = try DaemonProcess(program, directory: directory)
        defer { daemon.stop() }
        let text = try Child.text(
            [
                program, "bench", setting.recordingsDirectory, "--socket", daemon.socket, "--writers", "\(writerCount)",
                "--batch", "\(Corpus.batchEventCount)", "--batches", "\(batchCount)", "-o", "json",
            ], scratch: "\(directory)/bench.json")
        let json = try JSONValue(parsing: Array(text.utf8))
        guard let speed = json["raw_megabytes_per_second"]?.double, let ack = json["ack_milliseconds"],
            let p50 = ack["p50"]?.double, let p99 = ack["p99"]?.double,
            let cpu = json["daemon"]?["cpu_seconds_per_raw_gigabyte"]?.double,
            let resident = json["daemon"]?["rss_bytes"]?.double, json["errors"]?.members?.isEmpty == true
        else { throw BenchmarkError("reeld bench printed \(text)") }
        return Outcome(
            megabytesPerSecond: speed, cpuSecondsAGigabyte: cpu, ackP50Milliseconds: p50, ackP99Milliseconds: p99,
            residentMegabytes: resident / 1e6)
    }
}
