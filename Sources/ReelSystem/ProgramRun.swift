import Glibc

/// A short program of the system, run to its end.
package struct ProgramRun: Sendable {
    /// What it wrote to standard output; standard error goes nowhere.
    package var output: [UInt8]
    /// 128 and the signal where one ended it.
    package var exitCode: Int32

    /// - Parameters:
    ///   - path: absolute.
    ///   - outputSizeMaxBytes: what is written beyond it is read and dropped.
    /// - Throws: the errno of pipe(2) or posix_spawn(3): ENOENT where there is no such program.
    package init(
        _ path: String, _ arguments: [String], outputSizeMaxBytes: Int = 1 << 20
    ) throws(SystemError) {
        var ends: [Int32] = [-1, -1]
        guard pipe(&ends) == 0 else { throw .last("pipe", path) }
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        let reading = FileDescriptor(owning: ends[0])
        let writing = FileDescriptor(owning: ends[1])
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0)
        posix_spawn_file_actions_adddup2(&actions, writing.raw, STDOUT_FILENO)
        posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0)
        var words = ([path] + arguments).map { strdup($0) } + [nil]
        defer { for word in words { free(word) } }
        var process: pid_t = 0
        let code = posix_spawn(&process, path, &actions, nil, &words, environ)
        guard code == 0 else { throw SystemError(code, "spawn", path) }
        writing.close()
        output = []
        var piece = [UInt8](repeating: 0, count: 4096)
        while true {
            let count = piece.withUnsafeMutableBytes { space in
                retrying { Glibc.read(reading.raw, space.baseAddress, space.count) }
            }
            guard count > 0 else { break }
            output += piece[..<count].prefix(max(0, outputSizeMaxBytes - output.count))
        }
        var status: Int32 = 0
        while waitpid(process, &status, 0) < 0, errno == EINTR {}
        // What it wrote may be a secret.
        for index in piece.indices { piece[index] = 0 }
        exitCode = status & 0x7F == 0 ? status >> 8 & 0xFF : 128 + (status & 0x7F)
    }
}
