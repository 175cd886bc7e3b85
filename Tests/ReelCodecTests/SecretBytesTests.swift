import Glibc
import Testing

@testable import ReelCodec

struct SecretBytesTests {
    @Test func nothingPrintsASecret() {
        let bytes = secret("correct horse battery")
        var dumped = ""
        dump(bytes, to: &dumped)
        for text in ["\(bytes)", String(reflecting: bytes), "\([bytes])", "\(Optional(bytes) as Any)", dumped] {
            #expect(text.contains("secret"))
            #expect(!text.contains("correct") && !text.contains("99") && !text.contains("0x"), "\(text)")
        }
    }

    @Test func theArrayThatItCameInIsWiped() {
        var bytes = Array("correct horse battery".utf8)
        let taken = SecretBytes(wiping: &bytes)
        #expect(bytes == Array(repeating: 0, count: 21))
        #expect(exposed(taken) == Array("correct horse battery".utf8))
    }

    @Test func memoryIsWipedWhenTheLastHolderLetsGo() throws {
        let pattern = [UInt8](repeating: 0xA5, count: 64)
        var one: SecretBytes? = secret(pattern)
        let address = try #require(one?.withPointer { $0.baseAddress })
        #expect(SecretArena.holds(address), "what is not the arena's cannot be read once it is free")
        // The arena stays mapped. It writes its own list into the first 16 bytes of what is free; another test may have taken
        // the place meanwhile, but none makes this pattern.
        func patterned() -> Int { UnsafeRawBufferPointer(start: address + 16, count: 48).count { $0 == 0xA5 } }
        #expect(patterned() == 48)
        one = nil
        #expect(patterned() == 0)
    }

    @Test func secretsCompareByEveryByte() {
        let bytes = [UInt8](0..<32)
        #expect(secret(bytes) == secret(bytes) && secret([]) == secret([]))
        #expect(secret(bytes) != secret(Array(bytes.dropLast())))
        for index in bytes.indices {
            var other = bytes
            other[index] ^= 1
            #expect(secret(bytes) != secret(other))
        }
    }

    @Test func partsAndWholeAreSecretsToo() {
        let whole = SecretBytes.joined([secret([1, 2]), secret([]), secret([3])])
        #expect(exposed(whole) == [1, 2, 3] && exposed(whole[1..<3]) == [2, 3] && exposed(whole[3..<3]) == [])
    }

    @Test func randomSecretsAreNotTheSameTwice() throws {
        let (one, other) = (try SecretBytes.random(count: 1000), try SecretBytes.random(count: 1000))
        #expect(one != other && exposed(one).contains { $0 != 0 } && exposed(one)[900...].contains { $0 != 0 })
    }

    /// `lo` and `dd` in /proc/self/smaps: locked, and left out of core dumps (proc_pid_smaps(5)).
    @Test func theKernelKeepsTheArenaAsItIsSaid() throws {
        let bytes = secret("a key")
        let address = try #require(bytes.withPointer { $0.baseAddress })
        let flags = try #require(try mappingFlags(at: UInt(bitPattern: address)))
        #expect((flags.contains("lo") && flags.contains("dd")) == (SecretArena.protection == .locked), "\(flags)")
    }

    @Test func aFullArenaMakesNoSecretFail() {
        // Twice what the arena holds.
        let secrets = (0..<65_536).map { secret([UInt8(truncatingIfNeeded: $0), 1, 2, 3]) }
        #expect(secrets.allSatisfy { $0.count == 4 })
        let places = secrets.map { $0.withPointer { $0.baseAddress.map(SecretArena.holds) } }
        #expect(places.contains(true) && places.contains(false))
        #expect(secrets.indices.allSatisfy { exposed(secrets[$0])[0] == UInt8(truncatingIfNeeded: $0) })
        // libcrypto still finds room for its own.
        #expect((try? MessageAuthenticator(key: secrets[0])) != nil)
    }

    private func mappingFlags(at address: UInt) throws -> Set<Substring>? {
        let text = String(decoding: try readFile("/proc/self/smaps"), as: UTF8.self)
        var isHere = false
        for line in text.split(separator: "\n") {
            let bounds = line.prefix { $0 != " " }.split(separator: "-").compactMap { UInt($0, radix: 16) }
            if bounds.count == 2 { isHere = bounds[0] <= address && address < bounds[1] }
            if isHere, line.hasPrefix("VmFlags:") { return Set(line.dropFirst(8).split(separator: " ")) }
        }
        return nil
    }
}
