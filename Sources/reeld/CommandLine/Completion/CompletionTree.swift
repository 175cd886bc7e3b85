/// What a shell is to know of the command line, the same for every shell: made from the command table.
struct CompletionTree {
    /// A first word: a command, or a group with its second words.
    struct Word {
        let name: String
        /// What `--help` says of it; for a group, the names of its commands.
        let summary: String
        /// Nil for a group.
        let command: Command?
        /// A group's commands, by their second words.
        var seconds: [(name: String, command: Command)] = []
    }

    let words: [Word]

    init(_ commands: [Command]) {
        var words: [Word] = []
        for command in commands {
            let parts = command.name.split(separator: " ").map(String.init)
            guard parts.count > 1 else {
                words.append(Word(name: parts[0], summary: command.summary, command: command))
                continue
            }
            if let group = words.firstIndex(where: { $0.name == parts[0] }) {
                words[group].seconds.append((parts[1], command))
            } else {
                words.append(Word(name: parts[0], summary: "", command: nil, seconds: [(parts[1], command)]))
            }
        }
        self.words = words.map { word in
            guard word.command == nil else { return word }
            let names = word.seconds.map(\.name).joined(separator: ", ")
            return Word(name: word.name, summary: "One of \(names)", command: nil, seconds: word.seconds)
        }
    }

    /// Every command with the words that lead to it.
    var leaves: [(words: [String], command: Command)] {
        words.flatMap { word in
            word.command.map { [([word.name], $0)] } ?? word.seconds.map { ([word.name, $0.name], $0.command) }
        }
    }
}

extension Command {
    /// What can be offered where a value or an operand is wanted.
    enum Offer: Equatable {
        case files
        case directories
        case choices([String])
        case nothing
    }

    /// Told by the value's name in the help: `FILE`, `NEWFILE`, `PATH`, `DIR`, `bash|zsh`.
    static func offer(for name: String) -> Offer {
        if name.hasSuffix("FILE") || name.hasSuffix("PATH") { return .files }
        if name == "DIR" { return .directories }
        let choices = name.split(separator: "|").map(String.init)
        if choices.count > 1, !choices.contains("DIR") { return .choices(choices.map { $0.lowercased() }) }
        // RECORDING|DIR: a number nobody can guess, or a place.
        return choices.contains("DIR") ? .directories : .nothing
    }

    /// What the operands offer together: the first that offers anything.
    var operandOffer: Offer {
        operands.lazy.map { Command.offer(for: $0.name) }.first { $0 != .nothing } ?? .nothing
    }
}
