import ReelCodec
import ReelFormat
import ReelSystem

/// Compares a snapshot with its manifest. What its frames hold is `StoreVerifier`'s to judge.
package struct SnapshotVerifier {
    /// What was found.
    package struct Report: Sendable, Equatable {
        /// Nil where it could not be read.
        package var manifest: SnapshotManifest?
        /// `file: what`, each a file that is not as the manifest says.
        package var faults: [String] = []
        package var hasExpired = false
    }

    private let paths: StorePaths
    private let keys: String?
    private let fileSystem: any FileSystem

    /// - Parameter keys: a directory with its keys, which is compared with a manifest of its own; nil where none is to be.
    package init(_ directory: String, keys: String? = nil, fileSystem: any FileSystem = HostFileSystem()) {
        paths = StorePaths(root: directory)
        self.keys = keys
        self.fileSystem = fileSystem
    }

    /// - Parameter now: microseconds since 1970.
    /// - Returns: nil for a directory that is no snapshot.
    package func run(now: Int64) throws(SystemError) -> Report? {
        guard let found = try SnapshotVerifier.manifest(paths, fileSystem) else { return nil }
        guard let manifest = found.manifest else {
            return Report(faults: ["\(paths.manifest): it is not what the manifest of a snapshot says"])
        }
        var report = Report(manifest: manifest, hasExpired: manifest.hasExpired(at: now))
        try compare(manifest, paths.root, &report)
        if let keys, let found = try SnapshotVerifier.manifest(StorePaths(root: keys), fileSystem)?.manifest,
            found.isOfKeys
        {
            try compare(found, keys, &report)
        }
        let known = Set(manifest.files.map(\.name))
        for name in try fileSystem.list(paths.log).sorted() where !known.contains("log/\(name)") {
            report.faults.append("\(paths.log)/\(name): this file is not the snapshot's")
        }
        if try storeID() != manifest.store { report.faults.append("\(paths.identity): it is of another store") }
        return report
    }

    private func compare(
        _ manifest: SnapshotManifest, _ directory: String, _ report: inout Report
    ) throws(SystemError) {
        for file in manifest.files {
            let path = "\(directory)/\(file.name)"
            if let fault = try fault(of: file, at: path) { report.faults.append("\(path): \(fault)") }
        }
    }

    private func fault(of file: SnapshotManifest.File, at path: String) throws(SystemError) -> String? {
        do {
            let (size, checksum) = try SnapshotDraft.measure(path, fileSystem)
            if size != file.sizeBytes { return "it has \(size) bytes, and had \(file.sizeBytes)" }
            return checksum == file.checksum ? nil : "its checksum does not hold"
        } catch {
            guard error.isMissing else { throw error }
            return "it is gone"
        }
    }

    /// Nil where the file is damaged or missing.
    private func storeID() throws(SystemError) -> StoreID? {
        do {
            let bytes = try fileSystem.open(paths.identity, .readOnly).read(StoreIdentity.sizeBytes + 1, at: 0)
            return try? StoreIdentity(decoding: bytes).store
        } catch {
            guard error.isMissing else { throw error }
            return nil
        }
    }

    /// The file `snapshot.json`.
    struct Found {
        /// Nil where it does not say what a manifest says.
        var manifest: SnapshotManifest?
    }

    /// Nil where there is no such file.
    static func manifest(_ paths: StorePaths, _ fileSystem: any FileSystem) throws(SystemError) -> Found? {
        do {
            let file = try fileSystem.open(paths.manifest, .readOnly)
            let bytes = try file.read(SnapshotManifest.sizeMaxBytes, at: 0)
            return Found(manifest: SnapshotManifest(decoding: bytes))
        } catch {
            guard error.isMissing else { throw error }
            return nil
        }
    }
}
