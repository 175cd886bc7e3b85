import ReelFormat
import ReelSystem

/// The word that a verification leaves in the store's directory. It is nobody's truth: lost or damaged it only says nothing.
package struct VerificationWord {
    private let paths: StorePaths
    private let fileSystem: any FileSystem

    package init(_ directory: String, fileSystem: any FileSystem = HostFileSystem()) {
        paths = StorePaths(root: directory)
        self.fileSystem = fileSystem
    }

    /// The last one; nil where there is none, or it is of another store, or cannot be understood.
    ///
    /// - Parameter store: whose it must be.
    /// - Throws: what the disk said.
    package func read(of store: StoreID) throws(SystemError) -> VerificationRecord? {
        do {
            let file = try fileSystem.open(paths.verified, .readOnly)
            let bytes = try file.read(VerificationRecord.sizeMaxBytes, at: 0)
            return VerificationRecord(decoding: bytes).flatMap { $0.store == store ? $0 : nil }
        } catch {
            guard error.isMissing else { throw error }
            return nil
        }
    }

    /// Puts a word in the place of the last one, in one step: a daemon may be reading it.
    package func leave(_ record: VerificationRecord) throws(SystemError) {
        let draft = paths.verified + ".new"
        let file = try fileSystem.openDerived(draft)
        // Of two that end at the same moment one is enough.
        do { try file.lock() } catch {
            guard error.isHeldByAnother else { throw error }
            return
        }
        try file.truncate(to: 0)
        try file.write(record.encoded(), at: 0)
        try file.sync()
        try fileSystem.rename(draft, to: paths.verified)
        // The lock goes with the file: not before it has its name, or another would write into what has it.
        withExtendedLifetime(file) {}
        try fileSystem.syncDirectory(paths.root)
    }
}

extension VerifyReport {
    /// - Parameter finished: when it ended, microseconds since 1970.
    package func record(
        of store: StoreID, finishedMicroseconds finished: Int64, durationMicroseconds: Int64
    ) -> VerificationRecord {
        var record = VerificationRecord(
            store: store, finishedMicroseconds: finished, durationMicroseconds: max(0, durationMicroseconds))
        record.recordingCount = UInt64(recordingCount)
        record.eventCount = eventCount
        record.sizeBytes = sizeBytes
        record.faultCount = UInt64(damage.count + gaps.count + lostRecordings.count)
        record.unopenedFrameCount = UInt64(unopenedFrameCount)
        record.unreadFrameCount = UInt64(unreadFrameCount)
        return record
    }
}

extension Store {
    /// What the last verification found, whoever ran it; nil where none left word that can be read.
    package var lastVerification: VerificationRecord? {
        (try? VerificationWord(context.paths.root, fileSystem: context.fileSystem).read(of: context.identity.store))
            ?? nil
    }
}
