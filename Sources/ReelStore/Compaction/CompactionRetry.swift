/// When compaction is tried again after it failed: later and later, and at once when there is more room than there was.
struct CompactionRetry: Equatable {
    /// After the first failure; each further one doubles it.
    private static let pauseMicroseconds: Int64 = 5_000_000
    private static let pauseMaxMicroseconds: Int64 = 600_000_000
    /// So much more free space is room that came back, and no file somebody removed by the way.
    private static let roomBytes: UInt64 = 1 << 20

    private var failureCount = 0
    private var nextMicroseconds = Int64.min
    /// Free when it failed for want of room; nil where that was not the reason.
    private var freeBytes: UInt64?

    /// - Parameters:
    ///   - uptime: microseconds on the uptime clock.
    ///   - freeBytes: of the store's file system, now.
    mutating func note(_ error: StoreError, uptime: Int64, freeBytes: UInt64) {
        let doublings = min(failureCount, 10)
        let pause = min(CompactionRetry.pauseMicroseconds << Int64(doublings), CompactionRetry.pauseMaxMicroseconds)
        failureCount += 1
        nextMicroseconds = uptime + pause
        if case .diskFull = error { self.freeBytes = freeBytes } else { self.freeBytes = nil }
    }

    /// Whether it failed for want of room, and there is more now.
    func hasRoomAgain(freeBytes: UInt64) -> Bool {
        self.freeBytes.map { freeBytes >= $0.addingReportingOverflow(CompactionRetry.roomBytes).partialValue } ?? false
    }

    func isDue(uptime: Int64, freeBytes: UInt64) -> Bool {
        uptime >= nextMicroseconds || hasRoomAgain(freeBytes: freeBytes)
    }
}
