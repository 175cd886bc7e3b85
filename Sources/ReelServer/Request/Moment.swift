import ReelCodec

/// A moment in a request: RFC 3339, or a duration back from now as `7d`.
enum Moment {
    /// Ends the sentence "since: 'x' …".
    static let refusal = "is not a time; write 2026-11-21T14:30:00Z, or 7d, 12h or 30min back"

    /// Microseconds since 1970; nil for text that is neither.
    static func parse(_ text: String, now: Int64) -> Int64? {
        if let time = TimeText.microseconds(text) { return time }
        return duration(text).map { max(0, now - $0) }
    }

    /// As `parse`, with a duration from now on.
    static func parse(ahead text: String, now: Int64) -> Int64? {
        if let time = TimeText.microseconds(text) { return time }
        guard let time = duration(text).map({ now.addingReportingOverflow($0) }), !time.overflow else { return nil }
        return time.partialValue
    }

    /// `7d`, `12h`, `30min`, `45s`, in microseconds.
    private static func duration(_ text: String) -> Int64? {
        let digits = text.prefix { $0.isASCII && $0.isNumber }
        let unit: Int64
        switch text.dropFirst(digits.count) {
        case "w": unit = 7 * 86_400_000_000
        case "d": unit = 86_400_000_000
        case "h": unit = 3_600_000_000
        case "min": unit = 60_000_000
        case "s": unit = 1_000_000
        default: return nil
        }
        guard let count = Int64(digits) else { return nil }
        let (microseconds, overflows) = count.multipliedReportingOverflow(by: unit)
        return overflows ? nil : microseconds
    }
}
