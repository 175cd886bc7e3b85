import Glibc

/// Wall time as people read and write it. Microseconds since 1970-01-01T00:00:00Z, as everywhere.
package enum CalendarTime {
    /// `2026-11-21 01:42:07` in the machine's time zone (TZ); seconds are cut, not rounded.
    package static func localText(_ microseconds: Int64) -> String {
        var parts = tm()
        var seconds = time_t(floorDivided(microseconds))
        guard localtime_r(&seconds, &parts) != nil else { return "?" }
        return text(parts, separator: " ")
    }

    /// `2026-11-21T01:42:07Z`.
    package static func utcText(_ microseconds: Int64) -> String {
        var parts = tm()
        var seconds = time_t(floorDivided(microseconds))
        guard gmtime_r(&seconds, &parts) != nil else { return "?" }
        return text(parts, separator: "T") + "Z"
    }

    /// The moment of a date and time of day in the machine's time zone, or in UTC.
    ///
    /// - Returns: nil when there is no such date (a 30th of February) or it does not fit.
    package static func microseconds(
        year: Int, month: Int, day: Int, hour: Int = 0, minute: Int = 0, second: Int = 0, isUTC: Bool = false
    ) -> Int64? {
        guard (1970...9999).contains(year), (1...12).contains(month), (1...31).contains(day), (0...23).contains(hour),
            (0...59).contains(minute), (0...59).contains(second)
        else { return nil }
        var parts = tm()
        parts.tm_year = Int32(year - 1900)
        parts.tm_mon = Int32(month - 1)
        parts.tm_mday = Int32(day)
        parts.tm_hour = Int32(hour)
        parts.tm_min = Int32(minute)
        parts.tm_sec = Int32(second)
        // Whether summer time holds is the zone's to say.
        parts.tm_isdst = -1
        let seconds = isUTC ? timegm(&parts) : mktime(&parts)
        // Both carry an impossible day over into the next month; the day tells.
        guard Int(parts.tm_mday) == day, seconds >= 0 else { return nil }
        return Int64(seconds) * 1_000_000
    }

    private static func floorDivided(_ microseconds: Int64) -> Int64 {
        microseconds / 1_000_000 - (microseconds % 1_000_000 < 0 ? 1 : 0)
    }

    private static func text(_ parts: tm, separator: String) -> String {
        func padded(_ number: Int32, _ width: Int = 2) -> String {
            let digits = "\(number)"
            return String(repeating: "0", count: max(0, width - digits.count)) + digits
        }
        let date = "\(padded(parts.tm_year + 1900, 4))-\(padded(parts.tm_mon + 1))-\(padded(parts.tm_mday))"
        return "\(date)\(separator)\(padded(parts.tm_hour)):\(padded(parts.tm_min)):\(padded(parts.tm_sec))"
    }
}
