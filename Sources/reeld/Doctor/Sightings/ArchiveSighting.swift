import ReelSystem

/// The directory of old events, where one is configured.
struct ArchiveSighting: Sendable {
    var directory: String
    var place: Sight<FileStatus>
    /// Whether it lies on the store's own file system: then nothing is mounted there. Nil: it cannot be told.
    var isOnStoresFileSystem: Bool?
    var freeBytes: UInt64?

    init?(_ settings: Configuration) {
        guard let directory = settings.archive.directory else { return nil }
        self.directory = directory
        let fileSystem = HostFileSystem()
        place = Sight { () throws(SystemError) in try FileStatus(of: directory) }
        freeBytes = try? fileSystem.freeBytes(directory)
        if let own = try? fileSystem.deviceNumber(settings.store.directory),
            let other = try? fileSystem.deviceNumber(directory)
        {
            isOnStoresFileSystem = own == other
        }
    }
}
