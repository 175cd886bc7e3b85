/// Completion for bash(1): a function that looks its answers up in tables.
enum BashCompletion {
    static func script(_ tree: CompletionTree) -> String {
        let groups = tree.words.filter { $0.command == nil }
        var text = """
            # bash completion for reeld(1): made by 'reeld completion bash'
            _reeld() {
                local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD-1]} command options offer
                COMPREPLY=()
                # '--name=value' comes as three words.
                [[ $current != = ]] || current=
                [[ $previous != = ]] || previous=${COMP_WORDS[COMP_CWORD-2]}
                if ((COMP_CWORD == 1)); then
                    mapfile -t COMPREPLY < <(compgen -W "\(first(tree)) --help --version" -- "$current")
                    return
                fi
                command=${COMP_WORDS[1]}
                case $command in

            """
        for group in groups {
            text += "    \(group.name))\n        if ((COMP_CWORD == 2)); then\n"
            let names = group.seconds.map(\.name).joined(separator: " ")
            text += "            mapfile -t COMPREPLY < <(compgen -W \"\(names)\" -- \"$current\")\n"
            text += "            return\n        fi\n        command+=\" ${COMP_WORDS[2]}\"\n        ;;\n"
        }
        text += """
                esac
                case $command in

            """
        for (words, command) in tree.leaves { text += entry(words, command) }
        return text + """
                *) return ;;
                esac
                if [[ $previous == -* && " $options " == *" $previous="* ]]; then
                    offer=$(_reeld_offer "$command" "$previous")
                elif [[ $current == -* ]]; then
                    mapfile -t COMPREPLY < <(compgen -W "${options//=/}" -- "$current")
                    return
                fi
                case $offer in
                files) mapfile -t COMPREPLY < <(compgen -f -- "$current") && compopt -o filenames 2>/dev/null ;;
                directories) mapfile -t COMPREPLY < <(compgen -d -- "$current") && compopt -o filenames 2>/dev/null ;;
                nothing) ;;
                *) mapfile -t COMPREPLY < <(compgen -W "$offer" -- "$current") ;;
                esac
            }
            _reeld_offer() {
                case "$1 $2" in

            """ + tree.leaves.map(values).joined() + """
                    *) echo nothing ;;
                    esac
                }
                complete -F _reeld reeld

                """
    }

    private static func first(_ tree: CompletionTree) -> String {
        tree.words.map(\.name).joined(separator: " ") + " help"
    }

    /// An option that takes a value is written with a `=` behind it, so that the function can tell.
    private static func entry(_ words: [String], _ command: Command) -> String {
        let options = command.allOptions.flatMap { option in
            let mark = option.value == nil || option.isValueOptional ? "" : "="
            return ["--\(option.long)\(mark)"] + (option.short.map { ["-\($0)\(mark)"] } ?? [])
        }
        let offer = text(command.operandOffer)
        return
            "    '\(words.joined(separator: " "))') options='\(options.joined(separator: " "))' offer='\(offer)' ;;\n"
    }

    private static func values(_ words: [String], _ command: Command) -> String {
        command.options.compactMap { option -> String? in
            guard let value = option.value, !option.isValueOptional else { return nil }
            let offer = Command.offer(for: value)
            guard offer != .nothing else { return nil }
            let name = words.joined(separator: " ")
            let spellings = ["--\(option.long)"] + (option.short.map { ["-\($0)"] } ?? [])
            let patterns = spellings.map { "'\(name) \($0)'" }.joined(separator: " | ")
            return "    \(patterns)) echo '\(text(offer))' ;;\n"
        }.joined()
    }

    private static func text(_ offer: Command.Offer) -> String {
        switch offer {
        case .files: "files"
        case .directories: "directories"
        case .choices(let choices): choices.joined(separator: " ")
        case .nothing: "nothing"
        }
    }
}
