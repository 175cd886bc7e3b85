import ReelHTTP

/// What a run sends, where to, and when it is over.
struct BenchPlan: Sendable {
    enum Extent: Sendable, Equatable {
        /// No batch is begun later.
        case duration(microseconds: Int64)
        /// Of all writers together.
        case batches(Int)
    }

    var endpoint: HTTPEndpoint
    /// What starting a recording needs over TCP; batches then carry the recording's own token, as a browser's do.
    var token: String?
    var writerCount: Int
    var batches: [BenchBatch]
    var isGzip: Bool
    var extent: Extent
    /// Erases the recordings afterwards; otherwise they are ended.
    var erasesRecordings: Bool
}
