import ReelFormat
import ReelSystem

/// A snapshot by its manifest.
package struct FoundSnapshot: Sendable, Equatable {
    package var directory: String
    package var manifest: SnapshotManifest

    package init(directory: String, manifest: SnapshotManifest) {
        self.directory = directory
        self.manifest = manifest
    }

    /// Nil for a directory that is no snapshot, or one that cannot be understood.
    package static func at(
        _ directory: String, fileSystem: any FileSystem = HostFileSystem()
    ) throws(SystemError) -> FoundSnapshot? {
        guard let manifest = try SnapshotVerifier.manifest(StorePaths(root: directory), fileSystem)?.manifest,
            !manifest.isOfKeys
        else { return nil }
        return FoundSnapshot(directory: directory, manifest: manifest)
    }

    /// The snapshots directly below a directory, oldest first. What is none is left out.
    ///
    /// - Throws: what the disk said of the directory itself; ENOENT where it is not there.
    package static func all(
        in directory: String, fileSystem: any FileSystem = HostFileSystem()
    ) throws(SystemError) -> [FoundSnapshot] {
        try fileSystem.list(directory).compactMap { name in
            (try? at("\(directory)/\(name)", fileSystem: fileSystem)) ?? nil
        }.sorted { ($0.manifest.madeMicroseconds, $0.directory) < ($1.manifest.madeMicroseconds, $1.directory) }
    }
}
