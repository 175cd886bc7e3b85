/// The help texts, all made from the command table.
enum CommandHelp {
    private static let widthMax = 100

    /// `reeld --help`.
    static func overview(of commands: [Command]) -> String {
        var text = """
            Usage: reeld COMMAND [OPTION]… [ARGUMENT]…

            Keeps recordings of browser sessions (rrweb events) in an append-only log, and shows them again.

            """
        for topic in Command.Topic.allCases {
            let entries = commands.filter { $0.topic == topic }.map { ($0.name, $0.summary) }
            if !entries.isEmpty { text += "\n\(topic.rawValue):\n" + table(entries) }
        }
        text += "\n'reeld COMMAND --help' tells more of each; reeld(1) and reeld.conf(5) are the manual.\n"
        return text + "\n" + exitStatus
    }

    /// `reeld COMMAND --help`.
    static func text(of command: Command) -> String {
        let words = ["reeld", command.name] + (command.options.isEmpty ? [] : ["[OPTION]…"])
        var text = "Usage: " + (words + command.operands.map(\.synopsis)).joined(separator: " ") + "\n\n"
        text += "\(command.summary).\n"
        for paragraph in command.details { text += "\n" + lines(paragraph) }
        text += "\nOptions:\n" + table(command.allOptions.map { ($0.synopsis, $0.help) })
        if !command.examples.isEmpty {
            text += "\nExamples:\n" + command.examples.map { "  \($0)\n" }.joined()
        }
        return text + "\n" + exitStatus
    }

    private static var exitStatus: String {
        "Exit status:\n" + table(ExitCode.allCases.map { ("\($0.rawValue)", $0.meaning) })
    }

    private static func lines(_ paragraph: String) -> String {
        wrap(paragraph, width: widthMax).map { "\($0)\n" }.joined()
    }

    /// Two columns; a long first entry has its text on the lines below.
    private static func table(_ entries: [(String, String)]) -> String {
        let width = min(entries.map(\.0.count).max() ?? 0, 30)
        let indent = String(repeating: " ", count: width + 4)
        var text = ""
        for (name, help) in entries {
            let lines = wrap(help, width: widthMax - width - 4)
            let isLong = name.count > width
            text += "  \(name)" + (isLong ? "\n" + indent : String(repeating: " ", count: width - name.count + 2))
            text += lines.joined(separator: "\n" + indent) + "\n"
        }
        return text
    }
}
