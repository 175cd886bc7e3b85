import Foundation

/// FORMAT.md as the tests read it: its tables of seats and its hex dumps.
struct FormatDocument {
    /// A row of a table of seats.
    struct Seat: Sendable {
        var offset: Int
        var size: Int
        var type: String
        var name: String
        var meaning: String

        var range: Range<Int> { offset..<offset + size }
        /// The words in backquotes of the meaning's beginning, as in "`RLF1`".
        var literal: String? {
            let parts = meaning.split(separator: "`", omittingEmptySubsequences: false)
            return parts.count > 1 && parts[0].isEmpty ? String(parts[1]) : nil
        }
    }

    private let lines: [String]

    init() throws {
        let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        let text = try String(contentsOf: root.appending(path: "Sources/ReelFormat/FORMAT.md"), encoding: .utf8)
        lines = text.components(separatedBy: "\n")
    }

    /// The first table of seats under a heading; rows without a plain offset and size (what repeats) are left out.
    ///
    /// - Throws: where there is no such heading or table, or a row is not understood.
    func seats(under heading: String) throws -> [Seat] {
        guard let start = lines.firstIndex(where: { $0.hasPrefix("#") && $0.hasSuffix(heading) }) else {
            throw DocumentFault("no heading \(heading)")
        }
        let rest = lines[(start + 1)...]
        guard let table = rest.firstIndex(where: { $0.hasPrefix("| offset |") }) else {
            throw DocumentFault("no table under \(heading)")
        }
        if let next = rest.firstIndex(where: { $0.hasPrefix("#") }), next < table {
            throw DocumentFault("no table under \(heading)")
        }
        return try lines[(table + 2)...].prefix { $0.hasPrefix("|") }.compactMap { line in
            let cells = line.dropFirst().dropLast().components(separatedBy: "|")
                .map { $0.trimmingCharacters(in: .whitespaces) }
            guard cells.count == 6, cells[5] == "1" else { throw DocumentFault("not six cells and version 1: \(line)") }
            if cells[1].hasSuffix("each") { return nil }
            guard let offset = Int(cells[0]), let size = Int(cells[1]), size > 0 else {
                throw DocumentFault("no offset and size: \(line)")
            }
            return Seat(offset: offset, size: size, type: cells[2], name: cells[3], meaning: cells[4])
        }
    }

    /// The bytes of the dump with that name; empty where the dump is.
    func dump(_ name: String) throws -> [UInt8] {
        guard let start = lines.firstIndex(of: "```hex \(name)") else { throw DocumentFault("no dump \(name)") }
        var bytes: [UInt8] = []
        for line in lines[(start + 1)...].prefix(while: { $0 != "```" }) {
            let words = line.split(separator: " ")
            // A line that stands for zeros up to the next one's offset.
            if words == ["*"] { continue }
            guard let word = words.first, let offset = Int(word, radix: 16), offset >= bytes.count else {
                throw DocumentFault("no offset in dump \(name): \(line)")
            }
            bytes.append(contentsOf: repeatElement(0, count: offset - bytes.count))
            for word in words.dropFirst() {
                guard word.count == 2, let byte = UInt8(word, radix: 16) else {
                    throw DocumentFault("no byte in dump \(name): \(word)")
                }
                bytes.append(byte)
            }
        }
        return bytes
    }

    /// The text of the example with that name, each line with its end.
    func example(_ name: String) throws -> String {
        guard let start = lines.firstIndex(of: "```text \(name)") else { throw DocumentFault("no example \(name)") }
        return lines[(start + 1)...].prefix { $0 != "```" }.map { $0 + "\n" }.joined()
    }

    /// How a dump of these bytes reads in the document: 16 bytes a line, lines of zeros as `*`.
    static func describe(_ bytes: [UInt8]) -> String {
        var lines: [String] = []
        for offset in stride(from: 0, to: bytes.count, by: 16) {
            let line = bytes[offset..<min(offset + 16, bytes.count)]
            let isLast = offset + 16 >= bytes.count
            if !isLast, offset > 0, line.allSatisfy({ $0 == 0 }) {
                if lines.last != "*" { lines.append("*") }
                continue
            }
            let words = line.map { hex($0, digits: 2) }
            lines.append(([hex(offset, digits: 4)] + words).joined(separator: " "))
        }
        return lines.joined(separator: "\n")
    }

    private static func hex(_ value: some BinaryInteger, digits: Int) -> String {
        let text = String(value, radix: 16)
        return String(repeating: "0", count: max(0, digits - text.count)) + text
    }
}

/// What the document has not, or says in a way the tests do not read.
struct DocumentFault: Error, CustomStringConvertible {
    var description: String
    init(_ description: String) { self.description = description }
}
