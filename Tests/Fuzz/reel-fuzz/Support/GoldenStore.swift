import ReelSystem

/// The frozen store of Tests/Golden in memory: the same bytes on every run, so that an input that failed fails again.
enum GoldenStore {
    static let root = "/store"

    /// Its files, by path below `root`, as it was closed; the table of ids is not among them.
    static let files: [String: [UInt8]] = {
        let sources = #filePath.split(separator: "/").dropLast(4).map { "/\($0)" }.joined()
        let golden = "\(sources)/Golden/v1/store"
        var files: [String: [UInt8]] = [:]
        for directory in ["", "/log", "/index"] {
            let names = claimed("the golden store is there") { try SmallFile.names(in: golden + directory) }
            for name in names where !SmallFile.isDirectory("\(golden)\(directory)/\(name)") {
                files["\(root)\(directory)/\(name)"] = claimed("a golden file is read") {
                    try SmallFile.read("\(golden)\(directory)/\(name)", sizeMaxBytes: 1 << 20)
                }
            }
        }
        claim(files.count == 9, "the golden store has \(files.count) files")
        return files
    }()

    /// What each recording's document is; nil for the erased one.
    static let documents: [UInt64: [UInt8]] = {
        let sources = #filePath.split(separator: "/").dropLast(4).map { "/\($0)" }.joined()
        var documents: [UInt64: [UInt8]] = [:]
        for number in [1, 2, 4] as [UInt64] {
            documents[number] = claimed("a golden document is read") {
                try SmallFile.read("\(sources)/Golden/v1/expected/\(number).json", sizeMaxBytes: 1 << 20)
            }
        }
        return documents
    }()
}

/// A clock that stands still, soon after the golden store was made.
struct StillClock: Clock {
    var wallMicroseconds: Int64 { 1_800_000_100_000_000 }
    var isSynchronised: Bool { true }
    var uptimeMicroseconds: Int64 { 1_000_000_000 }
}
