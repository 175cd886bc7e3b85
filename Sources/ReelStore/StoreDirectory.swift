import Glibc
import ReelCodec
import ReelFormat
import ReelSystem

/// The directory of a store: whose it is, and that only one process has it.
enum StoreDirectory {
    /// Locks the directory and reads the store's identity; an empty directory becomes a new store.
    static func open(
        _ paths: StorePaths, fileSystem: any FileSystem, clock: any Clock, note: (StoreEvent) -> Void
    ) throws(OpenError) -> (lock: any File, identity: StoreIdentity) {
        do {
            try fileSystem.createDirectory(paths.root)
            // Before the lock is made: in a directory of somebody else's nothing is left behind.
            try requireStoreOrNothing(paths, fileSystem)
            let lock = try fileSystem.open(paths.lock, .createIfMissing)
            do { try lock.lock() } catch {
                throw error.isHeldByAnother ? OpenError.locked(path: paths.root) : .system(error)
            }
            if try fileSystem.list(paths.root).contains("store") { return (lock, try read(paths, fileSystem)) }
            // And again: who had the lock before may have made something.
            try requireStoreOrNothing(paths, fileSystem)
            let identity = try create(paths, fileSystem, clock)
            note(.created(path: paths.root))
            return (lock, identity)
        } catch let error as OpenError {
            throw error
        } catch let error as SystemError {
            throw .system(error)
        } catch is CryptoError {
            throw .noRandomness
        } catch {
            preconditionFailure("no other error is thrown: \(error)")
        }
    }

    private static func requireStoreOrNothing(_ paths: StorePaths, _ fileSystem: any FileSystem) throws {
        let names = try fileSystem.list(paths.root)
        if names.contains("store") { return }
        // A crash while the store was being made leaves no more than these.
        let isOurs = Set(names).isSubset(of: ["lock", "store.new", "log", "lost+found"])
        guard isOurs, try !names.contains("log") || fileSystem.list(paths.log).isEmpty else {
            throw OpenError.notAStore(path: paths.root)
        }
    }

    static func read(_ paths: StorePaths, _ fileSystem: any FileSystem) throws -> StoreIdentity {
        let bytes = try fileSystem.open(paths.identity, .readOnly).read(StoreIdentity.sizeBytes + 1, at: 0)
        do {
            return try StoreIdentity(decoding: bytes)
        } catch {
            throw OpenError.identity(path: paths.identity, error)
        }
    }

    private static func create(
        _ paths: StorePaths, _ fileSystem: any FileSystem, _ clock: any Clock
    ) throws -> StoreIdentity {
        let random = try SecureRandom.bytes(count: 48)
        let words = random.span
        let identity = StoreIdentity(
            store: StoreID(high: words.bytes.field(0), low: words.bytes.field(8)),
            createdMicroseconds: clock.wallMicroseconds, secret: Array(random[16...]))
        let draft = paths.identity + ".new"
        let file = try fileSystem.open(draft, .createIfMissing)
        try file.truncate(to: 0)
        try file.write(identity.encoded(), at: 0)
        try file.sync()
        // The log's directory first: a store file without it would look like a store that lost its log.
        try fileSystem.createDirectory(paths.log)
        // Before the store is one: whoever opens it next does not come here again.
        try syncParent(paths, fileSystem)
        try fileSystem.rename(draft, to: paths.identity)
        try fileSystem.syncDirectory(paths.root)
        return identity
    }

    /// Sets a bit of `incompatibleFeatures` in the file `store`: durable when this returns, and whole at any moment.
    ///
    /// - Throws: what the disk said, or what is wrong with the file that is there.
    static func declare(_ feature: UInt64, _ paths: StorePaths, _ fileSystem: any FileSystem) throws {
        var identity = try read(paths, fileSystem)
        guard identity.incompatibleFeatures & feature == 0 else { return }
        identity.incompatibleFeatures |= feature
        let draft = paths.identity + ".new"
        let file = try fileSystem.open(draft, .createIfMissing)
        try file.truncate(to: 0)
        try file.write(identity.encoded(), at: 0)
        try file.sync()
        try fileSystem.rename(draft, to: paths.identity)
        try fileSystem.syncDirectory(paths.root)
    }

    /// Makes the name of the store's own directory durable: else a power cut can take the directory with all that was
    /// acked in it.
    private static func syncParent(_ paths: StorePaths, _ fileSystem: any FileSystem) throws(SystemError) {
        do {
            try fileSystem.syncDirectory(paths.parent)
        } catch {
            // Where the parent may not even be read, the directory was made by somebody else (a service manager).
            guard error.code == EACCES else { throw error }
        }
    }
}
