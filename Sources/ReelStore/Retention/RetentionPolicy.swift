import ReelFormat

/// A recording that retention may remove.
struct ExpiryCandidate: Sendable, Equatable {
    var number: UInt64
    /// When the last of it came, microseconds since 1970.
    var finishedMicroseconds: Int64
    /// What it takes in the log, about.
    var sizeBytes: UInt64
    /// Filter digest of its project.
    var project: UInt32
}

/// The room there is.
struct DiskSpace: Sendable, Equatable {
    var logBytes: UInt64
    /// What may still be written, and all there is, on the store's file system.
    var freeBytes: UInt64
    var totalBytes: UInt64
}

/// Decides which recordings go. Pure, so that a table of cases can test it.
struct RetentionPolicy {
    /// journald's SystemKeepFree is the same; its cap on its own size, 4 GiB, is what a busy site records in hours.
    static let keepFreeMaxBytes: UInt64 = 4 << 30
    private static let day: Int64 = 86_400_000_000

    var options: RetentionOptions
    /// The ages of projects, by their filter digests.
    var projectAges: [UInt32: Int64] = [:]

    init(options: RetentionOptions, projectAges: [UInt32: Int64] = [:]) {
        self.options = options
        self.projectAges = projectAges
    }

    /// As a store is configured.
    init(_ context: StoreContext) {
        let options = context.options.retention
        let ages = options.projectAgeMaxMicroseconds.map { (context.digests.filter(.project, $0.key), $0.value) }
        self.init(options: options, projectAges: Dictionary(ages, uniquingKeysWith: max))
    }

    // MARK: Age

    /// How old a recording may become; nil: it is never too old.
    func ageMax(of candidate: ExpiryCandidate) -> Int64? {
        let age = projectAges[candidate.project] ?? options.ageMaxMicroseconds
        return age > 0 ? age : nil
    }

    /// When a recording is too old, microseconds since 1970; nil: never.
    func expiry(of candidate: ExpiryCandidate) -> Int64? {
        ageMax(of: candidate).map { candidate.finishedMicroseconds.addingClamped($0) }
    }

    /// The recordings that are too old, oldest first.
    func dueByAge(_ candidates: [ExpiryCandidate], now: Int64) -> [ExpiryCandidate] {
        oldestFirst(candidates.filter { isTooOld($0, now: now) })
    }

    func isTooOld(_ candidate: ExpiryCandidate, now: Int64) -> Bool {
        expiry(of: candidate).map { $0 < now } ?? false
    }

    /// The day on which a recording goes by age, from 1970, in UTC; the greatest number where it stays.
    func dayOfExpiry(of row: RecordingRow) -> Int64 {
        guard row.isExpirable, let expiry = expiry(of: ExpiryCandidate(row)) else { return .max }
        return expiry / RetentionPolicy.day
    }

    var hasAges: Bool { options.ageMaxMicroseconds > 0 || projectAges.values.contains { $0 > 0 } }

    // MARK: Room

    /// What the log may take; nil: whatever there is. By default 60 % of the file system.
    func sizeMaxBytes(_ space: DiskSpace) -> UInt64? {
        switch options.sizeMax {
        case .none: nil
        case .automatic: space.totalBytes / 5 * 3
        case .bytes(let bytes): bytes
        }
    }

    /// What must stay free. By default 15 % of the file system, at most 4 GiB; and no more than what is free already and
    /// what the log takes make together, halved: where others fill the disk, retention does not give all it has for them.
    func keepFreeBytes(_ space: DiskSpace) -> UInt64 {
        switch options.keepFree {
        case .none: 0
        case .automatic:
            min(
                space.totalBytes / 100 * 15, RetentionPolicy.keepFreeMaxBytes,
                space.freeBytes / 2 + space.logBytes / 2)
        case .bytes(let bytes): bytes
        }
    }

    /// How much has to go because of room, and which limit says so; nil where there is room.
    func excess(_ space: DiskSpace) -> (bytes: UInt64, cause: ExpiryCause)? {
        let bySize = sizeMaxBytes(space).map { space.logBytes > $0 ? space.logBytes - $0 : 0 } ?? 0
        let keepFree = keepFreeBytes(space)
        let byFree = keepFree > space.freeBytes ? keepFree - space.freeBytes : 0
        guard max(bySize, byFree) > 0 else { return nil }
        return bySize >= byFree ? (bySize, .size) : (byFree, .freeSpace)
    }

    /// The oldest recordings that take so many bytes together.
    func oldest(_ candidates: [ExpiryCandidate], taking bytes: UInt64) -> [ExpiryCandidate] {
        var sum: UInt64 = 0
        var chosen: [ExpiryCandidate] = []
        for candidate in oldestFirst(candidates) where sum < bytes {
            chosen.append(candidate)
            sum += candidate.sizeBytes
        }
        return chosen
    }

    private func oldestFirst(_ candidates: [ExpiryCandidate]) -> [ExpiryCandidate] {
        candidates.sorted { ($0.finishedMicroseconds, $0.number) < ($1.finishedMicroseconds, $1.number) }
    }

    // MARK: Segments

    /// Whether a segment some of whose recordings are gone is worth writing anew: not where what is left goes within a
    /// day, and the file with it.
    ///
    /// - Parameter nextExpiry: of what is left in it, the first to go; nil: nothing in it ever goes by age.
    func isWorthRewriting(nextExpiry: Int64?, now: Int64) -> Bool {
        guard let nextExpiry else { return true }
        return nextExpiry > now.addingClamped(RetentionPolicy.day)
    }
}

extension RetentionOptions {
    /// What the limits come to on a file system.
    ///
    /// - Returns: what the log may take, nil: whatever there is; and what must stay free.
    package func limits(
        logBytes: UInt64, freeBytes: UInt64, totalBytes: UInt64
    ) -> (sizeMaxBytes: UInt64?, keepFreeBytes: UInt64) {
        let space = DiskSpace(logBytes: logBytes, freeBytes: freeBytes, totalBytes: totalBytes)
        let policy = RetentionPolicy(options: self)
        return (policy.sizeMaxBytes(space), policy.keepFreeBytes(space))
    }
}

extension Int64 {
    /// The sum, or the greatest number where it is beyond that: no age is beyond the clock.
    func addingClamped(_ other: Int64) -> Int64 {
        let (sum, overflowed) = addingReportingOverflow(other)
        return overflowed ? .max : sum
    }
}
