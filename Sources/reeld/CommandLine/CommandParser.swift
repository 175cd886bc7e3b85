/// Understands a command line in GNU's manner: options anywhere, `--name=value` or `--name value`, `-nvalue`, switches
/// bundled as in `-rq`, long names shortened as long as they stay unique, and `--` before operands that begin with `-`.
struct CommandParser {
    let command: Command
    private var options: [String: [String]] = [:]
    private var operands: [String] = []

    /// - Throws: a usage failure; nothing has been done then.
    static func parse(_ words: [String], for command: Command, output: Output) throws(CommandFailure) -> Invocation {
        var parser = CommandParser(command: command)
        try parser.read(words)
        if parser.options[Command.helpOption.long] == nil { try parser.checkOperands() }
        return Invocation(command: command, options: parser.options, operands: parser.operands, output: output)
    }

    private init(command: Command) { self.command = command }

    private mutating func read(_ words: [String]) throws(CommandFailure) {
        var rest = words[...]
        while let word = rest.popFirst() {
            if word == "--" {
                operands += rest
                return
            } else if word.hasPrefix("--") {
                try readLong(word.dropFirst(2), &rest)
            } else if word.hasPrefix("-"), word != "-" {
                try readShort(word.dropFirst(), &rest)
            } else {
                operands.append(word)
            }
        }
    }

    private mutating func readLong(_ word: Substring, _ rest: inout ArraySlice<String>) throws(CommandFailure) {
        let parts = word.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
        let option = try option(named: parts[0])
        if option.value == nil {
            guard parts.count == 1 else { throw .usage("option '--\(option.long)' takes no value") }
            add(option, "")
        } else if parts.count == 2 {
            add(option, parts[1])
        } else if option.isValueOptional {
            add(option, "")
        } else if let value = rest.popFirst() {
            add(option, value)
        } else {
            throw .usage("option '--\(option.long)' needs a value: \(option.synopsis.trimmed)")
        }
    }

    private mutating func readShort(_ letters: Substring, _ rest: inout ArraySlice<String>) throws(CommandFailure) {
        var letters = letters
        while let letter = letters.popFirst() {
            guard let option = command.allOptions.first(where: { $0.short == letter }) else {
                throw .usage("unknown option '-\(letter)'")
            }
            if option.value == nil || option.isValueOptional && letters.isEmpty {
                add(option, "")
            } else if !letters.isEmpty {
                add(option, String(letters))
                return
            } else if let value = rest.popFirst() {
                add(option, value)
            } else {
                throw .usage("option '-\(letter)' needs a value: \(option.synopsis.trimmed)")
            }
        }
    }

    private func option(named name: String) throws(CommandFailure) -> Command.Option {
        let options = command.allOptions
        if let exact = options.first(where: { $0.long == name }) { return exact }
        let begun = options.filter { !name.isEmpty && $0.long.hasPrefix(name) }
        if let only = begun.first, begun.count == 1 { return only }
        if begun.count > 1 {
            throw .usage("option '--\(name)' could be " + begun.map { "--\($0.long)" }.joined(separator: " or "))
        }
        let meant = Suggestion.nearest(to: name, among: options.map(\.long))
        throw .usage("unknown option '--\(name)'" + (meant.map { "; did you mean '--\($0)'?" } ?? ""))
    }

    private mutating func add(_ option: Command.Option, _ text: String) {
        options[option.long, default: []].append(text)
    }

    private func checkOperands() throws(CommandFailure) {
        var countMin = 0
        var countMax = 0
        for operand in command.operands {
            if operand.occurrence == .once || operand.occurrence == .atLeastOnce {
                guard operands.count > countMin else { throw .usage("\(operand.name) is missing") }
                countMin += 1
            }
            let isMany = operand.occurrence == .atLeastOnce || operand.occurrence == .any
            countMax = isMany ? .max : countMax + 1
        }
        guard operands.count <= countMax else { throw .usage("'\(operands[countMax])' is one argument too many") }
    }
}
