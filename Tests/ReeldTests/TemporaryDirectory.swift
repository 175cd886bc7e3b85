import Glibc
import ReelSystem

/// A directory of a test's own, removed with what is in it when the test is over.
final class TemporaryDirectory: Sendable {
    let path: String

    init() throws {
        // mkdtemp(3): a directory that nobody else can have made, removed with its owner.
        var template = Array("/tmp/reeld-test-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else { throw SystemError.last("mkdtemp") }
        path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    /// Writes a file below the directory, making the directories on the way.
    @discardableResult
    func write(_ name: String, _ text: String) throws -> String {
        var directory = path
        for part in name.split(separator: "/").dropLast() {
            directory += "/\(part)"
            mkdir(directory, 0o700)
        }
        try SmallFile.createPrivate("\(path)/\(name)", holding: Array(text.utf8))
        return "\(path)/\(name)"
    }

    deinit { Self.remove(path) }

    private static func remove(_ path: String) {
        for name in (try? SmallFile.names(in: path)) ?? [] {
            if unlink("\(path)/\(name)") != 0 { remove("\(path)/\(name)") }
        }
        rmdir(path)
    }
}
