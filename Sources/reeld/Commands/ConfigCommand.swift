/// `reeld config check` and `reeld config show`.
enum ConfigCommand {
    private static let file = Command.Option(
        "config", short: "c", value: "FILE", help: "Read FILE and FILE.d/*.conf instead of /etc/reeld/reeld.conf")
    private static let defaults = Command.Option(
        "defaults", help: "Show every key with its meaning and default, as etc/reeld.conf has them")

    static let check = Command(
        name: "config check", topic: .daemon, summary: "Check the configuration and tell every mistake in it",
        options: [file],
        details: ["Exits with 2 when the daemon would refuse to start or reload with it."],
        examples: ["reeld config check", "reeld config check --config=./reeld.conf"],
        run: { invocation throws(CommandFailure) in
            let loaded = try load(invocation)
            let count = HumanText.plural(UInt64(loaded.places.count), "key")
            try invocation.output.write("the configuration is good: \(count) set\n")
            for file in loaded.files { try invocation.output.write("read \(file)".printable + "\n") }
            if loaded.files.isEmpty {
                try invocation.output.write(
                    "\(ConfigurationLoader.standardPath) is not there: the defaults hold\n")
            }
            return .success
        })

    static let show = Command(
        name: "config show", topic: .daemon, summary: "Show the configuration in force and where each value is from",
        options: [file, defaults],
        details: ["What it prints is a configuration file itself."],
        examples: ["reeld config show", "reeld config show --defaults"],
        run: { invocation throws(CommandFailure) in
            let text =
                invocation.has(defaults)
                ? ConfigurationText.reference() : ConfigurationText.effective(try load(invocation))
            try invocation.output.write(text)
            return .success
        })

    private static func load(_ invocation: Invocation) throws(CommandFailure) -> LoadedConfiguration {
        do throws(ConfigurationError) {
            return try ConfigurationLoader.load(invocation.text(file))
        } catch {
            throw CommandFailure(.usage, error.description)
        }
    }
}
