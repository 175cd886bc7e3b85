import ReelFormat

/// Where a store keeps what. FORMAT.md §2.
struct StorePaths: Sendable {
    let root: String
    /// The keyring's directory. A snapshot's lies elsewhere.
    let keys: String

    init(root: String, keys: String? = nil) {
        self.root = root
        self.keys = keys ?? "\(root)/keys"
    }

    /// The directory the store's own directory lies in, whatever links led to it.
    var parent: String { "\(root)/.." }
    var identity: String { "\(root)/store" }
    var lock: String { "\(root)/lock" }
    var ledger: String { "\(root)/erased.ledger" }
    /// Of a directory that is a snapshot.
    var manifest: String { "\(root)/snapshot.json" }
    /// What the last verification found.
    var verified: String { "\(root)/\(VerificationRecord.fileName)" }
    /// Where snapshots may be within the store's own directory.
    var snapshots: String { "\(root)/snapshots" }
    var reserve: String { "\(root)/reserve" }
    var log: String { "\(root)/log" }
    var index: String { "\(root)/index" }
    var temporary: String { "\(root)/tmp" }
    var quarantine: String { "\(root)/quarantine" }
    /// A copy of `identity`, of a sealed store.
    var identityCopy: String { "\(keys)/store" }
    var rows: String { "\(index)/recordings" }
    var summaries: String { "\(index)/summaries" }
    var ids: String { "\(index)/ids" }

    func segment(_ number: UInt64) -> String { "\(log)/\(StorePaths.name(number)).seg" }
    /// Says that the segment's events are in the archive.
    func marker(_ number: UInt64) -> String { "\(log)/\(StorePaths.name(number))\(StorePaths.markerSuffix)" }
    /// Says that the segment is gone, and its copy in the archive not yet.
    func discardedMarker(_ number: UInt64) -> String {
        "\(log)/\(StorePaths.name(number))\(StorePaths.discardedSuffix)"
    }

    static let markerSuffix = ".archived"
    static let discardedSuffix = ".discarded"

    /// What a repair copies of a segment's damaged bytes; `.bin` and `.json` follow.
    func quarantined(_ number: UInt64, _ offsetBytes: UInt64) -> String {
        "\(quarantine)/\(StorePaths.name(number))-\(offsetBytes)"
    }

    func ring(_ header: RingHeader) -> String { "\(keys)/\(header.fileName)" }
    func table(_ number: UInt64) -> String { "\(index)/\(StorePaths.name(number)).frames" }
    func temporarySegment(_ number: UInt64) -> String { "\(temporary)/\(StorePaths.name(number)).seg" }

    /// Ten digits, so that names sort as numbers do.
    private static func name(_ number: UInt64) -> String {
        let digits = String(number)
        return String(repeating: "0", count: max(0, 10 - digits.count)) + digits
    }

    /// The segment number in a file name with that suffix; nil for any other name, also for numbers that no row has
    /// room for.
    static func number(of name: String, suffix: String) -> UInt64? {
        guard name.hasSuffix(suffix), let number = UInt64(name.dropLast(suffix.count)),
            number < UInt64(UInt32.max), "\(StorePaths.name(number))\(suffix)" == name
        else { return nil }
        return number
    }
}
