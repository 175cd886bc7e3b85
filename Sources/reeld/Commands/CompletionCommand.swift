/// `reeld completion`: what the package installs for the shells, made from the command table so that it cannot drift.
enum CompletionCommand {
    static let completion = Command(
        name: "completion", topic: .daemon, summary: "Print the completion of command lines for a shell",
        operands: [.init(name: "bash|zsh|fish")],
        details: ["The Debian package has them installed."],
        examples: ["reeld completion bash > /etc/bash_completion.d/reeld"],
        run: { invocation throws(CommandFailure) in
            let shell = invocation.operands[0]
            let tree = CompletionTree(CommandTable.all)
            switch shell {
            case "bash": try invocation.output.write(BashCompletion.script(tree))
            case "zsh": try invocation.output.write(ZshCompletion.script(tree))
            case "fish": try invocation.output.write(FishCompletion.script(tree))
            default: throw .usage("'\(shell)' is none of the shells it knows: bash, zsh, fish")
            }
            return .success
        })
}
