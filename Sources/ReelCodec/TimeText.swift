/// Times as the API writes and reads them: RFC 3339 in UTC with microseconds, `2026-11-21T01:02:03.000004Z`.
/// In Swift they are microseconds since 1970-01-01T00:00:00Z.
package enum TimeText {
    private static let dayMicroseconds: Int64 = 86_400_000_000
    /// The years RFC 3339 can write: 0000-01-01 up to the end of 9999.
    private static let writable: Range<Int64> = -62_167_219_200_000_000..<253_402_300_800_000_000

    /// Nil for a time before year 0 or after year 9999: what a client's broken clock makes.
    package static func text(_ microseconds: Int64) -> String? {
        guard writable.contains(microseconds) else { return nil }
        let day = microseconds.flooredQuotient(dayMicroseconds)
        let time = microseconds - day * dayMicroseconds
        let date = civil(day)
        var text: [UInt8] = []
        text.reserveCapacity(27)
        func digits(_ value: Int64, _ width: Int) {
            var scale: Int64 = 1
            for _ in 1..<width { scale *= 10 }
            while scale > 0 {
                text.append(UInt8(ascii: "0") + UInt8(value / scale % 10))
                scale /= 10
            }
        }
        digits(date.year, 4)
        text.append(UInt8(ascii: "-"))
        digits(date.month, 2)
        text.append(UInt8(ascii: "-"))
        digits(date.day, 2)
        text.append(UInt8(ascii: "T"))
        digits(time / 3_600_000_000, 2)
        text.append(UInt8(ascii: ":"))
        digits(time / 60_000_000 % 60, 2)
        text.append(UInt8(ascii: ":"))
        digits(time / 1_000_000 % 60, 2)
        text.append(UInt8(ascii: "."))
        digits(time % 1_000_000, 6)
        text.append(UInt8(ascii: "Z"))
        return String(decoding: text, as: UTF8.self)
    }

    /// Reads RFC 3339: a date, `T`, a time with or without a fraction, and `Z` or an offset. Digits of the fraction
    /// behind microseconds are cut. Nil for anything else, and for days that do not exist.
    package static func microseconds(_ text: String) -> Int64? {
        let pattern = /(\d{4})-(\d\d)-(\d\d)[Tt ](\d\d):(\d\d):(\d\d)(?:\.(\d{1,12}))?(?:[Zz]|([+-])(\d\d):(\d\d))/
        // `\d` is any digit of Unicode's.
        guard text.utf8.count <= 48, text.utf8.allSatisfy({ $0 < 0x80 }),
            let match = text.wholeMatch(of: pattern)?.output
        else { return nil }
        func number(_ digits: Substring?) -> Int64 { digits.flatMap { Int64($0) } ?? 0 }
        let (year, month, dayOfMonth) = (number(match.1), number(match.2), number(match.3))
        let (hour, minute, second) = (number(match.4), number(match.5), number(match.6))
        let (offsetHour, offsetMinute) = (number(match.9), number(match.10))
        // A leap second counts as the one before it, since 1970 knows none.
        guard (1...12).contains(month), hour < 24, minute < 60, second <= 60, offsetHour < 24, offsetMinute < 60
        else { return nil }
        let day = days(year, month, dayOfMonth)
        guard dayOfMonth >= 1, civil(day).month == month else { return nil }
        let fraction = (match.7.map(String.init) ?? "") + "000000"
        let offset = (offsetHour * 60 + offsetMinute) * 60_000_000 * (match.8 == "-" ? 1 : -1)
        let time = ((hour * 60 + minute) * 60 + min(second, 59)) * 1_000_000 + number(fraction.prefix(6))
        return day * dayMicroseconds + time + offset
    }

    /// Days since 1970 of a date of the Gregorian calendar. Years begin in March here, so that the leap day is a year's
    /// last, and 400 of them (146,097 days) repeat for ever.
    private static func days(_ year: Int64, _ month: Int64, _ day: Int64) -> Int64 {
        let marchYear = month > 2 ? year : year - 1
        let era = marchYear.flooredQuotient(400)
        let yearOfEra = marchYear - era * 400
        let dayOfYear = (153 * ((month + 9) % 12) + 2) / 5 + day - 1
        return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
    }

    private static func civil(_ days: Int64) -> (year: Int64, month: Int64, day: Int64) {
        let shifted = days + 719_468
        let era = shifted.flooredQuotient(146_097)
        let dayOfEra = shifted - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1_460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let marchMonth = (5 * dayOfYear + 2) / 153
        let month = marchMonth < 10 ? marchMonth + 3 : marchMonth - 9
        let day = dayOfYear - (153 * marchMonth + 2) / 5 + 1
        return (yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, day)
    }
}

extension Int64 {
    /// The quotient rounded down, also of a negative number.
    fileprivate func flooredQuotient(_ divisor: Int64) -> Int64 {
        self / divisor - (self % divisor < 0 ? 1 : 0)
    }
}

extension JSONWriter {
    /// Writes a time as RFC 3339, or null for one that it cannot write.
    package mutating func time(_ microseconds: Int64) {
        if let text = TimeText.text(microseconds) { string(text) } else { null() }
    }

    /// Writes a client's time as milliseconds since 1970, with a fraction where it has one.
    package mutating func milliseconds(_ microseconds: Int64) {
        let (whole, rest) = microseconds.quotientAndRemainder(dividingBy: 1_000)
        guard rest != 0 else { return integer(whole) }
        let digits = String(rest.magnitude + 1_000).dropFirst()
        let sign = microseconds < 0 ? "-" : ""
        raw(Array("\(sign)\(whole.magnitude).\(digits)".utf8))
    }
}
