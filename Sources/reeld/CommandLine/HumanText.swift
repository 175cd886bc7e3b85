/// Quantities for people to read at a glance; for machines there is `-o json`.
enum HumanText {
    /// `812 B`, `3.4 K`, `128 M`: three digits at most, base 1024.
    static func size(_ bytes: UInt64) -> String {
        var value = Double(bytes)
        var unit = "B"
        for next in ["K", "M", "G", "T", "P"] where value >= 999.5 {
            value /= 1024
            unit = next
        }
        let tenths = (value * 10).rounded()
        return unit == "B" || tenths >= 100
            ? "\(Int(value.rounded())) \(unit)" : "\(Int(tenths) / 10).\(Int(tenths) % 10) \(unit)"
    }

    /// `0:07`, `12:34`, `1:02:03`: minutes and seconds, cut; `0.3s` below a second, `21771d` from 100 hours on.
    static func duration(microseconds: Int64) -> String {
        let seconds = max(0, microseconds) / 1_000_000
        if microseconds > 0, seconds == 0 {
            let tenths = microseconds / 100_000
            return tenths > 0 ? "0.\(tenths)s" : "<0.1s"
        }
        if seconds >= 360_000 { return "\(seconds / 86_400)d" }
        let (hours, minutes, rest) = (seconds / 3600, seconds / 60 % 60, seconds % 60)
        func two(_ number: Int64) -> String { number < 10 ? "0\(number)" : "\(number)" }
        return hours > 0 ? "\(hours):\(two(minutes)):\(two(rest))" : "\(minutes):\(two(rest))"
    }

    /// `1 segment`, `1,234 segments`.
    static func plural(_ number: UInt64, _ noun: String) -> String {
        "\(count(number)) \(noun)\(number == 1 ? "" : "s")"
    }

    /// `1,234,567`.
    static func count(_ number: UInt64) -> String {
        var text = ""
        for (index, digit) in "\(number)".reversed().enumerated() {
            if index > 0, index.isMultiple(of: 3) { text.append(",") }
            text.append(digit)
        }
        return String(text.reversed())
    }

    /// Of numbers that nothing is left of.
    static func unaccounted(_ count: UInt64) -> String {
        "nothing is left of \(plural(count, "recording")) whose numbers were given out: erased or expired longer ago than "
            + "store.tombstone_age says, or lost with a segment that is gone"
    }
}
