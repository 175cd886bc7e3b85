import ReelCodec

/// What a run gave, for people and for programs.
struct BenchReport {
    let plan: BenchPlan
    let outcome: BenchRun.Outcome

    private var tally: BenchTally { outcome.tally }

    private func perSecond(_ count: Int) -> Double { Double(count) / max(outcome.seconds, 1e-6) }

    /// Seconds of the daemon's CPU a raw GB (10^9 bytes).
    private var cpuSecondsAGigabyte: Double? {
        guard let usage = outcome.usage, tally.rawSizeBytes > 0 else { return nil }
        return usage.cpuSeconds * 1e9 / Double(tally.rawSizeBytes)
    }

    var text: String {
        func milliseconds(_ microseconds: Int64) -> String { "\(tenths(Double(microseconds) / 1000)) ms" }
        var lines = [
            ("writers", "\(plan.writerCount)"), ("time", "\(tenths(outcome.seconds)) s"),
            ("events/s", whole(perSecond(tally.eventCount))),
            ("raw MB/s", tenths(perSecond(tally.rawSizeBytes) / 1e6)),
            ("acks/s", whole(perSecond(tally.ackCount))),
            ("ack p50", milliseconds(tally.latency.microseconds(atShare: 0.5))),
            ("ack p99", milliseconds(tally.latency.microseconds(atShare: 0.99))),
            ("ack max", milliseconds(tally.latency.greatestMicroseconds)),
        ]
        if let usage = outcome.usage {
            lines.append(("daemon CPU", "\(tenths(usage.cpuSeconds)) s"))
            lines.append(("CPU a raw GB", cpuSecondsAGigabyte.map { "\(tenths($0)) s" } ?? "-"))
            lines.append(("daemon RSS", HumanText.size(usage.residentSizeBytes)))
        }
        if tally.duplicateCount > 0 { lines.append(("duplicates", "\(tally.duplicateCount)")) }
        lines.append(("errors", "\(tally.errors.values.reduce(0, +))"))
        for (name, count) in tally.errors.sorted(by: { $0.key < $1.key }) { lines.append(("  \(name)", "\(count)")) }
        let width = lines.map(\.0.displayWidth).max() ?? 0
        return lines.map { name, value in
            name.printable + String(repeating: " ", count: width - name.displayWidth) + "  " + value + "\n"
        }.joined()
    }

    /// One object on a line; times in seconds or, where the name says so, milliseconds.
    var json: [UInt8] {
        var json = JSONWriter()
        json.object { json in
            json.member("writers", plan.writerCount)
            json.name("seconds")
            json.double(outcome.seconds)
            json.member("batches", tally.ackCount)
            json.member("events", tally.eventCount)
            json.member("raw_bytes", tally.rawSizeBytes)
            json.member("sent_bytes", tally.sentSizeBytes)
            json.name("events_per_second")
            json.double(perSecond(tally.eventCount))
            json.name("raw_megabytes_per_second")
            json.double(perSecond(tally.rawSizeBytes) / 1e6)
            json.name("acks_per_second")
            json.double(perSecond(tally.ackCount))
            json.member("ack_milliseconds") { json in
                json.object { json in
                    json.name("p50")
                    json.double(Double(tally.latency.microseconds(atShare: 0.5)) / 1000)
                    json.name("p99")
                    json.double(Double(tally.latency.microseconds(atShare: 0.99)) / 1000)
                    json.name("max")
                    json.double(Double(tally.latency.greatestMicroseconds) / 1000)
                }
            }
            json.member("duplicates", tally.duplicateCount)
            json.member("errors") { json in
                json.object { json in
                    for (name, count) in tally.errors.sorted(by: { $0.key < $1.key }) { json.member(name, count) }
                }
            }
            json.name("daemon")
            guard let usage = outcome.usage else { return json.null() }
            json.object { json in
                json.name("cpu_seconds")
                json.double(usage.cpuSeconds)
                json.name("cpu_seconds_per_raw_gigabyte")
                json.double(cpuSecondsAGigabyte ?? .nan)
                json.member("rss_bytes", usage.residentSizeBytes)
            }
        }
        return json.bytes + [UInt8(ascii: "\n")]
    }

    private func whole(_ value: Double) -> String { HumanText.count(UInt64(max(0, value.rounded()))) }

    private func tenths(_ value: Double) -> String { "\((value * 10).rounded() / 10)" }
}
