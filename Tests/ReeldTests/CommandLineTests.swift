import ReelSystem
import Testing

@testable import reeld

struct CommandLineTests {
    private static let lines = Command.Option("lines", short: "n", value: "COUNT", help: "Show COUNT")
    private static let reverse = Command.Option("reverse", short: "r", help: "Oldest first")
    private static let limit = Command.Option("limit", value: "SIZE", help: "At most SIZE")
    private static let command = Command(
        name: "probe", topic: .store, summary: "Probe",
        operands: [.init(name: "FILE"), .init(name: "MORE", occurrence: .optional)], options: [lines, reverse, limit],
        run: { _ throws(CommandFailure) in .success })

    private func parse(_ words: String) throws(CommandFailure) -> Invocation {
        let words = words.split(separator: " ").map(String.init)
        return try CommandParser.parse(words, for: Self.command, output: Output { _ in })
    }

    @Test(arguments: [
        "--lines=5 --reverse a b", "--lines 5 a -r b", "a b -n5 -r", "-rn5 a b", "-rn 5 a b", "--lin 5 --rev a b",
        "-n 1 -n 5 a b -r", "-r -n5 -- a b",
    ])
    func gnuSpellingsMeanTheSame(words: String) throws {
        let invocation = try parse(words)
        #expect(invocation.operands == ["a", "b"])
        #expect(invocation.text(Self.lines) == "5")
        #expect(invocation.has(Self.reverse))
    }

    @Test func afterTwoDashesEverythingIsAnOperand() throws {
        #expect(try parse("-- -r --lines").operands == ["-r", "--lines"])
        #expect(try parse("-").operands == ["-"])
    }

    @Test(arguments: [
        ("", "FILE is missing"), ("a b c", "'c' is one argument too many"),
        ("--linse 5 a", "unknown option '--linse'; did you mean '--lines'?"), ("--foo a", "unknown option '--foo'"),
        ("-x a", "unknown option '-x'"), ("--reverse=1 a", "option '--reverse' takes no value"),
        ("a --lines", "option '--lines' needs a value: -n, --lines=COUNT"),
        ("a -n", "option '-n' needs a value: -n, --lines=COUNT"),
        ("--lin 1 a b c", "'c' is one argument too many"), ("--l 1 a", "option '--l' could be --lines or --limit"),
        ("--= a", "unknown option '--'"),
    ])
    func mistakesAreToldInOneSentence(words: String, expected: String) {
        #expect(throws: CommandFailure.usage(expected)) { try parse(words) }
    }

    @Test func aValueOfTheWrongKindIsAUsageErrorWithAnExample() throws {
        let expected = CommandFailure.usage("--limit: '5x' is not a size; write 10G, 64M or 512K")
        #expect(throws: expected) { try parse("--limit=5x a").value(Self.limit, SizeSyntax(range: 0...10)) }
    }

    private func run(_ words: String...) -> (ExitCode, String) {
        var printed: [UInt8] = []
        var told = ""
        let exitCode = CommandTable.run(words, output: Output { printed += $0 }, tell: { told += $0 })
        return (exitCode, exitCode == .success ? String(decoding: printed, as: UTF8.self) : told)
    }

    @Test func everyCommandIsInTheOverviewAndHasAHelpOfItsOwn() {
        let overview = run("--help").1
        for command in CommandTable.all {
            #expect(overview.contains("\n  \(command.name) "), "\(command.name)")
            let words = command.name.split(separator: " ").map(String.init) + ["--help"]
            var printed: [UInt8] = []
            #expect(CommandTable.run(words, output: Output { printed += $0 }) == .success)
            let help = String(decoding: printed, as: UTF8.self)
            #expect(help.hasPrefix("Usage: reeld \(command.name)"))
            for option in command.allOptions { #expect(help.contains("--\(option.long)"), "\(command.name)") }
            for line in help.split(separator: "\n") { #expect(line.count <= 110, "\(command.name): \(line)") }
        }
    }

    @Test func namesOfCommandsAndOptionsAreTheirOwn() {
        #expect(Set(CommandTable.all.map(\.name)).count == CommandTable.all.count)
        for command in CommandTable.all {
            #expect(Set(command.allOptions.map(\.long)).count == command.allOptions.count, "\(command.name)")
            let shorts = command.allOptions.compactMap(\.short)
            #expect(Set(shorts).count == shorts.count, "\(command.name)")
        }
    }

    @Test func exitCodesAreTheDocumentedOnes() throws {
        #expect(run() == (.usage, "reeld: which command?\ntry 'reeld --help'\n"))
        #expect(run("confg").1 == "reeld: unknown command 'confg'; did you mean 'config'?\ntry 'reeld --help'\n")
        #expect(run("config").0 == .usage)
        #expect(run("config", "chek").0 == .usage)
        #expect(
            run("config", "show", "--defalts").1
                == "reeld config show: unknown option '--defalts'; did you mean '--defaults'?\n"
                + "try 'reeld config show --help'\n")
        #expect(run("--version") == (.success, "reeld \(CommandTable.version)\n"))
        #expect(run("help", "config", "show").0 == .success)
        let directory = try TemporaryDirectory()
        let bad = try directory.write("bad.conf", "[log]\nlevel=loud\n")
        #expect(run("config", "check", "-c", bad).0 == .usage)
        let good = try directory.write("good.conf", "[log]\nlevel=debug\n")
        #expect(
            run("config", "check", "-c", good) == (.success, "the configuration is good: 1 key set\nread \(good)\n"))
    }

    @Test func aClosedPipeEndsTheCommandWithoutAWord() {
        let output = Output { _ throws(SystemError) in throw SystemError(32, "write") }
        #expect(CommandTable.run(["--help"], output: output) == .closedPipe)
    }

    @Test(arguments: [("kitten", "sitting", 3), ("ab", "ba", 1), ("", "abc", 3), ("same", "same", 0)])
    func editDistanceCountsSwapsAsOne(a: String, b: String, expected: Int) {
        #expect(Suggestion.distance(Array(a), Array(b)) == expected)
    }
}
