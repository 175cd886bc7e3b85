/// Must fail: it hides a word that no chance finds in a minute and that coverage leads to, byte after byte. A fuzzer
/// that does not find it is broken, however green the other targets are.
enum CanaryTarget {
    private static let secret = Array("rrweb".utf8)

    static func run(_ bytes: [UInt8]) {
        guard bytes.count >= secret.count else { return }
        for index in secret.indices where bytes[index] != secret[index] { return }
        fatalError("the canary is found")
    }
}
