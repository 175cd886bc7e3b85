import ReelSystem

/// RFC 3339 in UTC, as the API writes every time: `2026-11-21T01:02:03.000004Z`.
enum InternetTime {
    /// Microseconds since 1970; nil for anything else than such a time. Digits beyond microseconds are cut.
    static func microseconds(_ text: String) -> Int64? {
        guard text.hasSuffix("Z") else { return nil }
        let parts = text.dropLast().split(separator: ".", maxSplits: 1, omittingEmptySubsequences: false)
        let fields = parts[0].split(omittingEmptySubsequences: false) { $0 == "-" || $0 == "T" || $0 == ":" }
        let numbers = fields.compactMap { field in field.utf8.allSatisfy(isDigit) ? Int(field) : nil }
        guard fields.count == 6, numbers.count == 6, parts[0].utf8.count == 19,
            let whole = CalendarTime.microseconds(
                year: numbers[0], month: numbers[1], day: numbers[2], hour: numbers[3], minute: numbers[4],
                second: numbers[5], isUTC: true)
        else { return nil }
        guard parts.count == 2 else { return whole }
        let digits = parts[1].prefix(6)
        guard !digits.isEmpty, parts[1].utf8.allSatisfy(isDigit), var fraction = Int64(digits) else { return nil }
        for _ in digits.count..<6 { fraction *= 10 }
        return whole + fraction
    }

    private static func isDigit(_ byte: UInt8) -> Bool { byte >= 0x30 && byte <= 0x39 }
}
