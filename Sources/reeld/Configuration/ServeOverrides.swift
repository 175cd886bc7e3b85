import Glibc

/// The options of a command line that outrank the configuration file: of the daemon, and of who looks at one.
enum ServeOverrides {
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
    static let config = Command.Option(
        "config", short: "c", value: "FILE", help: "Read FILE and FILE.d/*.conf instead of /etc/reeld/reeld.conf")

    static let options = [store, encryption, keyFile, socket, listen, tokenFile, ledger, config]

    /// What the command line says instead of the file.
    static func overrides(_ invocation: Invocation) throws(CommandFailure) -> [ConfigurationLoader.Override] {
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
