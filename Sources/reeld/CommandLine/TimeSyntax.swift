import ReelSystem

/// A moment on the command line, in journalctl's manner: `2026-11-21`, `2026-11-21 14:30`, `2026-11-21T14:30:00Z`,
/// `today`, `yesterday`, `now`, `2h` or `-2h` (both ago). Microseconds since 1970.
struct TimeSyntax: ValueSyntax {
    var clock: any Clock = SystemClock()

    func parse(_ text: String) throws(BadValue) -> Int64 {
        guard let value = moment(text) else {
            throw BadValue("is not a time; write '2026-11-21 14:30', 2026-11-21T14:30:00Z, yesterday or 2h (ago)")
        }
        return value
    }

    func text(of value: Int64) -> String { CalendarTime.utcText(value) }

    private func moment(_ text: String) -> Int64? {
        let now = clock.wallMicroseconds
        switch text {
        case "now": return now
        case "today": return date(CalendarTime.localText(now).prefix(10), isUTC: false)
        // Noon less a day is always yesterday; midnight less 24 h is not when the clocks change.
        case "yesterday":
            guard let today = date(CalendarTime.localText(now).prefix(10), isUTC: false) else { return nil }
            return date(CalendarTime.localText(today - 12 * 3_600_000_000).prefix(10), isUTC: false)
        default: break
        }
        if let ago = Quantity.duration(text.hasPrefix("-") ? String(text.dropFirst()) : text) {
            return max(0, now - ago.microseconds)
        }
        let isUTC = text.hasSuffix("Z")
        return date(isUTC ? text.dropLast() : text[...], isUTC: isUTC)
    }

    /// `2026-11-21`, with `14:30` or `14:30:07` behind a blank or a T.
    private func date(_ text: Substring, isUTC: Bool) -> Int64? {
        let pattern = /(\d{4})-(\d{2})-(\d{2})(?:[ T](\d{2}):(\d{2})(?::(\d{2}))?)?/
        guard let match = text.wholeMatch(of: pattern)?.output, let year = Int(match.1), let month = Int(match.2),
            let day = Int(match.3)
        else { return nil }
        func number(_ digits: Substring?) -> Int { digits.flatMap { Int($0) } ?? 0 }
        return CalendarTime.microseconds(
            year: year, month: month, day: day, hour: number(match.4), minute: number(match.5),
            second: number(match.6), isUTC: isUTC)
    }
}
