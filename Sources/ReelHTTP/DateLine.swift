/// The Date field (RFC 9110 §5.6.7), made once a second.
struct DateLine {
    private var second = Int64.min
    private(set) var bytes: [UInt8] = []

    /// Makes the line for a wall time, in seconds since 1970, if it is not the one there is.
    mutating func update(second: Int64) {
        guard second != self.second else { return }
        self.second = second
        bytes = Array("Date: \(Self.text(second: second))\r\n".utf8)
    }

    /// IMF-fixdate, like `Sun, 06 Nov 1994 08:49:37 GMT`.
    static func text(second: Int64) -> String {
        let days = Int(second / 86_400) - (second % 86_400 < 0 ? 1 : 0)
        let time = Int(second) - days * 86_400
        let date = civil(days: days)
        let weekday = weekdays[((days + 4) % 7 + 7) % 7]
        let clock = "\(two(time / 3600)):\(two(time / 60 % 60)):\(two(time % 60))"
        return "\(weekday), \(two(date.day)) \(months[date.month - 1]) \(date.year) \(clock) GMT"
    }

    /// The Gregorian date of a day counted from 1970-01-01, reckoned in 400-year eras of years that begin in March, so
    /// that a leap day is the last of its year.
    private static func civil(days: Int) -> (year: Int, month: Int, day: Int) {
        let shifted = days + 719_468
        let era = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097
        let dayOfEra = shifted - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1_460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shiftedMonth = (5 * dayOfYear + 2) / 153
        let month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
        let year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
        return (year, month, dayOfYear - (153 * shiftedMonth + 2) / 5 + 1)
    }

    private static func two(_ value: Int) -> String { value < 10 ? "0\(value)" : "\(value)" }

    private static let weekdays = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"]
    private static let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
}
