/// The parameters of a target, behind its `?`: `application/x-www-form-urlencoded`, so `+` is a space.
struct Query: Sendable {
    private var parameters: [(name: String, value: String)] = []

    /// - Parameter text: what stands behind `?`; nil where there is none.
    /// - Throws: a parameter that is no UTF-8.
    init(_ text: String?) throws(Problem) {
        guard let text else { return }
        for part in text.split(separator: "&") {
            let sides = part.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard let name = Query.decode(sides[0]), let value = Query.decode(sides.count > 1 ? sides[1] : "") else {
                throw Problem(.badQuery, "'\(part)' does not decode to UTF-8.", .parameter(String(sides[0])))
            }
            parameters.append((name, value))
        }
    }

    /// The one value of a parameter; nil where it is absent.
    ///
    /// - Throws: when it is there more than once: which one counts would be a guess.
    func text(_ name: String) throws(Problem) -> String? {
        let values = all(name)
        guard values.count <= 1 else { throw Problem.badQuery(name, "is there \(values.count) times; write it once") }
        return values.first
    }

    /// All values of a parameter, in order.
    func all(_ name: String) -> [String] { parameters.filter { $0.name == name }.map(\.value) }

    /// Refuses parameters that mean nothing here: a filter misspelt is one that does not hold.
    func allow(_ names: [String]) throws(Problem) {
        guard let unknown = parameters.first(where: { !names.contains($0.name) }) else { return }
        let known = names.isEmpty ? "there are none here" : "there are \(names.joined(separator: ", "))"
        throw Problem.badQuery(unknown.name, "means nothing here; \(known)")
    }

    private static func decode(_ text: Substring) -> String? {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(text.utf8.count)
        var rest = text.utf8[...]
        while let byte = rest.popFirst() {
            switch byte {
            case UInt8(ascii: "+"): bytes.append(UInt8(ascii: " "))
            case UInt8(ascii: "%"):
                let digits = rest.prefix(2)
                guard digits.count == 2, let value = UInt8(String(decoding: digits, as: UTF8.self), radix: 16),
                    digits.allSatisfy({ $0 != UInt8(ascii: "+") })
                else { return nil }
                bytes.append(value)
                rest = rest.dropFirst(2)
            default: bytes.append(byte)
            }
        }
        return String(validating: bytes, as: UTF8.self)
    }
}

extension Problem {
    /// - Parameter what: ends the sentence "limit: '0' …".
    static func badQuery(_ name: String, _ what: String) -> Problem {
        Problem(.badQuery, "\(name): \(what).", .parameter(name))
    }

    static func badQuery(_ name: String, value: String, _ what: String) -> Problem {
        // A value is shown as far as it helps to find it.
        let shown = value.count > 64 ? value.prefix(64) + "…" : value[...]
        return Problem(.badQuery, "\(name): '\(shown)' \(what).", .parameter(name))
    }
}

extension Query {
    /// A whole number within bounds.
    func number(_ name: String, in range: ClosedRange<UInt64>) throws(Problem) -> UInt64? {
        guard let text = try text(name) else { return nil }
        guard let value = UInt64(digits: text), range.contains(value) else {
            throw .badQuery(name, value: text, "is not a number from \(range.lowerBound) to \(range.upperBound)")
        }
        return value
    }

    /// One of a few words.
    func choice<Choice: RawRepresentable & CaseIterable>(_ name: String, _: Choice.Type) throws(Problem) -> Choice?
    where Choice.RawValue == String {
        guard let text = try text(name) else { return nil }
        guard let choice = Choice(rawValue: text) else {
            let words = Choice.allCases.map(\.rawValue).joined(separator: ", ")
            throw .badQuery(name, value: text, "is none of \(words)")
        }
        return choice
    }

    /// Numbers from 0 to 254, separated by commas.
    func smallNumbers(_ name: String) throws(Problem) -> Set<UInt8> {
        guard let text = try text(name) else { return [] }
        var numbers: Set<UInt8> = []
        for part in text.split(separator: ",", omittingEmptySubsequences: false) {
            guard let number = UInt64(digits: part), number <= 254 else {
                throw .badQuery(name, value: text, "is not a list of numbers from 0 to 254, as in 2,3")
            }
            numbers.insert(UInt8(number))
        }
        return numbers
    }
}

extension UInt64 {
    /// Reads decimal digits and nothing else: no sign, no blank.
    init?(digits: some StringProtocol) {
        guard digits.utf8.allSatisfy({ $0 >= 0x30 && $0 <= 0x39 }) else { return nil }
        self.init(digits)
    }
}
