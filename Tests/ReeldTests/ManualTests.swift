import Glibc
import ReelSystem
import Testing

@testable import reeld

/// The manual's lists of commands, options, exit codes and configuration keys are made from the tables, and fail here
/// when they drift. `REELD_UPDATE=1 swift test --filter ManualTests` writes them anew.
struct ManualTests {
    @Test func commandsInTheManualAreThoseOfTheTable() throws {
        try expect(ManualText.list(of: CommandTable.all), between: "commands", in: "packaging/man/reeld.1")
    }

    @Test(arguments: Command.Topic.allCases)
    func commandsInThePageOfATopicAreItsOwn(topic: Command.Topic) throws {
        let text = CommandTable.all.filter { $0.topic == topic }.map(ManualText.section(of:)).joined()
        try expect(text, between: "commands", in: "packaging/man/\(topic.page).1")
    }

    @Test func exitCodesInTheManualAreThoseOfTheTable() throws {
        let text = ExitCode.allCases.map { ".It \($0.rawValue)\n\(ManualText.sentence($0.meaning))\n" }.joined()
        try expect(text, between: "exit codes", in: "packaging/man/reeld.1")
    }

    @Test func keysInTheManualAreThoseOfTheTable() throws {
        let text = ConfigurationKey.sections.map { ManualText.section(of: $0.name, $0.help) }.joined()
        try expect(text, between: "keys", in: "packaging/man/reeld.conf.5")
    }

    private func expect(_ text: String, between name: String, in file: String) throws {
        let path = "\(repositoryRoot)/\(file)"
        let page = String(decoding: try SmallFile.read(path, sizeMaxBytes: 1 << 20), as: UTF8.self)
        let (begin, end) = (".\\\" \(name): begin\n", ".\\\" \(name): end\n")
        let opening = try #require(page.firstRange(of: begin))
        let closing = try #require(page.firstRange(of: end))
        let found = String(page[opening.upperBound..<closing.lowerBound])
        if found != text, getenv("REELD_UPDATE") != nil {
            unlink(path)
            let whole = page[..<opening.upperBound] + text + page[closing.lowerBound...]
            try SmallFile.createPrivate(path, holding: Array(whole.utf8))
            chmod(path, 0o644)
        } else {
            #expect(found == text, "REELD_UPDATE=1 swift test --filter ManualTests writes it anew")
        }
    }
}

extension Command.Topic {
    /// The manual page of its commands.
    fileprivate var page: String { "reeld-\(rawValue.lowercased())" }
}

/// Parts of the manual in mdoc(7).
private enum ManualText {
    /// Every command with its summary, by topics, and the page that has more of it.
    static func list(of commands: [Command]) -> String {
        Command.Topic.allCases.map { topic in
            let entries = commands.filter { $0.topic == topic }.map { command in
                ".It Cm \(command.name)\n\(sentence(command.summary))\n"
            }
            let head = ".Ss \(topic.rawValue)\nMore is in\n.Xr \(topic.page) 1 .\n"
            return head + ".Bl -tag -width Ds\n\(entries.joined()).El\n"
        }.joined()
    }

    static func section(of command: Command) -> String {
        var text = ".Ss reeld \(command.name)\n.Nm reeld\n.Cm \(command.name)\n"
        if !command.options.isEmpty { text += ".Op Ar OPTION ...\n" }
        for operand in command.operands {
            switch operand.occurrence {
            case .once: text += ".Ar \(operand.name)\n"
            case .optional: text += ".Op Ar \(operand.name)\n"
            case .atLeastOnce: text += ".Ar \(operand.name) ...\n"
            case .any: text += ".Op Ar \(operand.name) ...\n"
            }
        }
        text += ".Pp\n\(sentence(command.summary))\n"
        for paragraph in command.details { text += ".Pp\n\(lines(paragraph))\n" }
        text += ".Bl -tag -width Ds\n"
        for option in command.allOptions {
            text += ".It " + (option.short.map { "Fl \($0) , " } ?? "") + "Fl -\(escaped(option.long))"
            text += value(of: option) + "\n\(sentence(option.help))\n"
        }
        text += ".El\n"
        guard !command.examples.isEmpty else { return text }
        let examples = command.examples.map { escaped($0).replacing("-", with: "\\-") + "\n" }.joined()
        return text + ".Pp\nFor example:\n.Bd -literal -offset indent\n\(examples).Ed\n"
    }

    private static func value(of option: Command.Option) -> String {
        guard let value = option.value else { return "" }
        return option.isValueOptional ? " Ns Oo = Ns Ar \(value) Oc" : " Ns = Ns Ar \(value)"
    }

    static func section(of section: String, _ help: String) -> String {
        var text = ".Ss Section \(section)\n\(lines(help))\n.Bl -tag -width Ds\n"
        for key in ConfigurationKey.all where key.section == section {
            let value = key.defaultText.isEmpty ? "" : " \(escaped(key.defaultText))"
            text += ".It Cm \(key.name) No =\(value)\n\(lines(key.help))\n"
            if !key.isReloadable { text += "Needs a restart.\n" }
        }
        return text + ".El\n"
    }

    static func sentence(_ text: String) -> String { lines(text + ".") }

    /// A line a sentence, as mdoc wants it.
    static func lines(_ text: String) -> String {
        let text = escaped(text).replacing(". ", with: ".\n").replacing(": ", with: ":\n")
        let lines = text.split(separator: "\n").flatMap { wrap(String($0), width: 78) }
        return lines.map { $0.hasPrefix(".") || $0.hasPrefix("'") ? "\\&\($0)" : String($0) }
            .joined(separator: "\n")
    }

    private static func escaped(_ text: String) -> String {
        text.replacing("\\", with: "\\e").replacing("…", with: "\\[u2026]")
    }
}
