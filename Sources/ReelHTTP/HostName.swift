/// The value of Host: a name or address and perhaps a port (RFC 9110 §7.2, RFC 3986 §3.2.2).
enum HostName {
    /// Narrower than the grammar: letters, digits, `-`, `_` and single inner dots, or an address in brackets; then
    /// `:port`. An empty Host, legal for a URI without authority, is refused as nginx does.
    static func isValid(_ text: ArraySlice<UInt8>) -> Bool {
        guard let first = text.first else { return false }
        var rest = text
        if first == UInt8(ascii: "[") {
            guard let close = text.firstIndex(of: UInt8(ascii: "]")), close > text.startIndex + 2 else { return false }
            let address = text[(text.startIndex + 1)..<close]
            guard address.allSatisfy({ Octet.hexValue($0) != nil || $0 == Octet.colon || $0 == Octet.dot }) else {
                return false
            }
            rest = text[(close + 1)...]
        } else {
            let end = text.firstIndex(of: Octet.colon) ?? text.endIndex
            guard isName(text[..<end]) else { return false }
            rest = text[end...]
        }
        guard let colon = rest.first else { return true }
        let port = rest.dropFirst()
        return colon == Octet.colon && (1...5).contains(port.count) && port.allSatisfy(Octet.isDigit)
    }

    private static func isName(_ name: ArraySlice<UInt8>) -> Bool {
        var previous = Octet.dot
        for octet in name {
            let isLetter = Octet.lowercased(octet) &- 0x61 < 26
            guard
                isLetter || Octet.isDigit(octet) || octet == UInt8(ascii: "-") || octet == UInt8(ascii: "_")
                    || octet == Octet.dot && previous != Octet.dot
            else { return false }
            previous = octet
        }
        return !name.isEmpty
    }
}
