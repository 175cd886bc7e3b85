import Glibc
import ReelHTTP
import ReelServer
import ReelStore
import ReelSystem

/// The steps of starting the daemon, and what each says when it fails: what was wrong, where, and what to do.
enum ServeStart {
    static func openStore(_ configuration: Configuration, _ journal: Journal) throws(CommandFailure) -> Store {
        let path = configuration.store.directory
        if let access = try? SmallFile.access(of: path), access.owner != geteuid() {
            throw CommandFailure(
                .denied,
                "\(path) belongs to the user with id \(access.owner), and this is \(geteuid()): files made here would "
                    + "lock its owner out; run as that user, or name another directory with --store=DIR")
        }
        // Before a key is made for a store that cannot be.
        let isThere = (try? SmallFile.access(of: path)) != nil
        let parent = path.split(separator: "/").dropLast().joined(separator: "/")
        guard Glibc.access(isThere ? path : "/\(parent)", W_OK) == 0 else {
            throw failure(.system(.last("open", path)), path)
        }
        let encryption = try StoreKeys.ofDaemon(configuration.store, journal)
        let store: Store
        do throws(OpenError) {
            store = try Store.open(
                path, encryption, options: configuration.storeOptions, heartbeat: watchdogFeed()
            ) { event in journal.log(event) }
        } catch {
            throw failure(error, path)
        }
        let ledger = configuration.store.ledger
        guard !ledger.isEmpty else { return store }
        do throws(LedgerError) {
            try store.applyLedger(ledger)
            return store
        } catch {
            store.close()
            throw LedgerFailure.failure(error, ledger)
        }
    }

    /// Feeds the service manager's watchdog from the thread whose stall would hold up every writer.
    private static func watchdogFeed() -> Heartbeat? {
        guard let patience = ServiceManager.watchdogMilliseconds else { return nil }
        // sd_watchdog_enabled(3) recommends half the time.
        return Heartbeat(everyMilliseconds: patience / 2) { ServiceManager.notify(.alive) }
    }

    /// - Parameter isOnTCP: whether there are readers that must show the token of the token file.
    static func startServer(
        _ store: Store, _ listeners: [Listener], _ configuration: Configuration, isOnTCP: Bool, _ journal: Journal
    ) throws(CommandFailure) -> ReelServer {
        var options = configuration.serverOptions
        if isOnTCP {
            do throws(TokenFileError) {
                options.token = try TokenFile.open(configuration.tokenPath)
            } catch {
                throw CommandFailure(.denied, "the token file \(error)")
            }
        }
        do throws(SystemError) {
            let server = try ReelServer(store: store, listeners: listeners, options: options) { event in
                journal.log(event)
            }
            try server.start()
            return server
        } catch {
            throw failure(error)
        }
    }

    private static func failure(_ error: OpenError, _ path: String) -> CommandFailure {
        switch error {
        case .locked:
            CommandFailure(
                .failure,
                "\(path): another process has this store open; stop it, or name another store with --store=DIR")
        case .system(let error) where error.code == EACCES || error.code == EPERM || error.code == EROFS:
            CommandFailure(
                .denied, "\(error); the store must be writable by the user reeld runs as (uid \(geteuid()))")
        case .system(let error) where error.isMissing:
            CommandFailure(.failure, "\(error); make its parent directory first, or name another with --store=DIR")
        default: LocalStore.failure(error)
        }
    }

    private static func failure(_ error: SystemError) -> CommandFailure {
        switch error.code {
        case EADDRINUSE where !error.path.hasPrefix("/"):
            CommandFailure(
                .failure,
                "\(error); another program uses that port: stop it, or choose another with --listen=ADDRESS:PORT")
        case EADDRINUSE:
            CommandFailure(
                .failure,
                "\(error); another daemon answers there, or the file is no socket: stop it, or choose another "
                    + "place with --socket=PATH")
        case ENOENT:
            CommandFailure(.failure, "\(error); make the directory first, or choose another place with --socket=PATH")
        case EACCES, EPERM:
            CommandFailure(
                .denied, "\(error); choose a place this user may write to, with --socket=PATH or a port above 1023")
        default: CommandFailure(.failure, "\(error)")
        }
    }
}

extension Configuration {
    fileprivate var serverOptions: ServerOptions {
        var options = ServerOptions()
        options.bodySizeMaxBytes = Int(server.bodyLimit)
        options.inflatedSizeMaxBytes = Int(server.inflatedLimit)
        options.eventSizeMaxBytes = Int(server.eventLimit)
        options.workerCount = workerCount(processorCount: CPUs.count)
        options.socketAccess = SocketAccess(
            recordGroup: .init(server.recordGroup), viewGroup: .init(server.viewGroup))
        options.http = httpOptions
        options.offersDemo = server.demo
        options.version = CommandTable.version
        return options
    }
}
