import Glibc
import ReelCodec
import ReelSystem
import Testing

@testable import reeld

struct KeySourceTests {
    private static let digits = "00010203-04050607-08090a0b-0c0d0e0f-10111213-14151617-18191a1b-1c1d1e1f"
    /// The bytes 00 to 1f, and their CRC-32C as Python computes it.
    private static let line = "reeld-key-1-\(digits)-46dd794e\n"

    private static func bytes(_ secret: SecretBytes) -> [UInt8] {
        secret.withBytes { span in (0..<span.byteCount).map { span.field($0, as: UInt8.self) } }
    }

    private func read(_ source: KeySource) throws -> [UInt8] {
        switch try source.read() {
        case .key(let secret), .passphrase(let secret): Self.bytes(secret)
        }
    }

    /// The sentence that a source is refused with.
    private func refusal(_ source: KeySource) -> String {
        do {
            _ = try source.read()
            return "not refused"
        } catch {
            return error.description
        }
    }

    @Test func aKeysTextIsReadAsItIsWritten() throws {
        let key = try KeyText.decode(Array(Self.line.utf8))
        #expect(Self.bytes(key) == Array(0..<32))
        #expect(String(decoding: KeyText.encode(key), as: UTF8.self) == Self.line)
        let random = try SecretBytes.random(count: 32)
        #expect(try KeyText.decode(KeyText.encode(random)) == random)
        // Typed in again from paper.
        let typed = "reeld-key-1-" + Self.line.dropFirst(12).uppercased()
        #expect(try KeyText.decode(Array("\n  \(typed) \r\n".utf8)) == key)
    }

    @Test(arguments: [
        ("", "is empty"), (" \n", "is empty"), ("\n", "is empty"),
        (String(digits.filter { $0 != "-" }), "holds no key of reeld"), ("rr_0011", "holds no key of reeld"),
        ("reeld-key-2-\(digits)-46dd794e", "holds a key of another version"),
        ("reeld-key-1-", "cut off: 0 of its 9 groups"), ("reeld-key-1-0001", "cut off: 0 of its 9 groups"),
        ("reeld-key-1-\(digits)", "cut off: 8 of its 9 groups"),
        ("reeld-key-1-\(digits)-", "cut off: 8 of its 9 groups"),
        ("reeld-key-1-\(digits.prefix(30))", "cut off: 3 of its 9 groups"),
        ("reeld-key-1-\(digits)-46dd794", "group 9 has 7 digits instead of 8"),
        ("reeld-key-1-\(digits)-46dd794e1", "group 9 has 9 digits instead of 8"),
        ("reeld-key-1-\(digits.dropFirst())-46dd794e", "group 1 has 7 digits instead of 8"),
        ("reeld-key-1-\(digits)-46dd794e-00000000", "something behind its 9 groups"),
        ("reeld-key-1-\(digits)-46dd794e\nmore", "group 9 has a character that is no digit"),
        ("reeld-key-1-\(digits)-46dd794x", "group 9 has a character that is no digit"),
        ("reeld-key-1-\(digits)-46dd794é", "group 9 has a character that is no digit"),
        ("reeld-key-1-\(digits)-46dd794f", "at least one digit is not as it was written"),
        ("reeld-key-1-1\(digits.dropFirst())-46dd794e", "at least one digit is not as it was written"),
    ])
    func aMangledKeyIsToldAsWhatItIs(text: String, reason: String) throws {
        let directory = try TemporaryDirectory()
        let path = try directory.write("k", text)
        let said = refusal(.keyFile(path: path))
        #expect(said.hasPrefix(path + ": ") && said.contains(reason), "\(said)")
        #expect(said.contains("put the key back from its backup"))
        // Never a digit of what may be a key.
        #expect(!said.contains("0405") && !said.contains("46dd"))
    }

    @Test func anyDigitAndAnyPairOfGroupsMixedUpIsNoticed() throws {
        let digits = Array(Self.line.utf8.dropLast())
        for index in 12..<digits.count where digits[index] != UInt8(ascii: "-") {
            var mangled = digits
            mangled[index] = digits[index] == UInt8(ascii: "7") ? UInt8(ascii: "8") : UInt8(ascii: "7")
            #expect(throws: BadValue.self, "\(index)") { try KeyText.decode(mangled) }
        }
        var groups = Self.line.dropLast().split(separator: "-")
        for index in 3..<10 {
            groups.swapAt(index, index + 1)
            #expect(throws: BadValue.self, "\(index)") { try KeyText.decode(Array(groups.joined(separator: "-").utf8)) }
            groups.swapAt(index, index + 1)
        }
    }

    @Test(arguments: [0o600, 0o400]) func aFileOfTheOwnersAloneIsRead(mode: UInt32) throws {
        let directory = try TemporaryDirectory()
        let path = try directory.write("k", Self.line)
        chmod(path, mode)
        #expect(try read(.keyFile(path: path)) == Array(0..<32))
    }

    @Test(arguments: [0o640, 0o604, 0o666, 0o610, 0o601, 0o700, 0o500, 0o4600, 0o1600])
    func aFileThatOthersHaveAccessToIsRefused(mode: UInt32) throws {
        let directory = try TemporaryDirectory()
        let path = try directory.write("k", Self.line)
        chmod(path, mode)
        let said = refusal(.keyFile(path: path))
        #expect(said.contains("(mode \(String(mode, radix: 8)))") && said.contains("'chmod 600 \(path)'"), "\(said)")
    }

