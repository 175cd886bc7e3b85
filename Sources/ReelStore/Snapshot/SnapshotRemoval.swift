import ReelFormat
import ReelSystem

/// Removes snapshots whose time is over, and the keys of such, and nothing else.
package struct SnapshotRemoval {
    /// What became of one.
    package struct Outcome: Sendable, Equatable {
        package var directory: String
        package var expiresMicroseconds: Int64
        package var sizeBytes: UInt64
        /// Files in it that the manifest does not know: they stay, and the directory with them.
        package var strangers: [String] = []
        /// Its keys, which went with it.
        package var removedKeys: String?
        /// Where its keys were put, and are not any more.
        package var movedKeys: String?
    }

    private let fileSystem: any FileSystem

    package init(fileSystem: any FileSystem = HostFileSystem()) { self.fileSystem = fileSystem }

    /// Removes a snapshot that has expired, and the keys that were copied with it where they still are; or a directory of keys.
    ///
    /// - Parameter now: microseconds since 1970.
    /// - Returns: nil for what is no snapshot, or one to be kept.
    package func removeIfExpired(_ directory: String, now: Int64) throws(SystemError) -> Outcome? {
        let paths = StorePaths(root: directory)
        guard let manifest = try SnapshotVerifier.manifest(paths, fileSystem)?.manifest,
            let expires = manifest.expiresMicroseconds, manifest.hasExpired(at: now),
            try !isInUse(directory, manifest)
        else { return nil }
        var outcome = Outcome(directory: directory, expiresMicroseconds: expires, sizeBytes: manifest.sizeBytes)
        let known = Set(manifest.files.map(\.name))
        let logNames = try names(in: paths.log).map { "log/\($0)" }
        let names = try fileSystem.list(directory).filter { $0 != "log" && $0 != SnapshotManifest.fileName }
        outcome.strangers = (names + logNames).filter { !known.contains($0) }.sorted()
        guard outcome.strangers.isEmpty else { return outcome }
        // Before the snapshot, which says where they are.
        if let keys = manifest.keysDirectory {
            if try removeKeys(keys, of: manifest, now: now) {
                outcome.removedKeys = keys
            } else {
                outcome.movedKeys = keys
            }
        }
        if manifest.isOfKeys { try wipe(names, in: directory) }
        for name in names + logNames { try fileSystem.unlink("\(directory)/\(name)") }
        // The manifest last: what is broken off here is still a snapshot that has expired.
        if try fileSystem.list(directory).contains("log") { try fileSystem.removeDirectory(paths.log) }
        try fileSystem.unlink(paths.manifest)
        try fileSystem.removeDirectory(directory)
        return outcome
    }

    /// A keyring that was put into a store, which has not been opened since.
    private func isInUse(_ directory: String, _ manifest: SnapshotManifest) throws(SystemError) -> Bool {
        guard manifest.isOfKeys else { return false }
        return try fileSystem.list("\(directory)/..").contains("store")
    }

    /// - Returns: whether they were there: what has that path now may be another snapshot's.
    private func removeKeys(
        _ directory: String, of snapshot: SnapshotManifest, now: Int64
    ) throws(SystemError) -> Bool {
        guard let keys = try SnapshotVerifier.manifest(StorePaths(root: directory), fileSystem)?.manifest,
            keys.isOfKeys, keys.store == snapshot.store, keys.lsn == snapshot.lsn,
            keys.madeMicroseconds == snapshot.madeMicroseconds
        else { return false }
        guard let outcome = try removeIfExpired(directory, now: now) else { return false }
        return outcome.strangers.isEmpty
    }

    /// Overwrites keys, so that none is left in the blocks that are given back.
    private func wipe(_ names: [String], in directory: String) throws(SystemError) {
        for name in names {
            let file = try fileSystem.open("\(directory)/\(name)", .existing)
            try file.write([UInt8](repeating: 0, count: Int(try file.sizeBytes())), at: 0)
            try file.sync()
        }
    }

    private func names(in directory: String) throws(SystemError) -> [String] {
        do { return try fileSystem.list(directory) } catch {
            guard error.isMissing else { throw error }
            return []
        }
    }
}
