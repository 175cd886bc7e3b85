import Glibc
import ReelSystem

/// The configuration's files, and what is wrong in them.
struct ConfigurationSighting: Sendable {
    /// What holds; the defaults and the command line where a file is no good.
    var values: Configuration
    var files: [String] = []
    /// Keys that files set.
    var keyCount = 0
    var problems: [ConfigurationProblem] = []
    /// Files this user may not read.
    var unreadable: [String] = []
    /// Files that were read, with who may change them.
    var statuses: [(path: String, status: FileStatus)] = []

    init(_ path: String?, _ overrides: [ConfigurationLoader.Override]) {
        values = Configuration()
        do throws(ConfigurationError) {
            let loaded = try ConfigurationLoader.load(path, overrides: overrides)
            values = loaded.values
            files = loaded.files
            keyCount = loaded.places.values.filter { !$0.file.hasPrefix("--") }.count
        } catch {
            for problem in error.problems {
                if problem.place.line == nil, access(problem.place.file, R_OK) != 0, errno == EACCES {
                    unreadable.append(problem.place.file)
                } else {
                    problems.append(problem)
                }
            }
            for override in overrides {
                let key = ConfigurationKey.all.first { $0.id == override.key }
                try? key?.set(override.text, in: &values)
            }
        }
        for file in Set(files + problems.map(\.place.file)).sorted() {
            if let status = try? FileStatus(of: file) { statuses.append((file, status)) }
        }
    }
}
