import Glibc
import ReelSystem

@testable import reeld

/// reeld.conf and its drop-ins: what is taken is shown, and what is shown is taken as the same; what is not is told in
/// lines.
enum ConfigurationTarget {
    /// Parts the files of an input. No text has it.
    private static let fileSeparator: UInt8 = 0x1E

    private static let directory: String = {
        // mkdtemp(3): a directory that nobody else can have made, removed with its owner.
        var template = Array("/tmp/reel-fuzz-XXXXXX".utf8CString)
        claim(mkdtemp(&template) != nil, "mkdtemp: errno \(errno)")
        let path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        claim(mkdir(path + "/reeld.conf.d", 0o700) == 0, "mkdir: errno \(errno)")
        atexit { ConfigurationTarget.remove() }
        return path
    }()

    private static var main: String { directory + "/reeld.conf" }
    private static let dropIns = ["10-a.conf", "20-b.conf"].map { "\(directory)/reeld.conf.d/\($0)" }

    private static func remove() {
        for path in [main] + dropIns { unlink(path) }
        rmdir(directory + "/reeld.conf.d")
        rmdir(directory)
    }

    static func run(_ bytes: [UInt8]) {
        let parts = bytes.split(separator: fileSeparator, maxSplits: 2, omittingEmptySubsequences: false)
        let files = parts.map { Array($0) }
        for (index, path) in ([main] + dropIns).enumerated() {
            if index < files.count { write(files[index], to: path) } else { unlink(path) }
        }
        let loaded: LoadedConfiguration
        do throws(ConfigurationError) {
            loaded = try ConfigurationLoader.load(main)
        } catch {
            claim(!error.problems.isEmpty, "refused, and no reason told")
            for problem in error.problems {
                let hasPlace = [directory, "default"].contains { problem.description.hasPrefix($0) }
                claim(hasPlace, "\(problem)")
                claim(!problem.description.utf8.contains { $0 < 0x20 }, "a control character in an error")
            }
            return
        }
        claim(loaded.files.count == files.count, "\(loaded.files.count) files of \(files.count) are read")
        // The rooms below are told of it without a trap.
        let values = loaded.values
        _ = (values.storeOptions, values.httpOptions, values.listeners(beside: []), values.tokenPath)
        show(loaded)
        join(files, loaded)
        let change = ConfigurationChange(from: Configuration(), to: loaded.values)
        claim(ConfigurationChange(from: loaded.values, to: loaded.values).isEmpty, "a change from itself to itself")
        for key in ConfigurationKey.all where key.isReloadable {
            claim(key.text(in: change.effective) == key.text(in: loaded.values), "\(key.id) is not applied")
        }
    }

    /// What `reeld config show` prints is a configuration, and the same one.
    private static func show(_ loaded: LoadedConfiguration) {
        for path in dropIns { unlink(path) }
        write(Array(ConfigurationText.effective(loaded).utf8), to: main)
        let shown = claimed("what is shown is read") { try ConfigurationLoader.load(main) }
        claim(shown.values == loaded.values, "what is shown is another configuration")
    }

    /// Drop-ins are as good as lines behind those of the file.
    private static func join(_ files: [[UInt8]], _ loaded: LoadedConfiguration) {
        write(Array(files.joined(separator: [0x0A])), to: main)
        let joined = claimed("the files are read as one") { try ConfigurationLoader.load(main) }
        claim(joined.values == loaded.values, "the files as one are another configuration")
    }

    private static func write(_ bytes: [UInt8], to path: String) {
        let raw = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
        claim(raw >= 0, "open \(path): errno \(errno)")
        let file = FileDescriptor(owning: raw)
        do { try writeAll(bytes, to: file.raw) } catch { claim(false, "\(error)") }
    }
}
