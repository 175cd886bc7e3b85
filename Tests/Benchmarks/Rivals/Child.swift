import Glibc
import ReelSystem

/// Another program, running.
struct Child {
    let processID: pid_t

    /// Starts a program found in PATH.
    ///
    /// - Parameter output: a file for its standard output and error; nil keeps ours.
    init(_ words: [String], output: String? = nil) throws(BenchmarkError) {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        if let output {
            posix_spawn_file_actions_addopen(
                &actions, STDOUT_FILENO, output, O_WRONLY | O_CREAT | O_TRUNC, 0o600)
            posix_spawn_file_actions_adddup2(&actions, STDOUT_FILENO, STDERR_FILENO)
        }
        var arguments: [UnsafeMutablePointer<CChar>?] = words.map { strdup($0) } + [nil]
        defer { for argument in arguments { free(argument) } }
        var processID: pid_t = 0
        let status = posix_spawnp(&processID, words[0], &actions, nil, &arguments, environ)
        guard status == 0 else { throw BenchmarkError("\(words[0]): \(String(cString: strerror(status)))") }
        self.processID = processID
    }

    /// Waits for its end.
    ///
    /// - Returns: whether it ended by itself and with status 0.
    @discardableResult func wait() -> Bool {
        var status: Int32 = 0
        while waitpid(processID, &status, 0) < 0, errno == EINTR {}
        return status == 0
    }

    /// Asks it to end, and waits.
    func terminate() {
        kill(processID, SIGTERM)
        wait()
    }

    /// Runs a program to its end.
    static func run(_ words: [String]) throws(BenchmarkError) {
        guard try Child(words).wait() else { throw BenchmarkError("failed: \(words.joined(separator: " "))") }
    }

    /// Runs a program and returns what it printed.
    static func text(_ words: [String], scratch: String) throws -> String {
        let child = try Child(words, output: scratch)
        let isGood = child.wait()
        let text = String(decoding: try SmallFile.read(scratch, sizeMaxBytes: 64 << 20), as: UTF8.self)
        guard isGood else { throw BenchmarkError("failed: \(words.joined(separator: " ")): \(text)") }
        return text
    }
}
