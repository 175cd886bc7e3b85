import ReelSystem

/// The commands there are, and the way from the words of a command line to one of them.
enum CommandTable {
    /// In the order of `reeld --help`.
    static let all: [Command] = [
        ServeCommand.serve, ConfigCommand.check, ConfigCommand.show, DoctorCommand.doctor, CompletionCommand.completion,
        ListCommand.list, ShowCommand.show, CatCommand.cat, TailCommand.tail, ExportCommand.export,
        ImportCommand.import, EndCommand.end, ChangeCommands.set, ChangeCommands.pin, ChangeCommands.unpin,
        EraseCommand.erase,
        StoreCommands.stats, VacuumCommand.vacuum, VerifyCommand.verify, SnapshotCommand.snapshot, IndexCommands.dump,
        IndexCommands.rebuild,
        KeyCommands.generate, KeyCommands.fingerprint, KeyRotationCommands.verify, KeyRotationCommands.rotate,
        KeyCommands.public,
        BenchCommand.bench,
    ]

    static let version = "0.1.0"

    /// Runs what the words say.
    ///
    /// - Parameters:
    ///   - words: the arguments without the program's name.
    ///   - tell: takes what went wrong, for standard error.
    static func run(
        _ words: [String], output: Output, tell: (String) -> Void = StandardErrorSink.write
    ) -> ExitCode {
        var name = "reeld"
        do throws(CommandFailure) {
            guard let (command, rest) = try find(words, output) else {
                try output.flush()
                return .success
            }
            name = "reeld \(command.name)"
            let invocation = try CommandParser.parse(rest, for: command, output: output)
            if invocation.has(Command.helpOption) {
                try output.write(CommandHelp.text(of: command))
                try output.flush()
                return .success
            }
            let exitCode = try command.run(invocation)
            try output.flush()
            return exitCode
        } catch {
            // What was already printed is true even when what follows failed.
            try? output.flush()
            if error.exitCode != .closedPipe { tell(complaint(error, name)) }
            return error.exitCode
        }
    }

    /// Finds the command and the words after its name; nil when help or the version was wanted and written.
    private static func find(_ words: [String], _ output: Output) throws(CommandFailure) -> (Command, [String])? {
        guard var first = words.first else { throw .usage("which command?") }
        var rest = Array(words.dropFirst())
        if first == "help" {
            guard let topic = rest.first else { return try overview(all, output) }
            first = topic
            rest = rest.dropFirst() + ["--help"]
        }
        if first == "--help" || first == "-h" { return try overview(all, output) }
        if first == "--version" || first == "-V" {
            try output.write("reeld \(version)\n")
            return nil
        }
        guard !first.hasPrefix("-") else { throw .usage("a command comes first, then '\(first)'") }
        if let command = all.first(where: { $0.name == first }) { return (command, rest) }
        let group = all.filter { $0.name.hasPrefix(first + " ") }
        guard !group.isEmpty else { throw unknown(first) }
        let names = group.map { String($0.name.dropFirst(first.count + 1)) }
        guard let second = rest.first else {
            throw .usage("\(first): which one? \(names.joined(separator: " or "))")
        }
        if second == "--help" || second == "-h" { return try overview(group, output) }
        guard let command = group.first(where: { $0.name == "\(first) \(second)" }) else {
            throw .usage("\(first): '\(second)' is none of \(names.joined(separator: ", "))")
        }
        return (command, Array(rest.dropFirst()))
    }

    private static func overview(_ commands: [Command], _ output: Output) throws(CommandFailure) -> (Command, [String])?
    {
        try output.write(CommandHelp.overview(of: commands))
        return nil
    }

    private static func unknown(_ word: String) -> CommandFailure {
        let words = all.map { String($0.name.prefix { $0 != " " }) }
        let meant = Suggestion.nearest(to: word, among: words)
        return .usage("unknown command '\(word)'" + (meant.map { "; did you mean '\($0)'?" } ?? ""))
    }

    private static func complaint(_ failure: CommandFailure, _ name: String) -> String {
        let text = failure.message.split(separator: "\n").map { "\(name): \(String($0).printable)\n" }.joined()
        return failure.hintsAtHelp ? text + "try '\(name) --help'\n" : text
    }
}
