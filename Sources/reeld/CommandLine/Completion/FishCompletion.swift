/// Completion for fish(1): a line for each word and option.
enum FishCompletion {
    static func script(_ tree: CompletionTree) -> String {
        var text = """
            # fish completion for reeld(1): made by 'reeld completion fish'
            complete -c reeld -f
            complete -c reeld -n __fish_use_subcommand -l help -s h -d 'Show the commands'
            complete -c reeld -n __fish_use_subcommand -l version -s V -d 'Show the version'

            """
        for word in tree.words {
            text += "complete -c reeld -n __fish_use_subcommand -a \(word.name) -d \(quoted(word.summary))\n"
            let names = word.seconds.map(\.name).joined(separator: " ")
            for (name, command) in word.seconds {
                let condition = "__fish_seen_subcommand_from \(word.name); and not __fish_seen_subcommand_from \(names)"
                text += "complete -c reeld -n '\(condition)' -a \(name) -d \(quoted(command.summary))\n"
            }
        }
        for (words, command) in tree.leaves {
            let condition = words.map { "__fish_seen_subcommand_from \($0)" }.joined(separator: "; and ")
            text += lines(of: command, "complete -c reeld -n '\(condition)'")
        }
        return text
    }

    private static func lines(of command: Command, _ begin: String) -> String {
        var text = command.operandOffer == .nothing ? "" : "\(begin)\(flags(command.operandOffer))\n"
        for option in command.allOptions {
            text += "\(begin) -l \(option.long)" + (option.short.map { " -s \($0)" } ?? "")
            if let value = option.value, !option.isValueOptional { text += " -r" + flags(Command.offer(for: value)) }
            text += " -d \(quoted(option.help))\n"
        }
        return text
    }

    private static func flags(_ offer: Command.Offer) -> String {
        switch offer {
        case .files: " -F"
        case .directories: " -a '(__fish_complete_directories)'"
        case .choices(let choices): " -a '\(choices.joined(separator: " "))'"
        case .nothing: ""
        }
    }

    private static func quoted(_ text: String) -> String {
        "'" + text.replacing("\\", with: "\\\\").replacing("'", with: "\\'") + "'"
    }
}
