import ReelSystem

/// What a snapshot is to be.
package struct SnapshotOrder: Sendable, Equatable {
    /// Absolute; must not exist yet, or be empty.
    package var directory: String
    /// Where the keys of an encrypted store go; nil leaves them out.
    package var keysDirectory: String?
    /// Microseconds since 1970; nil where it is to be kept until somebody removes it.
    package var expiresMicroseconds: Int64?

    package init(directory: String, keysDirectory: String? = nil, expiresMicroseconds: Int64? = nil) {
        self.directory = directory
        self.keysDirectory = keysDirectory
        self.expiresMicroseconds = expiresMicroseconds
    }
}

/// Why no snapshot was made. What was begun is removed; after a crash it lies under its name and `.new`, and is overwritten by
/// the next try.
package enum SnapshotError: Error, Sendable {
    /// Not an absolute path without `.` and `..`.
    case badPath(String)
    /// The directory holds something already.
    case notEmpty(String)
    /// A place within the store where its own files are.
    case withinStore(String)
    /// Another snapshot's directory: what is put there would be taken for damage of it, and keep it from being removed.
    case withinSnapshot(String, snapshot: String)
    /// Keys are meant to live elsewhere than the snapshot.
    case keysBesideSnapshot(String)
    /// The store is not encrypted.
    case noKeys
    case system(SystemError)
    case store(StoreError)
}

/// What a snapshot came to.
package struct SnapshotReport: Sendable, Equatable {
    package var directory: String
    package var fileCount = 0
    package var sizeBytes: UInt64 = 0
    /// Files that share their bytes with the store's.
    package var linkedCount = 0
    package var keyFileCount = 0
    /// Segments whose events are in an archive, and not in the snapshot.
    package var archivedCount = 0
    package var lsn: UInt64 = 0
    package var madeMicroseconds: Int64 = 0
    package var expiresMicroseconds: Int64?
}
