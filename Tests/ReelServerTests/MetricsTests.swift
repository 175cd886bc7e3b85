import ReelHTTP
import ReelSystem
import Testing

@testable import ReelServer

/// `/metrics` is what Prometheus reads, and counts what was done.
struct MetricsTests {
    /// Samples by name and labels; nil where a line is none.
    private func samples(_ text: String) throws -> [String: Double] {
        var samples: [String: Double] = [:]
        var typed: Set<Substring> = []
        for line in text.split(separator: "\n") {
            if line.hasPrefix("# TYPE ") {
                let words = line.split(separator: " ")
                try #require(words.count == 4 && ["counter", "gauge", "histogram"].contains(words[3]))
                #expect(typed.insert(words[2]).inserted, "\(words[2]) has one family")
            } else if !line.hasPrefix("# HELP ") {
                let match = try #require(
                    line.wholeMatch(of: /([a-z_]+)(\{[a-z]+="[^"]*"(,[a-z]+="[^"]*")*\})? (\S+)/), "\(line)")
                let value = Double(match.4)
                #expect(value != nil, "\(line)")
                samples[String(match.1) + String(match.2 ?? "")] = value
                let family = ["_bucket", "_sum", "_count"].reduce(match.1) {
                    typed.contains($0) || !$0.hasSuffix($1) ? $0 : $0.dropLast($1.count)
                }
                #expect(typed.contains(family), "\(line) has a type")
            }
        }
        return samples
    }

    @Test func whatWasDoneIsCounted() throws {
        let server = try TestServer()
        try server.start()
        _ = try server.append(events(0..<3), writer: "w", batch: 0)
        _ = try server.append(events(0..<3), writer: "w", batch: 0)
        _ = try server.send(.post, "/v1/recordings/1/events?invalid=drop", "[\(event(3)),7]")
        _ = try server.append(["7"])
        _ = try server.get("/v1/recordings/1/events")
        _ = try server.get("/v1/recordings")
        _ = try server.get("/nowhere")
        let answer = try server.get("/metrics")
        #expect(answer.headers["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8")
        let samples = try samples(answer.text)
        #expect(samples["reeld_batches_total"] == 2)
        #expect(samples["reeld_batches_duplicate_total"] == 1)
        #expect(samples["reeld_events_total"] == 4)
        #expect(samples["reeld_events_dropped_total"] == 1)
        #expect(samples["reeld_responses_total{route=\"events\",status=\"201\"}"] == 2)
        #expect(samples["reeld_responses_total{route=\"events\",status=\"200\"}"] == 2)
        #expect(samples["reeld_responses_total{route=\"events\",status=\"400\"}"] == 1)
        #expect(samples["reeld_responses_total{route=\"none\",status=\"404\"}"] == 1)
        #expect(samples["reeld_ack_seconds_count"] == 3)
        #expect(samples["reeld_ack_seconds_bucket{le=\"+Inf\"}"] == 3)
        #expect(samples["reeld_read_seconds_count"] == 1)
        #expect(samples["reeld_list_seconds_count"] == 1)
        #expect(samples["reeld_recordings"] == 1)
        #expect(samples["reeld_connections"] == 1)
        #expect(samples["reeld_log_lsn"] == Double(server.store.statistics.lastLSN))
        #expect(samples["reeld_memory_used_bytes"] == 0, "an idle server holds nothing")
    }

    @Test func aHistogramPutsEachTimeIntoItsBucket() {
        let histogram = Histogram()
        for microseconds in [0, 100, 101, 250, 9_999_999, 10_000_000, 10_000_001] as [Int64] {
            histogram.observe(microseconds: microseconds)
        }
        let (cumulative, sum) = histogram.snapshot
        #expect(cumulative.first == 2 && cumulative[1] == 4)
        #expect(cumulative[Histogram.bounds.count - 1] == 6 && cumulative.last == 7)
        #expect(sum == 30_000_451)
    }
}
