/// `reeld serve`: the daemon itself.
enum ServeCommand {
    static let serve = Command(
        name: "serve", topic: .daemon, summary: "Run the daemon in the foreground",
        options: ServeOverrides.options,
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
            let overrides = try ServeOverrides.overrides(invocation)
            let path = invocation.text(ServeOverrides.config)
            try ServeDaemon { () throws(ConfigurationError) in
                try ConfigurationLoader.load(path, overrides: overrides)
            }.run()
            return .success
        })
}
