import Glibc
import ReelSystem
import Testing

@testable import reeld

struct KeyCommandTests {
    private func run(_ words: String...) -> (code: ExitCode, output: String, told: String) {
        var output: [UInt8] = []
        var told = ""
        let code = CommandTable.run(words, output: Output { output += $0 }, tell: { told += $0 })
        return (code, String(decoding: output, as: UTF8.self), told)
    }

    @Test func aGeneratedKeyIsPrivateAndHasTheFingerprintItWasAnnouncedWith() throws {
        let directory = try TemporaryDirectory()
        let path = "\(directory.path)/store.key"
        let made = run("key", "generate", path)
        #expect(made.code == .success && made.told == "")
        let group = "[0-9a-f]{4}"
        let pattern = try Regex("\(path): \(group)(-\(group)){7}\nKeep a copy of this file away from this machine.*\n")
        #expect(made.output.wholeMatch(of: pattern) != nil, "\(made.output)")
        #expect(try SmallFile.access(of: path).mode == 0o600)
        let text = String(decoding: try SmallFile.read(path, sizeMaxBytes: 1000), as: UTF8.self)
        #expect(text.wholeMatch(of: /reeld-key-1(-[0-9a-f]{8}){9}\n/) != nil)
        let told = run("key", "fingerprint", path)
        #expect(told.code == .success && made.output.hasPrefix("\(path): \(told.output)"))
        #expect(!made.output.contains(text.dropFirst(12).prefix(8)), "the key itself is not printed")
        #expect(run("key", "generate", "\(directory.path)/other.key").output.contains(told.output) == false)
    }

    @Test func aKeyIsNeverWrittenOver() throws {
        let directory = try TemporaryDirectory()
        let path = try directory.write("store.key", "something")
        let result = run("key", "generate", path)
        #expect(result.code == .failure && result.output == "")
        #expect(
            result.told
                == "reeld key generate: \(path): it is there already, and a key is never written over; name another file\n"
        )
        #expect(try SmallFile.read(path, sizeMaxBytes: 100) == Array("something".utf8))
    }

    @Test func whatIsNoKeyHasNoFingerprint() throws {
        let directory = try TemporaryDirectory()
        let result = run("key", "fingerprint", try directory.write("k", "something"))
        #expect(result.code == .failure && result.output == "" && result.told.contains("holds no key of reeld"))
        let missing = run("key", "generate", "/nonexistent/store.key")
        #expect(missing.code == .failure && missing.told.contains("No such file or directory"))
        #expect(run("key", "rotate").code == .usage && run("key").code == .usage)
    }
}
