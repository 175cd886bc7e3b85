/// One subcommand: its help, its parsing, its man page entry and its work all come from this.
struct Command: Sendable {
    /// One word, or two for a command of a group (`config check`).
    let name: String
    let topic: Topic
    /// One line, without a full stop.
    let summary: String
    var operands: [Operand] = []
    var options: [Option] = []
    /// Paragraphs below the options.
    var details: [String] = []
    /// Command lines that work as they stand.
    var examples: [String] = []
    let run: @Sendable (Invocation) throws(CommandFailure) -> ExitCode

    /// The headings of `reeld --help`, in order.
    enum Topic: String, CaseIterable, Sendable {
        case daemon = "Daemon"
        case recordings = "Recordings"
        case store = "Store"
    }

    /// What is named without dashes: `RECORDING`.
    struct Operand: Equatable, Sendable {
        enum Occurrence: Sendable { case once, optional, atLeastOnce, any }

        let name: String
        var occurrence = Occurrence.once

        /// `NAME`, `[NAME]`, `NAME…` or `[NAME…]`
        var synopsis: String {
            switch occurrence {
            case .once: name
            case .optional: "[\(name)]"
            case .atLeastOnce: "\(name)…"
            case .any: "[\(name)…]"
            }
        }
    }

    /// `-n, --lines=COUNT`.
    struct Option: Equatable, Sendable {
        let long: String
        var short: Character?
        /// The value's name in help; nil for a switch.
        var value: String?
        /// Whether it may stand without its value; with one it is written `--name=value`, in one word.
        var isValueOptional = false
        /// One line, without a full stop.
        let help: String

        init(
            _ long: String, short: Character? = nil, value: String? = nil, isValueOptional: Bool = false, help: String
        ) {
            self.long = long
            self.short = short
            self.value = value
            self.isValueOptional = isValueOptional
            self.help = help
        }

        /// `-n, --lines=COUNT`, as help and errors show it.
        var synopsis: String {
            let dashed = "--\(long)" + (value.map { isValueOptional ? "[=\($0)]" : "=\($0)" } ?? "")
            return short.map { "-\($0), \(dashed)" } ?? "    \(dashed)"
        }
    }

    /// Every command has it.
    static let helpOption = Option("help", short: "h", help: "Show this help")

    var allOptions: [Option] { options + [Self.helpOption] }
}

/// A command line that was understood.
struct Invocation {
    let command: Command
    /// By long name; a switch has empty texts.
    var options: [String: [String]] = [:]
    var operands: [String] = []
    let output: Output

    func has(_ option: Command.Option) -> Bool { options[option.long] != nil }

    /// The option's last text, as a later one outranks an earlier one.
    func text(_ option: Command.Option) -> String? { options[option.long]?.last }

    /// The option's value, read by its syntax.
    ///
    /// - Throws: a usage failure that quotes the text and says what to write.
    func value<Syntax: ValueSyntax>(_ option: Command.Option, _ syntax: Syntax) throws(CommandFailure)
        -> Syntax.Value?
    {
        guard let text = text(option) else { return nil }
        do throws(BadValue) {
            return try syntax.parse(text)
        } catch {
            throw .usage("--\(option.long): '\(text)' \(error.reason)")
        }
    }
}
