/// How one kind of value is written in reeld.conf: read from text, and written back.
protocol ValueSyntax: Sendable {
    associatedtype Value: Equatable

    /// - Throws: the rest of the sentence that begins with the text in quotes.
    func parse(_ text: String) throws(BadValue) -> Value
    func text(of value: Value) -> String
}

/// Why a text is no value, and what to write instead: `is not a duration; write 90d, 12h or 30min`.
struct BadValue: Error, Equatable {
    var reason: String
    init(_ reason: String) { self.reason = reason }
}

/// `90d`, `12h`, `1h 30min`, within bounds.
struct DurationSyntax: ValueSyntax {
    var range: ClosedRange<Duration>

    func parse(_ text: String) throws(BadValue) -> Duration {
        guard let value = Quantity.duration(text) else {
            throw BadValue("is not a duration; write 90d, 12h or 30min")
        }
        guard range.contains(value) else {
            let bounds = "\(Quantity.text(of: range.lowerBound)) to \(Quantity.text(of: range.upperBound))"
            throw BadValue("is out of bounds; write \(bounds)")
        }
        return value
    }

    func text(of value: Duration) -> String { Quantity.text(of: value) }
}

/// `10G`, `64M`, `4096`, within bounds; base 1024.
struct SizeSyntax: ValueSyntax {
    var range: ClosedRange<UInt64>

    func parse(_ text: String) throws(BadValue) -> UInt64 {
        guard let value = Quantity.size(text) else { throw BadValue("is not a size; write 10G, 64M or 512K") }
        guard range.contains(value) else {
            let bounds = "\(Quantity.text(ofBytes: range.lowerBound)) to \(Quantity.text(ofBytes: range.upperBound))"
            throw BadValue("is out of bounds; write \(bounds)")
        }
        return value
    }

    func text(of value: UInt64) -> String { Quantity.text(ofBytes: value) }
}

/// A whole number within bounds.
struct CountSyntax: ValueSyntax {
    var range: ClosedRange<Int>

    func parse(_ text: String) throws(BadValue) -> Int {
        guard text.utf8.allSatisfy({ $0 >= 0x30 && $0 <= 0x39 }), let value = Int(text), range.contains(value) else {
            throw BadValue("is not a number from \(range.lowerBound) to \(range.upperBound)")
        }
        return value
    }

    func text(of value: Int) -> String { "\(value)" }
}

/// `yes` or `no`, and systemd's other words for them.
struct BooleanSyntax: ValueSyntax {
    func parse(_ text: String) throws(BadValue) -> Bool {
        switch text.lowercased() {
        case "yes", "true", "on", "1": return true
        case "no", "false", "off", "0": return false
        default: throw BadValue("is neither yes nor no")
        }
    }

    func text(of value: Bool) -> String { value ? "yes" : "no" }
}

/// One of a few words.
struct ChoiceSyntax<Choice: CaseIterable & Equatable & Sendable>: ValueSyntax {
    var word: @Sendable (Choice) -> String

    func parse(_ text: String) throws(BadValue) -> Choice {
        guard let choice = Choice.allCases.first(where: { word($0) == text }) else {
            throw BadValue("is none of the choices; write \(Choice.allCases.map(word).joined(separator: ", "))")
        }
        return choice
    }

    func text(of value: Choice) -> String { word(value) }
}

/// The name of a file or directory.
struct PathSyntax: ValueSyntax {
    /// Whether a relative path means something (it does when the key says what it is relative to).
    var mayBeRelative = false
    /// Whether nothing at all means that there is none.
    var mayBeEmpty = false
    var sizeMaxBytes = 4095

    func parse(_ text: String) throws(BadValue) -> String {
        if text.isEmpty, mayBeEmpty { return text }
        guard !text.isEmpty, !text.utf8.contains(0) else {
            throw BadValue("is not a path; write one like /var/lib/reeld")
        }
        guard mayBeRelative || text.hasPrefix("/") else { throw BadValue("is not an absolute path; begin it with /") }
        guard text.utf8.count <= sizeMaxBytes else { throw BadValue("is longer than \(sizeMaxBytes) bytes") }
        return text
    }

    func text(of value: String) -> String { value }
}

/// The name of a file, or nothing.
struct OptionalPathSyntax: ValueSyntax {
    func parse(_ text: String) throws(BadValue) -> String? { text.isEmpty ? nil : try PathSyntax().parse(text) }

    func text(of value: String?) -> String { value ?? "" }
}

/// The name of a group of this machine, which may come to be later.
struct GroupNameSyntax: ValueSyntax {
    func parse(_ text: String) throws(BadValue) -> String {
        guard !text.isEmpty, text.utf8.allSatisfy({ $0 > 0x20 && $0 != UInt8(ascii: ":") && $0 != 0x7F }),
            text.utf8.count <= 256
        else { throw BadValue("is not the name of a group; write one like reeld-view") }
        return text
    }

    func text(of value: String) -> String { value }
}

/// A TCP address to listen at: loopback only, or nothing.
struct ListenSyntax: ValueSyntax {
    func parse(_ text: String) throws(BadValue) -> ListenAddress? {
        guard !text.isEmpty else { return nil }
        guard let colon = text.lastIndex(of: ":"), let port = UInt16(text[text.index(after: colon)...]) else {
            throw BadValue("is not an address and port; write 127.0.0.1:7335, or nothing for no TCP")
        }
        switch text[..<colon] {
        case "127.0.0.1", "localhost": return ListenAddress(host: "127.0.0.1", port: port)
        case "[::1]": return ListenAddress(host: "::1", port: port)
        default:
            throw BadValue(
                "is not this machine's loopback address: whoever reaches the port could read recordings, and reeld does "
                    + "not yet tell readers apart; write 127.0.0.1:7335 or [::1]:7335")
        }
    }

    func text(of value: ListenAddress?) -> String { value.map { "\($0)" } ?? "" }
}

/// A loopback address and a TCP port; port 0 lets the kernel choose.
struct ListenAddress: Equatable, Sendable, CustomStringConvertible {
    /// `127.0.0.1` or `::1`.
    var host: String
    var port: UInt16

    var description: String { host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)" }
}
