import Glibc
import ReelCodec
import ReelFormat
import ReelStore
import ReelSystem

/// Finds the key of a store: for the daemon as its configuration says, for other commands as the store needs it.
enum StoreKeys {
    private static let keyFile = Command.Option(
        "key-file", value: "FILE",
        help: "With --store: the key of an encrypted store; the default is $REELD_KEY_FILE, then what reeld.conf names")
    private static let passphraseFile = Command.Option(
        "passphrase-file", value: "FILE",
        help: "With --store: the passphrase of a store that has one instead; the default is $REELD_PASSPHRASE_FILE")

    static let options = [keyFile, passphraseFile]

    /// What the daemon opens its store with. A new store whose key file is not there yet gets one.
    static func ofDaemon(
        _ settings: StoreSettings, _ journal: Journal
    ) throws(CommandFailure) -> StoreEncryption {
        guard settings.encryption else { return .off }
        let identity = try identity(of: settings.directory)
        if let identity, identity.keyRecord == nil {
            throw LocalStore.failure(.notEncrypted(path: settings.directory))
        }
        let source = source(settings)
        let isNew = identity == nil
        if isNew, settings.passphraseFile == nil, case .keyFile(let path) = source, !isThere(path) {
            let fingerprint = try KeyFile.make(path)
            journal.log(
                .keyMade,
                "made a key for the new store, \(fingerprint); copy \(path) to a safe place away from this machine: without "
                    + "it nobody can read the store, ever", .file(path))
        }
        return try read(source, isNew: isNew)
    }

    /// What a command opens a store with, whatever the configuration says of encryption.
    ///
    /// - Parameter isOptional: a sealed store may be read without its key; nil then.
    static func ofStore(
        _ directory: String, _ invocation: Invocation, isOptional: Bool = false
    ) throws(CommandFailure) -> StoreEncryption? {
        guard try identity(of: directory)?.keyRecord != nil else { return .off }
        let source = try source(invocation)
        // Named on the command line it is meant to be used.
        if isOptional, !options.contains(where: invocation.has), !isThere(source.path) { return nil }
        return try read(source, isNew: false)
    }

    /// Whether the configuration alone says where the key is: no command line, no environment and no credential.
    static func isConfigured(_ invocation: Invocation) -> Bool {
        !options.contains(where: invocation.has)
            && ["REELD_KEY_FILE", "REELD_PASSPHRASE_FILE", "CREDENTIALS_DIRECTORY"].allSatisfy {
                environment($0) == nil
            }
    }

    private static func identity(of directory: String) throws(CommandFailure) -> StoreIdentity? {
        do throws(OpenError) { return try Store.identity(of: directory) } catch { throw LocalStore.failure(error) }
    }

    private static func source(_ invocation: Invocation) throws(CommandFailure) -> KeySource {
        if let path = invocation.text(keyFile) {
            guard !invocation.has(passphraseFile) else {
                throw .usage("a store has a key or a passphrase; take either --key-file or --passphrase-file")
            }
            return .keyFile(path: path)
        }
        if let path = invocation.text(passphraseFile) { return .passphraseFile(path: path) }
        if let path = environment("REELD_KEY_FILE") { return .keyFile(path: path) }
        if let path = environment("REELD_PASSPHRASE_FILE") { return .passphraseFile(path: path) }
        do throws(ConfigurationError) {
            return source(try ConfigurationLoader.load().values.store)
        } catch {
            throw CommandFailure(.usage, error.description)
        }
    }

    /// Nil where the variable is not set, or empty.
    private static func environment(_ name: String) -> String? {
        guard let text = getenv(name), text.pointee != 0 else { return nil }
        return String(cString: text)
    }

    private static func source(_ settings: StoreSettings) -> KeySource {
        let credentials = getenv("CREDENTIALS_DIRECTORY").map { String(cString: $0) }
        // A key file that is not there must not hide a passphrase file that somebody named.
        let keyFile = settings.passphraseFile == nil || isThere(settings.keyFile) ? settings.keyFile : nil
        guard
            let source = KeySource.choose(
                credentials: credentials, keyFile: keyFile, passphraseFile: settings.passphraseFile)
        else { preconditionFailure("there is a key file where there is no passphrase file") }
        return source
    }

    static func read(_ source: KeySource, isNew: Bool) throws(CommandFailure) -> StoreEncryption {
        do {
            switch try source.read() {
            case .key(let secret): return .key(try StoreKey(secret))
            case .passphrase(let passphrase): return .passphrase(passphrase)
            }
        } catch let error as KeySourceError {
            let choice = isNew ? "; or choose a store without encryption, with store.encryption = no" : ""
            throw CommandFailure(.failure, "the store's key: \(error)\(choice)")
        } catch {
            throw CommandFailure(.failure, "the store's key cannot be made ready: \(error)")
        }
    }

    private static func isThere(_ path: String) -> Bool {
        var status = stat()
        return lstat(path, &status) == 0
    }
}
