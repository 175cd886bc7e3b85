/// The words by which a page is found: the host, its labels, and the words of the path, in lower case. The query and
/// fragment are left out: they hold what people typed.
package enum URLWords {
    private static let wordSizeMaxBytes = 64
    private static let wordCountMax = 64

    package static func words(of url: String) -> [String] {
        var rest = Substring(url)
        if let scheme = rest.firstRange(of: "://") { rest = rest[scheme.upperBound...] }
        rest = rest.prefix { $0 != "?" && $0 != "#" }
        let slash = rest.firstIndex(of: "/") ?? rest.endIndex
        var host = rest[..<slash].lowercased()
        if let at = host.lastIndex(of: "@") { host = String(host[host.index(after: at)...]) }
        var words = [host]
        if let colon = host.lastIndex(of: ":") { words.append(String(host[..<colon])) }
        words += pieces(of: host)
        words += pieces(of: rest[slash...].lowercased())
        var seen: [String] = []
        for word in words where !word.isEmpty && word.utf8.count <= wordSizeMaxBytes && !seen.contains(word) {
            seen.append(word)
            if seen.count == wordCountMax { break }
        }
        return seen
    }

    /// Letters and digits make words; everything else parts them.
    package static func pieces(of text: String) -> [String] {
        text.split { !$0.isLetter && !$0.isNumber }.map(String.init)
    }

    /// Two of the row's 64 bits for a word.
    package static func bloomBits(_ hash: UInt32) -> UInt64 {
        1 << UInt64(hash & 63) | 1 << UInt64(hash >> 6 & 63)
    }
}
