import ReelHTTP
import ReelStore
import ReelSystem

/// What the rooms below are told of the configuration, in their own words.
extension Configuration {
    var storeOptions: StoreOptions {
        var options = StoreOptions()
        options.durability =
            switch store.durability {
            case .sync: .sync
            case .interval: .interval(milliseconds: Int(store.syncInterval.microseconds / 1000))
            }
        options.segmentSizeBytes = store.segmentSize
        options.queueCountMax = store.queueFrames
        options.queueSizeBytes = Int(store.queueSize)
        options.tombstoneMicroseconds = store.tombstoneAge.microseconds
        options.leaseMicroseconds = recording.lease.microseconds
        options.resumeMicroseconds = recording.resumeWindow.microseconds
        options.graceMicroseconds = recording.grace.microseconds
        options.recordingLengthMaxMicroseconds = recording.lengthMax.microseconds
        options.recordingSizeMaxBytes = recording.sizeMax
        options.reserveSizeBytes = 64 << 20
        options.retention.isAutomatic = true
        options.retention.ageMaxMicroseconds = retention.maxAge.microseconds
        options.retention.projectAgeMaxMicroseconds = retention.projectMaxAge.mapValues(\.microseconds)
        options.retention.sizeMax = retention.maxSize
        options.retention.keepFree = retention.keepFree
        options.archive.directory = archive.directory
        options.archive.ageMicroseconds = archive.after.microseconds
        options.compaction.isAutomatic = compaction.automatic
        options.compaction.isPaced = true
        options.compaction.chunkSizeBytes = Int(compaction.chunkSize)
        options.compaction.smallFrameCount = compaction.smallFrames
        return options
    }

    /// Threads for sockets. Without a number of the admin's not more than the unit's `TasksMax` has room for.
    func loopCount(processorCount: Int) -> Int {
        server.loopThreads > 0 ? server.loopThreads : min(processorCount, 32)
    }

    /// Threads for events, bounded alike.
    func workerCount(processorCount: Int) -> Int {
        server.workerThreads > 0 ? server.workerThreads : min(processorCount, 64)
    }

    var httpOptions: HTTPOptions {
        var options = HTTPOptions()
        options.loopCount = loopCount(processorCount: CPUs.count)
        options.connectionCountMax = server.connections
        options.connectionCountMaxPerPeer = server.connections
        options.memory = MemoryBudget(totalBytes: Int(server.memory))
        return options
    }

    /// Where the server listens: on what the service manager passed, and beside it on what is configured of the kind it
    /// passed none of. An admin who sets `listen` gets TCP, though the packaged socket unit has only the Unix socket.
    func listeners(beside adopted: [ServiceManager.AdoptedSocket]) -> [Listener] {
        var listeners = adopted.map { Listener.adopted(rawDescriptor: $0.raw) }
        if !adopted.contains(where: \.isUnix) { listeners.append(.unix(path: server.socket)) }
        if let listen = listenAddress(beside: adopted) {
            listeners.append(.tcp(address: listen.host, port: listen.port))
        }
        return listeners
    }

    /// The address to listen on by TCP; nil when that is not wanted, or the service manager passed such a socket.
    func listenAddress(beside adopted: [ServiceManager.AdoptedSocket]) -> ListenAddress? {
        adopted.contains { !$0.isUnix } ? nil : server.listen
    }
}
