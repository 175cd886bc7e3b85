/// How a command ended, as the shell sees it; the numbers are documented in every help and never change.
enum ExitCode: Int32, CaseIterable, Sendable {
    case success = 0
    case failure = 1
    case usage = 2
    case unreachable = 3
    case notFound = 4
    case denied = 5
    /// The reader of standard output went away: what a shell reports for a command that died of SIGPIPE.
    case closedPipe = 141

    var meaning: String {
        switch self {
        case .success: "all went well"
        case .failure: "the command failed, or damage was found"
        case .usage: "the command line or the configuration is wrong"
        case .unreachable: "the daemon cannot be reached"
        case .notFound: "there is no such recording"
        case .denied: "permission denied"
        case .closedPipe: "the reader of the output went away"
        }
    }
}

/// A command that could not do its work.
struct CommandFailure: Error, Equatable {
    var exitCode: ExitCode
    /// What was wrong, where, and what to do; lines without the program's name before them.
    var message: String
    /// Whether `try 'reeld … --help'` follows.
    var hintsAtHelp = false
    /// The daemon was asked and gave no whole answer: it may have done what it was asked all the same.
    var isAnswerLost = false

    init(_ exitCode: ExitCode, _ message: String) {
        self.exitCode = exitCode
        self.message = message
    }

    /// A mistake in the command line itself.
    static func usage(_ message: String) -> CommandFailure {
        var failure = CommandFailure(.usage, message)
        failure.hintsAtHelp = true
        return failure
    }
}
