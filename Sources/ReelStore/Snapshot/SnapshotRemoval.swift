import ReelFormat
import ReelSystem

/// Removes snapshots whose time is over, and nothing else.
package struct SnapshotRemoval {
    /// What became of one.
    package struct Outcome: Sendable, Equatable {
        package var directory: String
        package var expiresMicroseconds: Int64
        package var sizeBytes: UInt64
        /// Files in it that the manifest does not know: they stay, and the directory with them.
        package var strangers: [String] = []
    }

    private let fileSystem: any FileSystem

    package init(fileSystem: any FileSystem = HostFileSystem()) { self.fileSystem = fileSystem }

    /// Removes a snapshot that has expired.
    ///
    /// - Parameter now: microseconds since 1970.
    /// - Returns: nil for what is no snapshot, or one to be kept.
    package func removeIfExpired(_ directory: String, now: Int64) throws(SystemError) -> Outcome? {
        let paths = StorePaths(root: directory)
        guard let manifest = try SnapshotVerifier.manifest(paths, fileSystem)?.manifest,
            let expires = manifest.expiresMicroseconds, manifest.hasExpired(at: now)
        else { return nil }
        var outcome = Outcome(directory: directory, expiresMicroseconds: expires, sizeBytes: manifest.sizeBytes)
        let known = Set(manifest.files.map(\.name))
        let logNames = try names(in: paths.log).map { "log/\($0)" }
        let names = try fileSystem.list(directory).filter { $0 != "log" && $0 != SnapshotManifest.fileName }
        outcome.strangers = (names + logNames).filter { !known.contains($0) }.sorted()
        guard outcome.strangers.isEmpty else { return outcome }
        for name in names + logNames { try fileSystem.unlink("\(directory)/\(name)") }
        // The manifest last: what is broken off here is still a snapshot that has expired.
        if try fileSystem.list(directory).contains("log") { try fileSystem.removeDirectory(paths.log) }
        try fileSystem.unlink(paths.manifest)
        try fileSystem.removeDirectory(directory)
        return outcome
    }

    private func names(in directory: String) throws(SystemError) -> [String] {
        do { return try fileSystem.list(directory) } catch {
            guard error.isMissing else { throw error }
            return []
        }
    }
}
