import ReelCodec
import ReelFormat

/// A store key as a line of text that survives being printed and typed in again:
///
///     reeld-key-1-0123abcd-…-89abcdef
///
/// eight groups of eight hexadecimal digits for the key's 32 bytes, and a ninth for their CRC-32C.
enum KeyText {
    static let prefix = "reeld-key-1-"
    /// A file may have blanks and line ends around the line.
    static let sizeMaxBytes = 256
    private static let groupCount = 9
    private static let groupDigits = 8

    /// The line, with its line end; wipe it.
    static func encode(_ key: SecretBytes) -> [UInt8] {
        precondition(key.count == StoreKey.sizeBytes, "a store key has 32 bytes")
        var line = Array(prefix.utf8)
        line.reserveCapacity(sizeMaxBytes)
        key.withBytes { key in
            for offset in 0..<key.byteCount {
                append(key.field(offset, as: UInt8.self), to: &line)
                if offset % 4 == 3 { line.append(UInt8(ascii: "-")) }
            }
            let crc = CRC32C.checksum(key)
            for shift in [24, 16, 8, 0] as [UInt32] { append(UInt8(truncatingIfNeeded: crc >> shift), to: &line) }
        }
        line.append(UInt8(ascii: "\n"))
        return line
    }

    private static func append(_ byte: UInt8, to line: inout [UInt8]) {
        for digit in [byte >> 4, byte & 15] {
            line.append(digit < 10 ? UInt8(ascii: "0") + digit : UInt8(ascii: "a") + digit - 10)
        }
    }

    /// Reads a key; digits may be of either case.
    ///
    /// - Throws: the rest of the sentence that begins with the file's name; it never quotes what may be a secret.
    static func decode(_ text: [UInt8]) throws(BadValue) -> SecretBytes {
        let line = trimmed(text)
        guard !line.isEmpty else { throw BadValue("is empty") }
        guard line.starts(with: Array(prefix.utf8)) else {
            if line.starts(with: Array("reeld-key-".utf8)) {
                throw BadValue("holds a key of another version than this program knows, which is 1")
            }
            throw BadValue("holds no key of reeld: one is a line that begins with '\(prefix)'")
        }
        let groups = line.dropFirst(prefix.utf8.count).split(
            separator: UInt8(ascii: "-"), omittingEmptySubsequences: false)
        var bytes: [UInt8] = []
        bytes.reserveCapacity(StoreKey.sizeBytes + 4)
        defer { bytes.wipe() }
        for (index, group) in groups.prefix(groupCount).enumerated() {
            guard group.allSatisfy({ value($0) != nil }) else {
                throw BadValue("is no good key: group \(index + 1) has a character that is no digit from 0 to f")
            }
            guard group.count == groupDigits else {
                if index == groups.count - 1, index < groupCount - 1 || group.isEmpty { break }
                let wrong = "\(group.count) digits instead of \(groupDigits)"
                throw BadValue("is no good key: group \(index + 1) has \(wrong)")
            }
            for pair in stride(from: group.startIndex, to: group.endIndex, by: 2) {
                bytes.append((value(group[pair]) ?? 0) << 4 | (value(group[pair + 1]) ?? 0))
            }
        }
        guard groups.count == groupCount, bytes.count == StoreKey.sizeBytes + 4 else {
            let found = bytes.count / 4
            throw BadValue(
                groups.count > groupCount
                    ? "is no good key: there is something behind its \(groupCount) groups of digits"
                    : "holds a key that was cut off: \(found) of its \(groupCount) groups of digits are whole")
        }
        let crc = bytes[StoreKey.sizeBytes...].reduce(0 as UInt32) { $0 << 8 | UInt32($1) }
        var key = Array(bytes[..<StoreKey.sizeBytes])
        defer { key.wipe() }
        guard CRC32C.checksum(key) == crc else {
            throw BadValue("is no good key: at least one digit is not as it was written, as its checksum does not hold")
        }
        return SecretBytes(wiping: &key)
    }

    private static func value(_ digit: UInt8) -> UInt8? {
        switch digit {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): digit - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): digit - UInt8(ascii: "a") + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): digit - UInt8(ascii: "A") + 10
        default: nil
        }
    }

    private static func trimmed(_ text: [UInt8]) -> ArraySlice<UInt8> {
        let blanks: [UInt8] = [0x20, 0x09, 0x0A, 0x0D]
        guard let first = text.firstIndex(where: { !blanks.contains($0) }),
            let last = text.lastIndex(where: { !blanks.contains($0) })
        else { return [] }
        return text[first...last]
    }
}
