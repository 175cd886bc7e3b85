/// wrk(1), the load on both servers.
enum Wrk {
    /// Answers a second over 32 kept connections that accept gzip.
    ///
    /// - Throws: when any answer was none of 2xx.
    static func requestsPerSecond(
        _ url: String, token: String, seconds: Int, _ directory: String
    ) throws -> Double {
        let text = try Child.text(
            [
                "wrk", "--threads", "1", "--connections", "32", "--duration", "\(seconds)s", "--header",
                "Accept-Encoding: gzip", "--header", "Authorization: Bearer \(token)", url,
            ], scratch: "\(directory)/wrk.txt")
        let line = text.split(separator: "\n").first { $0.hasPrefix("Requests/sec:") }
        guard let word = line?.split(separator: " ").last, let rate = Double(word) else {
            throw BenchmarkError("wrk printed \(text)")
        }
        guard !text.contains("Non-2xx"), !text.contains("Socket errors") else {
            throw BenchmarkError("wrk met errors at \(url): \(text)")
        }
        return rate
    }
}