    /// systemd gives the service's user access by a list whose mask shows as the group's bits.
    @Test func aCredentialMayShowAGroupThatReads() throws {
        let directory = try TemporaryDirectory()
        let path = try directory.write("reeld.key", Self.line)
        for (mode, isRead) in [(0o440, true), (0o400, true), (0o640, true), (0o444, false), (0o460, false)]
            as [(UInt32, Bool)]
        {
            chmod(path, mode)
            #expect(((try? read(.credential(path: path))) != nil) == isRead, "\(String(mode, radix: 8))")
            #expect(((try? read(.keyFile(path: path))) != nil) == (mode == 0o400), "\(String(mode, radix: 8))")
        }
    }

    @Test func whatIsNoFileOfOursIsRefused() throws {
        let directory = try TemporaryDirectory()
        let path = "\(directory.path)/k"
        let missing = refusal(.keyFile(path: path))
        #expect(missing.contains("there is no such file") && missing.contains("'reeld key generate \(path)'"))
        #expect(refusal(.passphraseFile(path: path)).contains("put the passphrase into it"))
        mkdir(path, 0o700)
        #expect(refusal(.keyFile(path: path)).contains("it is no regular file"))
        rmdir(path)
        mkfifo(path, 0o600)
        #expect(refusal(.keyFile(path: path)).contains("it is no regular file"), "and nobody waits for a writer")
        unlink(path)
        try directory.write("k", String(repeating: "x", count: 257))
        #expect(refusal(.keyFile(path: path)).contains("longer than 256 bytes"))
        #expect(refusal(.keyFile(path: "/dev/zero")).contains("it is no regular file"))
    }

    @Test func linksAreFollowedToAFileThatPassesItself() throws {
        let directory = try TemporaryDirectory()
        let (target, link) = (try directory.write("k", Self.line), "\(directory.path)/link")
        symlink(target, link)
        #expect(try read(.keyFile(path: link)) == Array(0..<32))
        chmod(target, 0o644)
        #expect(refusal(.keyFile(path: link)).contains("(mode 644)"))
        unlink(target)
        #expect(refusal(.keyFile(path: link)).contains("there is no such file"))
    }

    /// Only root can make files of other users.
    @Test(.enabled(if: geteuid() == 0)) func filesAndLinksOfOtherUsersAreRefused() throws {
        let directory = try TemporaryDirectory()
        let (target, link) = (try directory.write("k", Self.line), "\(directory.path)/link")
        symlink(target, link)
        lchown(link, 4242, 4242)
        #expect(refusal(.keyFile(path: link)).contains("symbolic link of the user with id 4242"))
        lchown(link, 0, 0)
        chown(target, 4242, 4242)
        for path in [target, link] {
            #expect(refusal(.keyFile(path: path)).contains("belongs to the user with id 4242"))
        }
    }

    @Test(arguments: [
        ("correct horse", "correct horse"), ("correct horse\n", "correct horse"),
        ("zwölf Wörter!\r\n", "zwölf Wörter!"),
    ])
    func aPassphraseIsTheLineWithoutItsEnd(text: String, passphrase: String) throws {
        let directory = try TemporaryDirectory()
        let source = KeySource.passphraseFile(path: try directory.write("p", text))
        #expect(try read(source) == Array(passphrase.utf8))
        let isPassphrase = if case .passphrase = try source.read() { true } else { false }
        #expect(isPassphrase)
    }

    @Test func passphrasesHaveASizeFromTwelveTo1024() throws {
        let directory = try TemporaryDirectory()
        func said(_ text: String) throws -> String {
            let path = try directory.write("p", text)
            defer { unlink(path) }
            return refusal(.passphraseFile(path: path))
        }
        #expect(try said(String(repeating: "x", count: 12)) == "not refused")
        #expect(try said(String(repeating: "x", count: 1024) + "\r\n") == "not refused")
        #expect(
            try said(String(repeating: "x", count: 11) + "\n").contains(
                "has 11 bytes; it must be one line of 12 to 1024"))
        #expect(try said("").contains("has 0 bytes"))
        #expect(try said(String(repeating: "x", count: 1025)).contains("has 1025 bytes"))
        #expect(try said(String(repeating: "x", count: 2000)).contains("longer than 1026 bytes"))
        #expect(try said("correct horse\nbattery staple\n").contains("one line of text"))
        #expect(try said("correct horse\0battery").contains("one line of text"))
    }

    @Test func theCredentialComesFirstThenTheKeyFileThenThePassphrase() throws {
        let directory = try TemporaryDirectory()
        func choose(_ credentials: String?, _ key: String?, _ passphrase: String?) -> KeySource? {
            KeySource.choose(credentials: credentials, keyFile: key, passphraseFile: passphrase)
        }
        #expect(choose(nil, nil, nil) == nil)
        #expect(choose(nil, nil, "/p") == .passphraseFile(path: "/p"))
        #expect(choose(nil, "/k", "/p") == .keyFile(path: "/k"))
        #expect(choose(directory.path, "/k", "/p") == .keyFile(path: "/k"), "there is no such credential")
        #expect(choose(directory.path, nil, nil) == nil)
        let path = "\(directory.path)/reeld.key"
        // Even one that leads nowhere is taken and then complained of, rather than passed over.
        symlink("/nonexistent", path)
        #expect(choose(directory.path, "/k", "/p") == .credential(path: path))
        #expect(refusal(.credential(path: path)).contains("there is no such file"))
    }
}
