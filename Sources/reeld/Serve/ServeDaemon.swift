import Glibc
import ReelHTTP
import ReelServer
import ReelStore
import ReelSystem

/// The life of the daemon: opens what it needs in order, serves until a signal, and closes in reverse.
struct ServeDaemon {
    /// What is not finished so long after SIGTERM is cut off; systemd's own patience is 90 s.
    private static let drainSecondsMax = 20

    /// Reads the configuration; called again for every reload.
    let load: () throws(ConfigurationError) -> LoadedConfiguration

    /// Serves until SIGTERM or SIGINT.
    ///
    /// - Throws: why it could not begin; nothing is left open then.
    func run() throws(CommandFailure) {
        var configuration = try configuration()
        // Before any thread is started: threads inherit the mask, and LISTEN_FDS is the environment's.
        Signals.block()
        ProcessMemory.keepForReuse()
        // Before anything is decrypted.
        if !configuration.server.coreDumps { try forbidCoreDumps() }
        let adopted = ServiceManager.adoptSockets()
        let journal = Journal(level: configuration.log.level)
        defer { journal.close() }
        try serve(&configuration, adopted, journal)
        journal.log(.stopped, "stopped")
    }

    private func serve(
        _ configuration: inout Configuration, _ adopted: [ServiceManager.AdoptedSocket], _ journal: Journal
    ) throws(CommandFailure) {
        let store = try ServeStart.openStore(configuration, journal)
        defer { store.close() }
        let listen = configuration.listenAddress(beside: adopted)
        let server = try ServeStart.startServer(
            store, configuration.listeners(beside: adopted), configuration,
            isOnTCP: listen != nil || adopted.contains { !$0.isUnix }, journal)

        let places = describe(configuration, server, adopted)
        journal.log(.started, "reeld \(CommandTable.version) serves \(places)", .file(configuration.store.directory))
        ServiceManager.notify(.ready, .status("serving \(places)"))
        while Signals.wait() == .reload { reload(&configuration, store, journal) }

        ServiceManager.notify(.stopping, .status("finishing what is in flight"))
        journal.log(.stopping, "stopping: finishing what is in flight")
        server.drain(deadlineSeconds: Self.drainSecondsMax)
        server.join()
    }

    private func forbidCoreDumps() throws(CommandFailure) {
        do throws(SystemError) { try ProcessMemory.forbidCoreDumps() } catch {
            throw CommandFailure(.failure, "core dumps cannot be forbidden: \(error)")
        }
    }

    private func configuration() throws(CommandFailure) -> Configuration {
        do throws(ConfigurationError) {
            return try load().values
        } catch {
            throw CommandFailure(.usage, error.description)
        }
    }

    /// Reads the files again and takes over what can change while running.
    private func reload(_ configuration: inout Configuration, _ store: Store, _ journal: Journal) {
        ServiceManager.notifyReloading()
        defer { ServiceManager.notify(.ready) }
        do throws(ConfigurationError) {
            let change = ConfigurationChange(from: configuration, to: try load().values)
            configuration = change.effective
            journal.level = configuration.log.level
            store.apply(configuration.storeOptions)
            journal.log(.configurationReloaded, change.summary)
        } catch {
            journal.log(.configurationRejected, "the configuration was not read again: \(error)")
        }
    }

    /// Where the daemon can be reached, for people: `/run/reeld/reeld.sock and http://127.0.0.1:7335`.
    private func describe(
        _ configuration: Configuration, _ server: ReelServer, _ adopted: [ServiceManager.AdoptedSocket]
    ) -> String {
        var places = adopted.filter(\.isUnix).map(\.name)
        if places.isEmpty { places = [configuration.server.socket] }
        places += adopted.filter { !$0.isUnix }.map { "http://\($0.name)" }
        if let listen = configuration.listenAddress(beside: adopted) {
            // Port 0 lets the kernel choose one.
            let port = server.boundPorts.first ?? listen.port
            places.append("http://\(ListenAddress(host: listen.host, port: port))")
        }
        return places.joined(separator: " and ")
    }
}
