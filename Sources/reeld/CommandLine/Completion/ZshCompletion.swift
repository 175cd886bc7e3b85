/// Completion for zsh(1): `_arguments` for each command.
enum ZshCompletion {
    static func script(_ tree: CompletionTree) -> String {
        var text = """
            #compdef reeld
            # zsh completion for reeld(1): made by 'reeld completion zsh'
            _reeld() {
                local curcontext=$curcontext state line
                typeset -A opt_args
                _arguments -C '(- *)'{-h,--help}'[Show the commands]' '(- *)'{-V,--version}'[Show the version]' \\
                    '1: :->word' '*:: :->rest'
                case $state in
                word)
                    local -a words=(

            """
        for word in tree.words { text += "            \(described(word.name, word.summary))\n" }
        text += """
                    )
                    _describe -t commands command words ;;
                rest)
                    case $line[1] in

            """
        for word in tree.words {
            text += "        \(word.name)) "
            if let command = word.command {
                text += "_arguments -S -s \(specifications(of: command)) ;;\n"
            } else {
                text += group(word)
            }
        }
        return text + """
                    esac ;;
                esac
            }
            _reeld "$@"

            """
    }

    private static func group(_ word: CompletionTree.Word) -> String {
        let names = word.seconds.map { described($0.name, $0.command.summary) }.joined(separator: " ")
        var text = """
            if ((CURRENT == 2)); then
                            local -a words=(\(names))
                            _describe -t commands command words
                        else
                            shift words; ((CURRENT--))
                            case $words[1] in

            """
        for (name, command) in word.seconds {
            text += "                \(name)) _arguments -S -s \(specifications(of: command)) ;;\n"
        }
        return text + """
                            esac
                        fi ;;

            """
    }

    private static func specifications(of command: Command) -> String {
        let options = command.allOptions.map { option in
            let colons = option.isValueOptional ? "::" : ":"
            let value = option.value.map { "\(colons)\(escaped($0)):\(action(Command.offer(for: $0)))" } ?? ""
            let help = "[\(escaped(option.help))]"
            let long = "--\(option.long)" + (option.value == nil ? "" : option.isValueOptional ? "=-" : "=")
            guard let short = option.short else { return quoted("*\(long)\(help)\(value)") }
            let shorter = "-\(short)" + (option.value == nil ? "" : "+")
            return quoted("*\(long)\(help)\(value)") + " " + quoted("*\(shorter)\(help)\(value)")
        }
        let rest = command.operands.isEmpty ? [] : [quoted("*: :\(action(command.operandOffer))")]
        return (options + rest).joined(separator: " ")
    }

    private static func action(_ offer: Command.Offer) -> String {
        switch offer {
        case .files: "_files"
        case .directories: "_files -/"
        case .choices(let choices): "(\(choices.joined(separator: " ")))"
        case .nothing: " "
        }
    }

    private static func described(_ name: String, _ summary: String) -> String { quoted("\(name):\(summary)") }

    /// Brackets and colons part a specification.
    private static func escaped(_ text: String) -> String {
        ["\\", "[", "]", ":"].reduce(text) { $0.replacing($1, with: "\\\($1)") }
    }

    private static func quoted(_ text: String) -> String { "'" + text.replacing("'", with: "'\\''") + "'" }
}
