/// What writers counted.
struct BenchTally: Sendable {
    var ackCount = 0
    var eventCount = 0
    var rawSizeBytes = 0
    var sentSizeBytes = 0
    /// Batches the daemon says it had already; a run has none unless it was told to retry.
    var duplicateCount = 0
    /// By the problem's name, `queue-full`, or what the connection met.
    var errors: [String: Int] = [:]
    /// From the first byte sent to the answer, of acknowledged batches.
    var latency = LatencyHistogram()

    mutating func merge(_ other: BenchTally) {
        ackCount += other.ackCount
        eventCount += other.eventCount
        rawSizeBytes += other.rawSizeBytes
        sentSizeBytes += other.sentSizeBytes
        duplicateCount += other.duplicateCount
        errors.merge(other.errors, uniquingKeysWith: +)
        latency.merge(other.latency)
    }
}
