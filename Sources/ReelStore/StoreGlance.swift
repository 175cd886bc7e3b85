import ReelFormat
import ReelSystem

/// What can be seen of a store from outside, with no key, lock or daemon; nothing is changed.
package struct StoreGlance: Sendable {
    /// Segments of the log as they lie here, holes not counted.
    package var logBytes: UInt64 = 0
    package var growth: GrowthRate?
    /// When the newest recording got the last of it, microseconds since 1970; 0 where there is none.
    package var newestMicroseconds: Int64 = 0
    package var verification: VerificationRecord?

    /// Of a store in which nothing was seen.
    package init() {}

    /// - Parameters:
    ///   - identity: the store's own.
    ///   - now: microseconds since 1970.
    /// - Throws: what the disk said.
    package init(
        _ directory: String, _ identity: StoreIdentity, now: Int64, fileSystem: any FileSystem = HostFileSystem()
    ) throws(SystemError) {
        let paths = StorePaths(root: directory)
        for name in try fileSystem.list(paths.log) where name.hasSuffix(".seg") {
            // A compaction may just have removed it.
            let file: (any File)? = try? fileSystem.open("\(paths.log)/\(name)", .readOnly)
            logBytes += (try? file?.allocatedBytes()) ?? 0
        }
        verification = try VerificationWord(directory, fileSystem: fileSystem).read(of: identity.store)
        // Without an index nothing is known of growth, and the next opening makes one.
        guard let file = try? fileSystem.open(paths.rows, .readOnly) else { return }
        let slots = try SlotFile(
            file, slotBytes: RecordingRow.sizeBytes, firstSlotBytes: RecordingIndex.firstRowBytes)
        var tally = GrowthTally(now: now)
        for index in 0..<slots.slotCount {
            guard let row = slots.read(index, RecordingRow.init(decoding:)) else { continue }
            tally.add(row)
            newestMicroseconds = max(newestMicroseconds, row.lastReceivedMicroseconds)
        }
        growth = tally.rate
    }

    /// Bytes that a full disk's cure has in reserve; nil where this user may not look.
    package static func reserveBytes(
        _ directory: String, fileSystem: any FileSystem = HostFileSystem()
    ) -> UInt64? {
        let file = try? fileSystem.open(StorePaths(root: directory).reserve, .readOnly)
        return try? file?.sizeBytes()
    }
}
