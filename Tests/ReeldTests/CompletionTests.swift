import Testing

@testable import reeld

/// The shells' own syntax checks run where the package is installed; here it is what the scripts say.
struct CompletionTests {
    private static let tree = CompletionTree(CommandTable.all)

    private func script(_ shell: String) -> String {
        var printed: [UInt8] = []
        let exitCode = CommandTable.run(["completion", shell], output: Output { printed += $0 }, tell: { _ in })
        return exitCode == .success ? String(decoding: printed, as: UTF8.self) : ""
    }

    @Test func everyCommandIsReachedByItsWords() {
        #expect(
            Self.tree.leaves.map { $0.words.joined(separator: " ") }.sorted() == CommandTable.all.map(\.name).sorted())
        #expect(Set(Self.tree.words.map(\.name)).count == Self.tree.words.count)
    }

    @Test(arguments: ["bash", "zsh", "fish"])
    func everyCommandAndOptionIsOffered(shell: String) {
        let text = script(shell)
        for command in CommandTable.all {
            for word in command.name.split(separator: " ") { #expect(text.contains(word)) }
            for option in command.options { #expect(text.contains(option.long), "\(command.name) --\(option.long)") }
        }
    }

    @Test func whatIsOfferedForAValueFollowsFromItsName() {
        #expect(Command.offer(for: "NEWFILE") == .files)
        #expect(Command.offer(for: "DIR") == .directories)
        #expect(Command.offer(for: "RECORDING|DIR") == .directories)
        #expect(Command.offer(for: "YES|NO") == .choices(["yes", "no"]))
        #expect(Command.offer(for: "COUNT") == .nothing)
    }

    @Test func anotherShellIsAUsageErrorThatNamesTheKnownOnes() {
        var told = ""
        #expect(CommandTable.run(["completion", "tcsh"], output: Output { _ in }, tell: { told += $0 }) == .usage)
        #expect(told.contains("'tcsh' is none of the shells it knows: bash, zsh, fish"))
    }
}
