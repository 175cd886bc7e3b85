import Glibc
import ReelSystem
import Testing

@testable import reeld

struct TokenFileTests {
    @Test func theFirstStartMakesATokenAndTheNextReadsIt() throws {
        let directory = try TemporaryDirectory()
        let path = "\(directory.path)/read.token"
        let token = try TokenFile.open(path)
        #expect(token.wholeMatch(of: /rr_[0-9a-f]{64}/) != nil)
        #expect(try TokenFile.open(path) == token)
        #expect(try SmallFile.access(of: path).mode == 0o600)
        #expect(try TokenFile.open("\(directory.path)/other.token") != token)
    }

    @Test(arguments: [0o640, 0o604, 0o666, 0o610])
    func aTokenThatOthersMayReadIsNoToken(mode: UInt32) throws {
        let directory = try TemporaryDirectory()
        let path = try directory.write("t", "12345678901234567890\n")
        #expect(try TokenFile.open(path) == "12345678901234567890")
        chmod(path, mode)
        #expect(throws: TokenFileError.self) { try TokenFile.open(path) }
    }

    @Test(arguments: [
        "", "\n", "1234567890123456789", "with blanks in its middle", "1234567890123456789é",
        "tabs\tand\tmore tabs here",
    ])
    func whatIsNoTokenIsRefused(text: String) throws {
        let directory = try TemporaryDirectory()
        #expect(throws: TokenFileError.self) { try TokenFile.open(try directory.write("t", text)) }
    }

    @Test func tokensHaveASizeFromTwentyToTwoHundred() throws {
        let directory = try TemporaryDirectory()
        let longest = String(repeating: "x", count: 200)
        #expect(try TokenFile.open(try directory.write("a", longest + "\n")) == longest)
        #expect(throws: TokenFileError.self) { try TokenFile.open(try directory.write("b", longest + "x")) }
    }

    @Test func aDirectoryThatIsNotThereIsToldByItsPath() {
        let expected = TokenFileError(path: "/nonexistent/t", reason: "No such file or directory")
        #expect(throws: expected) { try TokenFile.open("/nonexistent/t") }
    }
}
