import Glibc

@main
struct Reeld {
    static func main() {
        // A closed pipe or socket is an error of the call that meets it, not the end of the process.
        signal(SIGPIPE, SIG_IGN)
        let words = Array(CommandLine.arguments.dropFirst())
        exit(CommandTable.run(words, output: .standard()).rawValue)
    }
}
