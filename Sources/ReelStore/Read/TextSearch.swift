/// A text that others must contain, whatever the case.
struct TextSearch {
    private let wanted: String
    /// The text as bytes where all of it is ASCII.
    private let wantedASCII: [UInt8]?

    init(_ text: String) {
        wanted = text.lowercased()
        wantedASCII = wanted.utf8.allSatisfy { $0 < 0x80 } ? Array(wanted.utf8) : nil
    }

    var isEmpty: Bool { wanted.isEmpty }

    /// ASCII in ASCII, which most is, is compared byte by byte: comparing characters, which knows that an é can be
    /// written in two ways, took most of a search's time.
    func isContained(in text: String) -> Bool {
        guard !text.isEmpty else { return wanted.isEmpty }
        var text = text
        return text.withUTF8 { find(in: $0) } ?? text.lowercased().contains(wanted)
    }

    /// Nil where the text is not ASCII.
    private func find(in text: UnsafeBufferPointer<UInt8>) -> Bool? {
        guard text.allSatisfy({ $0 < 0x80 }) else { return nil }
        guard let wanted = wantedASCII else { return false }
        guard let first = wanted.first else { return true }
        guard text.count >= wanted.count else { return false }
        for start in 0...text.count - wanted.count where Self.lowercase(text[start]) == first {
            if wanted.indices.allSatisfy({ Self.lowercase(text[start + $0]) == wanted[$0] }) { return true }
        }
        return false
    }

    private static func lowercase(_ byte: UInt8) -> UInt8 {
        byte >= UInt8(ascii: "A") && byte <= UInt8(ascii: "Z") ? byte | 0x20 : byte
    }
}
