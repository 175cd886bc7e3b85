import ReelHTTP

/// Names one exact sequence of bytes (RFC 9110 §8.8.3). Always strong: a recording's documents are made of its frames
/// by copying, so the same frames give the same bytes.
struct EntityTag: Sendable, Equatable {
    /// With the quotes.
    let text: String

    /// - Parameter parts: what the bytes depend on; no quotes in them.
    init(_ parts: [String]) { text = "\"" + parts.joined(separator: "-") + "\"" }

    /// Whether the client has these bytes already: `If-None-Match`, compared weakly (§13.1.2).
    func satisfies(noneMatch headers: Headers) -> Bool {
        headers.values("If-None-Match").contains { value in
            value.split(separator: ",").contains { candidate in
                let tag = candidate.trimmingBlanks
                return tag == "*" || tag == text || tag == "W/" + text
            }
        }
    }

    /// Whether a range may be cut out of these bytes: `If-Range` (§13.1.5). A date never holds: nothing here has one.
    func allowsRange(_ headers: Headers) -> Bool { headers["If-Range"].map { $0 == text } ?? true }
}

extension StringProtocol {
    /// Without spaces and tabs around it.
    var trimmingBlanks: String {
        let isBlank: (UInt8) -> Bool = { $0 == 0x20 || $0 == 0x09 }
        let bytes = Array(utf8)
        let start = bytes.firstIndex { !isBlank($0) } ?? bytes.endIndex
        let end = bytes.lastIndex { !isBlank($0) }.map { $0 + 1 } ?? start
        return String(decoding: bytes[start..<end], as: UTF8.self)
    }
}
