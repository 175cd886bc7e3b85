import ReelCodec
import ReelFormat
import ReelSystem

/// The file `store`, and its copy in the keyring of a sealed store.
struct IdentityFile {
    private let paths: StorePaths
    private let fileSystem: any FileSystem

    init(_ paths: StorePaths, _ fileSystem: any FileSystem) {
        self.paths = paths
        self.fileSystem = fileSystem
    }

    // MARK: Reading

    /// The store's identity as it lies there.
    func read() throws -> StoreIdentity { try read(paths.identity) }

    /// The same, or its copy where that is damaged or gone; nil where there is none.
    func readOrCopy() throws -> StoreIdentity? {
        do {
            if try fileSystem.list(paths.root).contains("store") { return try read() }
        } catch let error as OpenError {
            guard case .identity(_, .damaged) = error, let copy = try copy() else { throw error }
            return copy
        }
        return try copy()
    }

    private func read(_ path: String) throws -> StoreIdentity {
        let bytes = try fileSystem.open(path, .readOnly).read(StoreIdentity.sizeBytes + 1, at: 0)
        do { return try StoreIdentity(decoding: bytes) } catch { throw OpenError.identity(path: path, error) }
    }

    /// The copy, where there is a sound one of a store whose log is here.
    private func copy() throws -> StoreIdentity? {
        let names = try fileSystem.list(paths.root)
        guard names.contains("keys"), names.contains("log"), try fileSystem.list(paths.keys).contains("store") else {
            return nil
        }
        let copy: StoreIdentity
        do { copy = try read(paths.identityCopy) } catch is OpenError { return nil }
        return try hasLog(of: copy.store) ? copy : nil
    }

    private func hasLog(of store: StoreID) throws -> Bool {
        for number in try fileSystem.list(paths.log).compactMap({ StorePaths.number(of: $0, suffix: ".seg") }) {
            let file = try fileSystem.open(paths.segment(number), .readOnly)
            if (try? Segment(number: number, file: file, store: store, sealer: .none).header(at: 0)) != nil {
                return true
            }
        }
        return false
    }

    /// Whether a store without its file `store` can be opened all the same.
    func isRestorable() throws -> Bool { try copy() != nil }

    /// Whether the copy in the keyring is that of a store: made for it, under the same store key.
    func isCopy(of identity: StoreIdentity) throws(SystemError) -> Bool {
        do {
            let copy = try read(paths.identityCopy)
            return copy.store == identity.store && copy.keyRecord == identity.keyRecord
        } catch let error as SystemError {
            guard error.isMissing else { throw error }
            return false
        } catch {
            return false
        }
    }

    // MARK: Unlocking

    /// The store that is there, its secrets opened, and both files made equal.
    ///
    /// - Returns: nil where there is none.
    /// - Throws: `.keyNeeded`, `.wrongKey`, `.notEncrypted`, `.identity`, what the disk said; nothing was changed then.
    func unlocked(by encryption: StoreEncryption, note: (StoreEvent) -> Void) throws -> UnlockedStore? {
        var found: StoreIdentity?
        var damage: OpenError?
        if try fileSystem.list(paths.root).contains("store") {
            do { found = try read() } catch let error as OpenError {
                guard case .identity(_, .damaged) = error else { throw error }
                damage = error
            }
        }
        if let identity = found {
            if identity.keyRecord != nil { try requireKeyring() }
            if let store = try open(identity, encryption) {
                try writeCopy(store.identity)
                return store
            }
            damage = OpenError.identity(path: paths.identity, .damaged)
        }
        guard let copy = try copy(), copy != found, let store = try open(copy, encryption) else {
            if let damage { throw damage }
            return nil
        }
        note(.identityRestored(path: paths.identity))
        try write(copy)
        return store
    }

    /// A store whose keyring is away as a whole, as that of a restored snapshot, is not opened: every recording would look lost.
    private func requireKeyring() throws {
        let names = try fileSystem.list(paths.root)
        guard try !fileSystem.hasKeyring(paths), names.contains("log"), try !fileSystem.list(paths.log).isEmpty else {
            return
        }
        throw OpenError.keyringMissing(path: paths.keys)
    }

    /// As `unlocked`, of who changes nothing; nil where the store is sealed and no key is given.
    func unlockedReadOnly(by encryption: StoreEncryption?) throws -> UnlockedStore? {
        let identity = try read()
        guard let record = identity.keyRecord else { return UnlockedStore(clear: identity) }
        guard let encryption, case .some = try encryption.key(for: record) else { return nil }
        guard let store = try open(identity, encryption) else {
            throw OpenError.identity(path: paths.identity, .damaged)
        }
        return store
    }

    /// - Returns: nil where the key is the right one, and what it should open is damaged.
    private func open(_ identity: StoreIdentity, _ encryption: StoreEncryption) throws -> UnlockedStore? {
        guard let record = identity.keyRecord else {
            guard case .off = encryption else { throw OpenError.notEncrypted(path: paths.root) }
            return UnlockedStore(clear: identity)
        }
        guard let (key, _) = try encryption.key(for: record) else {
            throw OpenError.keyNeeded(path: paths.root, written: record.fingerprint)
        }
        do throws(StoreKeyFault) {
            return UnlockedStore(identity, key: key, secrets: try record.secrets(with: key, of: identity.store))
        } catch {
            switch error {
            case .wrongKey(let written, let given):
                throw OpenError.wrongKey(path: paths.root, written: written, given: given)
            case .damaged: return nil
            case .crypto(let error): throw error
            }
        }
    }

    // MARK: Writing

    /// Puts an identity in the place of what is there, durably: first `store`, then its copy.
    func write(_ identity: StoreIdentity) throws(SystemError) {
        try replace(paths.identity, in: paths.root, by: identity)
        try writeCopy(identity)
    }

    /// Sets a bit of `incompatibleFeatures`: durable when this returns, and whole at any moment.
    ///
    /// - Throws: what the disk said, or what is wrong with the file that is there.
    func declare(_ feature: UInt64) throws {
        var identity = try read()
        guard identity.incompatibleFeatures & feature == 0 else { return }
        identity.incompatibleFeatures |= feature
        try write(identity)
    }

    /// Makes the copy where it is not there or another.
    private func writeCopy(_ identity: StoreIdentity) throws(SystemError) {
        guard identity.keyRecord != nil else { return }
        try fileSystem.createDirectory(paths.keys)
        if try fileSystem.list(paths.keys).contains("store"), let known = try? read(paths.identityCopy),
            known == identity
        {
            return
        }
        try replace(paths.identityCopy, in: paths.keys, by: identity)
    }

    private func replace(_ path: String, in directory: String, by identity: StoreIdentity) throws(SystemError) {
        let draft = path + ".new"
        let file = try fileSystem.openDerived(draft)
        try file.truncate(to: 0)
        try file.write(identity.encoded(), at: 0)
        try file.sync()
        try fileSystem.rename(draft, to: path)
        try fileSystem.syncDirectory(directory)
    }
}
