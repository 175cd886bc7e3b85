import Glibc
import ReelCodec

/// What a test could not set up; the test fails with its text.
struct SetupFailure: Error, CustomStringConvertible {
    var description: String
    init(_ description: String) { self.description = description }
}

/// A small generator whose seed a failing test prints (SplitMix64).
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64
    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}

/// A directory of its own, removed when the value goes.
final class TemporaryDirectory {
    let path: String

    init() throws {
        // mkdtemp(3): a directory that nobody else can have made, removed with its owner.
        var template = Array("/tmp/reel-codec-test-XXXXXX".utf8CString)
        guard let made = mkdtemp(&template) else {
            throw SetupFailure("mkdtemp: errno \(errno)")
        }
        path = String(cString: made)
    }

    deinit { _ = runShell("rm -rf '\(path)'") }
}

/// Runs a shell command line and returns its exit status.
func runShell(_ line: String) -> Int32 {
    let status = system(line)
    return status & 0x7F == 0 ? (status >> 8) & 0xFF : -1
}

func readFile(_ path: String) throws -> [UInt8] {
    guard let file = fopen(path, "rb") else { throw SetupFailure("cannot open \(path): errno \(errno)") }
    defer { fclose(file) }
    var bytes: [UInt8] = []
    var piece = [UInt8](repeating: 0, count: 1 << 20)
    while true {
        let size = fread(&piece, 1, piece.count, file)
        if size == 0 { return bytes }
        bytes.append(contentsOf: piece[..<size])
    }
}

func writeFile(_ path: String, _ bytes: [UInt8]) throws {
    guard let file = fopen(path, "wb") else { throw SetupFailure("cannot make \(path): errno \(errno)") }
    defer { fclose(file) }
    guard fwrite(bytes, 1, bytes.count, file) == bytes.count else { throw SetupFailure("cannot write \(path)") }
}

/// The real recordings: `$REELD_RECORDINGS`, else `../shared/recordings` beside the repository.
enum Recordings {
    static var directory: String {
        if let set = getenv("REELD_RECORDINGS") { return String(cString: set) }
        let repository = #filePath.split(separator: "/").dropLast(3)
        return "/" + repository.dropLast().joined(separator: "/") + "/shared/recordings"
    }

    /// Every recording's name and bytes; empty where there are none on this machine.
    static func all() throws -> [(name: String, bytes: [UInt8])] {
        guard let listing = opendir(directory) else { return [] }
        defer { closedir(listing) }
        var names: [String] = []
        while let entry = readdir(listing) {
            let name = withUnsafeBytes(of: entry.pointee.d_name) {
                String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self)
            }
            if name.hasSuffix(".json") { names.append(name) }
        }
        return try names.sorted().map { ($0, try readFile(directory + "/" + $0)) }
    }

    static var arePresent: Bool { access(directory, R_OK) == 0 }
}

/// The bytes of hexadecimal digits; what is between them does not count.
func bytes(ofHex text: String) -> [UInt8] {
    let digits = text.compactMap(\.hexDigitValue)
    return stride(from: 0, to: digits.count - 1, by: 2).map { UInt8(digits[$0] * 16 + digits[$0 + 1]) }
}

/// A secret of bytes that are none.
func secret(_ bytes: [UInt8]) -> SecretBytes {
    let span = bytes.span
    return SecretBytes(copying: span.bytes)
}

func secret(_ text: String) -> SecretBytes { secret(Array(text.utf8)) }

/// The bytes of a secret, for comparing.
func exposed(_ secret: SecretBytes) -> [UInt8] {
    secret.withBytes { span in (0..<span.byteCount).map { span.unsafeLoad(fromByteOffset: $0, as: UInt8.self) } }
}
