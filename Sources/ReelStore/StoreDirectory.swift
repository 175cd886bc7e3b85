import Glibc
import ReelCodec
import ReelFormat
import ReelSystem

/// The directory of a store: whose it is, and that only one process has it.
enum StoreDirectory {
    /// Locks the directory and opens the store's secrets; an empty directory becomes a new store.
    static func open(
        _ paths: StorePaths, _ encryption: StoreEncryption, fileSystem: any FileSystem, clock: any Clock,
        note: (StoreEvent) -> Void
    ) throws(OpenError) -> (lock: any File, store: UnlockedStore) {
        try OpenError.from {
            try fileSystem.createDirectory(paths.root)
            // Before the lock is made: in a directory of somebody else's nothing is left behind.
            try requireStoreOrNothing(paths, fileSystem)
            let lock = try fileSystem.open(paths.lock, .createIfMissing)
            do throws(SystemError) { try lock.lock() } catch {
                throw error.isHeldByAnother ? OpenError.locked(path: paths.root) : .system(error)
            }
            if let store = try IdentityFile(paths, fileSystem).unlocked(by: encryption, note: note) {
                return (lock, store)
            }
            // And again: who had the lock before may have made something.
            try requireStoreOrNothing(paths, fileSystem)
            let store = try create(paths, encryption, fileSystem, clock)
            note(.created(path: paths.root))
            return (lock, store)
        }
    }

    private static func requireStoreOrNothing(_ paths: StorePaths, _ fileSystem: any FileSystem) throws {
        let names = try fileSystem.list(paths.root)
        if names.contains("store") { return }
        if try IdentityFile(paths, fileSystem).isRestorable() { return }
        // A crash while the store was being made leaves no more than these.
        let isOurs = Set(names).isSubset(of: ["lock", "store.new", "log", "keys", "lost+found"])
        for directory in ["log", "keys"] where isOurs && names.contains(directory) {
            guard try fileSystem.list("\(paths.root)/\(directory)").isEmpty else {
                throw OpenError.notAStore(path: paths.root)
            }
        }
        guard isOurs else { throw OpenError.notAStore(path: paths.root) }
    }

    private static func create(
        _ paths: StorePaths, _ encryption: StoreEncryption, _ fileSystem: any FileSystem, _ clock: any Clock
    ) throws -> UnlockedStore {
        let random = try SecureRandom.bytes(count: 48)
        let words = random.span
        var identity = StoreIdentity(
            store: StoreID(high: words.bytes.field(0), low: words.bytes.field(8)),
            createdMicroseconds: clock.wallMicroseconds, secret: Array(random[16...]))
        var store = UnlockedStore(clear: identity)
        if let (key, source) = try encryption.key(for: nil) {
            let secrets = try StoreSecrets.new()
            identity.secret = [UInt8](repeating: 0, count: KeyedDigest.secretSizeBytes)
            identity.incompatibleFeatures = StoreIdentity.sealedFeature
            identity.keyRecord = try StoreKeyRecord(
                generation: 1, keyID: 1, key: key, source: source, store: identity.store, secrets: secrets,
                changedMicroseconds: clock.wallMicroseconds)
            store = UnlockedStore(identity, key: key, secrets: secrets)
        }
        // Its other directories first: a store file without them would look like a store that lost its log or keys.
        try fileSystem.createDirectory(paths.log)
        if identity.keyRecord != nil { try fileSystem.createDirectory(paths.keys) }
        // Before the store is one: whoever opens it next does not come here again.
        try syncParent(paths, fileSystem)
        try IdentityFile(paths, fileSystem).write(identity)
        return store
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
