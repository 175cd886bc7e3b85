import Glibc
import ReelFormat
import ReelStore
import ReelSystem

/// A store's directory, used by a command itself with no daemon in between.
enum LocalStore {
    static let option = Command.Option(
        "store", value: "DIR",
        help: "Work on the store in DIR, with no daemon; the default is store.directory of reeld.conf")

    static let archiveOption = Command.Option(
        "archive", value: "DIR", help: "With --store: where its archive is; the default is archive.dir of reeld.conf")

    /// What every command that can do so takes.
    static let options = [option] + StoreKeys.options + [archiveOption]

    /// The directory a command line or the configuration names; absolute.
    static func directory(_ invocation: Invocation) throws(CommandFailure) -> String {
        guard let named = invocation.text(option) else {
            do throws(ConfigurationError) {
                return try ConfigurationLoader.load().values.store.directory
            } catch {
                throw CommandFailure(.usage, error.description)
            }
        }
        guard !named.hasPrefix("/") else { return named }
        guard let here = getcwd(nil, 0) else { throw CommandFailure(.failure, "the working directory is gone") }
        defer { free(here) }
        return "\(String(cString: here))/\(named)"
    }

    /// As `directory`, of a store that must be there.
    static func existing(_ invocation: Invocation) throws(CommandFailure) -> String {
        let path = try directory(invocation)
        var status = stat()
        guard stat(path, &status) == 0 else {
            let error = SystemError.last("open", path)
            throw error.isDenied
                ? CommandFailure(.denied, "\(error); run this as the user the store belongs to")
                : CommandFailure(.failure, "\(error); name the store's directory with --store=DIR")
        }
        return path
    }

    /// Who the store is, read from its file; nothing else is opened.
    static func identity(_ invocation: Invocation) throws(CommandFailure) -> StoreIdentity {
        let path = try existing(invocation)
        do throws(OpenError) {
            if let identity = try Store.identity(of: path) { return identity }
        } catch {
            throw failure(error)
        }
        throw failure(.notAStore(path: path))
    }

    /// Run by root on another user's store a command that writes to it first becomes that user: a file it made as root
    /// would lock the daemon out.
    static func becomeOwner(of path: String) throws(CommandFailure) {
        var status = stat()
        guard stat(path, &status) == 0 else { throw CommandFailure(.failure, "\(SystemError.last("open", path))") }
        guard geteuid() == 0, status.st_uid != 0 else { return }
        guard setegid(status.st_gid) == 0, seteuid(status.st_uid) == 0 else {
            throw CommandFailure(.denied, "\(SystemError.last("seteuid", path))")
        }
    }

    /// Does what only a store's owner may, as root on his behalf.
    static func asOwner<Result>(
        of path: String, _ work: () throws(CommandFailure) -> Result
    ) throws(CommandFailure) -> Result {
        let (user, group) = (geteuid(), getegid())
        try becomeOwner(of: path)
        defer {
            // From root's place back to it: the real user is root still.
            _ = seteuid(user)
            _ = setegid(group)
        }
        return try work()
    }

    /// Where old events are, by the command line or the configuration; nil where neither says anything.
    static func archive(_ invocation: Invocation) throws(CommandFailure) -> String? {
        guard let named = invocation.text(archiveOption) else {
            return (try? ConfigurationLoader.load())?.values.archive.directory
        }
        return try AbsolutePath.of(named)
    }

    /// Opens the store for a command that reads or mends it, as the daemon would.
    static func open(_ invocation: Invocation, rebuildsIndex: Bool = false) throws(CommandFailure) -> Store {
        let path = try existing(invocation)
        try becomeOwner(of: path)
        // As for the daemon: what is decrypted here is not to lie in a core dump. That it failed would be no reason not to read.
        try? ProcessMemory.forbidCoreDumps()
        var options = StoreOptions()
        options.compaction.isAutomatic = false
        options.rebuildsIndex = rebuildsIndex
        // For a vacuum that goes by the configured limits; by itself nothing is removed here.
        let configured = ((try? ConfigurationLoader.load())?.values ?? Configuration()).storeOptions
        options.retention = configured.retention
        options.retention.isAutomatic = false
        // To read what is there.
        options.archive.directory = try archive(invocation)
        // Never nil where it is not optional.
        let encryption = try StoreKeys.ofStore(path, invocation) ?? .off
        do throws(OpenError) {
            return try Store.open(path, encryption, options: options)
        } catch {
            if case .locked(let path) = error, !invocation.command.options.contains(Daemon.socketOption) {
                throw CommandFailure(.failure, "\(path): a daemon has this store open; stop the daemon first")
            }
            throw failure(error)
        }
    }

    /// Why a store cannot be opened or read, and what to do.
    static func failure(_ error: OpenError) -> CommandFailure {
        switch error {
        case .locked(let path):
            CommandFailure(
                .failure, "\(path): a daemon has this store open; ask it without --store, or stop it first")
        case .system(let error) where error.code == EACCES || error.code == EPERM:
            CommandFailure(.denied, "\(error); run this as the user the store belongs to")
        case .system(let error): CommandFailure(.failure, "\(error)")
        case .notAStore(let path):
            CommandFailure(.failure, "\(path): there are files here, but no store; name another directory")
        case .identity(let path, .damaged):
            CommandFailure(.failure, "\(path): the store's identity is damaged; put a copy of this file back")
        case .identity(let path, .version(let version)):
            CommandFailure(.failure, "\(path): format version \(version) is newer than this program; upgrade reeld")
        case .identity(let path, .features(let bits)):
            CommandFailure(
                .failure,
                "\(path): the store uses features this program does not know (0x\(String(bits, radix: 16))); upgrade reeld"
            )
        case .foreignLog(let path):
            CommandFailure(
                .failure,
                "\(path): this file is another store's: no segment in log/ is of the store it names; put the right file back"
            )
        case .logMissing(let path, let count):
            CommandFailure(
                .failure,
                "\(path): there is no segment of the log, and the index tells of \(HumanText.plural(count, "recording")): put "
                    + "the log back from a copy. To begin anew without them, remove the directory index/ beside it, too"
            )
        case .keyNeeded(let path, let written):
            CommandFailure(
                .failure,
                "\(path): this store is encrypted with the key \(written); say encryption = yes in reeld.conf and name the "
                    + "file with that key")
        case .keyringMissing(let path):
            CommandFailure(
                .failure,
                "\(path): the keys of this encrypted store are not here; put the directory back: a snapshot has it where "
                    + "--with-keys said")
        case .keyringIncomplete(let path, let recording):
            CommandFailure(
                .failure,
                "\(path): the key of recording \(recording) is not in the keyring: a part of it is gone, or it is older than "
                    + "the log; put keys/ back from its newest copy. If there is none, 'reeld verify --repair "
                    + "--give-up-keys' erases the recordings whose keys are gone, for good")
        case .wrongKey(let path, let written, let given):
            CommandFailure(
                .failure, "\(path): wrong key: store was written with fingerprint \(written), this key is \(given)")
        case .notEncrypted(let path):
            CommandFailure(
                .failure,
                "\(path): this store was made without encryption, and encryption is asked for; say encryption = no in "
                    + "reeld.conf, or make a new store and import the recordings there")
        case .crypto(let error): CommandFailure(.failure, "libcrypto or the kernel's random bytes: \(error)")
        case .damaged(let damage): CommandFailure(.failure, "\(damage)")
        }
    }
}
