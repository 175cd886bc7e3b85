import ReelFormat
import ReelSystem

/// Where a snapshot and its keys may be.
struct SnapshotPlaces {
    private let context: StoreContext

    init(_ context: StoreContext) { self.context = context }

    func check(_ order: SnapshotOrder) throws(SnapshotError) {
        try check(order.directory)
        guard let keys = order.keysDirectory else { return }
        guard context.identity.keyRecord != nil else { throw .noKeys }
        try check(keys)
        let isBeside = "\(keys)/".hasPrefix("\(order.directory)/") || "\(order.directory)/".hasPrefix("\(keys)/")
        if isBeside { throw .keysBesideSnapshot(keys) }
    }

    private func check(_ path: String) throws(SnapshotError) {
        let parts = path.split(separator: "/", omittingEmptySubsequences: false).dropFirst()
        guard path.hasPrefix("/"), !parts.isEmpty, parts.allSatisfy({ !["", ".", ".."].contains($0) }) else {
            throw .badPath(path)
        }
        let root = context.paths.root
        let isWithin = path == root || path.hasPrefix(root + "/")
        guard !isWithin || path.hasPrefix(context.paths.snapshots + "/") else { throw .withinStore(path) }
        for count in 1..<max(1, parts.count) {
            let above = "/" + parts.prefix(count).joined(separator: "/")
            if isSnapshot(above) { throw .withinSnapshot(path, snapshot: above) }
        }
    }

    /// Whether a directory is a snapshot, or the keys of one. What cannot be looked into is taken for neither.
    private func isSnapshot(_ directory: String) -> Bool {
        (try? context.fileSystem.open(StorePaths(root: directory).manifest, .readOnly)) != nil
    }
}
