import Glibc

/// `reeld serve`: the daemon itself.
enum ServeCommand {
    private static let store = Command.Option("store", value: "DIR", help: "Keep the recordings in DIR")
    private static let encryption = Command.Option(
        "encryption", value: "YES|NO", help: "Whether a new store is encrypted")
    private static let keyFile = Command.Option(
        "key-file", value: "FILE", help: "The store's key; made for a new store when missing")
    private static let socket = Command.Option("socket", value: "PATH", help: "Listen on the Unix socket PATH")
    private static let listen = Command.Option(
        "listen", value: "ADDRESS:PORT", help: "Listen on a loopback address too; empty for no TCP")
    private static let tokenFile = Command.Option(
        "token-file", value: "FILE", help: "The token that reading over TCP wants; made when missing")
    private static let ledger = Command.Option(
        "ledger", value: "FILE", help: "Erase again what this erased.ledger says was erased, before serving")
    private static let config = Command.Option(
        "config", short: "c", value: "FILE", help: "Read FILE and FILE.d/*.conf instead of /etc/reeld/reeld.conf")

    static let serve = Command(
        name: "serve", topic: .daemon, summary: "Run the daemon in the foreground",
        options: [store, encryption, keyFile, socket, listen, tokenFile, ledger, config],
        details: [
            "Options outrank the configuration file. Any user may run it, on a store and a socket of its own.",
            "SIGTERM and SIGINT finish what is in flight and close the store; SIGHUP reads the configuration again. "
                + "A socket that systemd passes comes before the configured one of its kind.",
        ],
        examples: [
            "reeld serve",
            "reeld serve --store=./store --key-file=./store.key --socket=./reeld.sock --listen=127.0.0.1:7335",
        ],
        run: { invocation throws(CommandFailure) in
            let overrides = try overrides(invocation)
            let path = invocation.text(config)
            try ServeDaemon { () throws(ConfigurationError) in
                try ConfigurationLoader.load(path, overrides: overrides)
            }.run()
            return .success
        })

    private static func overrides(_ invocation: Invocation) throws(CommandFailure) -> [ConfigurationLoader.Override] {
        let keys: [(option: Command.Option, key: String, isPath: Bool)] = [
            (store, "store.directory", true), (encryption, "store.encryption", false),
            (keyFile, "store.key_file", true),
            (socket, "server.socket", true), (listen, "server.listen", false),
            (tokenFile, "server.token_file", true), (ledger, "store.ledger", true),
        ]
        var overrides: [ConfigurationLoader.Override] = []
        for (option, key, isPath) in keys {
            guard let text = invocation.text(option) else { continue }
            let value = isPath ? try absolute(text) : text
            overrides.append(.init(key: key, text: value, option: "--\(option.long)"))
        }
        return overrides
    }

    /// A path on the command line begins where the shell is.
    private static func absolute(_ path: String) throws(CommandFailure) -> String {
        guard !path.isEmpty, !path.hasPrefix("/") else { return path }
        guard let here = getcwd(nil, 0) else { throw CommandFailure(.failure, "the working directory is gone") }
        defer { free(here) }
        return "\(String(cString: here))/\(path)"
    }
}
