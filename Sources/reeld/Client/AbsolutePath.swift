import Glibc

/// A path as a process elsewhere understands it.
enum AbsolutePath {
    /// A path on the command line begins where the shell is. `.` and doubled slashes are taken out, `..` is not: a
    /// link may stand before it.
    static func of(_ path: String) throws(CommandFailure) -> String {
        guard !path.isEmpty else { throw .usage("a directory with an empty name is none") }
        var whole = path
        if !path.hasPrefix("/") {
            guard let here = getcwd(nil, 0) else { throw CommandFailure(.failure, "the working directory is gone") }
            defer { free(here) }
            whole = "\(String(cString: here))/\(path)"
        }
        return "/" + whole.split(separator: "/").filter { $0 != "." }.joined(separator: "/")
    }
}
