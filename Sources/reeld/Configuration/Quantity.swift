/// Durations and sizes as systemd writes them: `1h 30min`, `128M`.
enum Quantity {
    private static let durationUnits: [(names: [String], microseconds: Int64)] = [
        (["d", "day", "days"], 86_400_000_000), (["h", "hr", "hour", "hours"], 3_600_000_000),
        (["min", "m", "minute", "minutes"], 60_000_000), (["s", "sec", "second", "seconds"], 1_000_000),
        (["ms", "msec"], 1000), (["us", "usec"], 1), (["w", "week", "weeks"], 7 * 86_400_000_000),
    ]
    private static let sizeUnits: [(name: Character, bytes: UInt64)] = [
        ("T", 1 << 40), ("G", 1 << 30), ("M", 1 << 20), ("K", 1 << 10), ("B", 1),
    ]

    /// Reads numbers with units, added up, with or without spaces between; nil when it is none or over 292,000 years.
    ///
    /// A bare number has no meaning (seconds? minutes?) and is refused, but for 0.
    static func duration(_ text: String) -> Duration? {
        guard text != "0" else { return .zero }
        var rest = text[...]
        var total: Int64 = 0
        repeat {
            rest = rest.drop { $0 == " " }
            let digits = rest.prefix { $0.isASCII && $0.isNumber }
            rest = rest.dropFirst(digits.count).drop { $0 == " " }
            let letters = rest.prefix { $0.isASCII && $0.isLetter }
            rest = rest.dropFirst(letters.count)
            guard let number = Int64(digits),
                let unit = durationUnits.first(where: { $0.names.contains(String(letters)) })
            else { return nil }
            let (product, overflowed) = number.multipliedReportingOverflow(by: unit.microseconds)
            let (sum, carried) = total.addingReportingOverflow(product)
            guard !overflowed, !carried else { return nil }
            total = sum
        } while !rest.isEmpty
        return .microseconds(total)
    }

    /// The shortest text that reads back as the same duration; a single day stays `24h`, as people say it.
    static func text(of duration: Duration) -> String {
        var rest = duration.microseconds
        guard rest != 0 else { return "0" }
        var parts: [String] = []
        for unit in durationUnits.prefix(6) {
            let isDay = unit.microseconds == 86_400_000_000
            guard rest >= (isDay ? 2 * unit.microseconds : unit.microseconds) else { continue }
            parts.append("\(rest / unit.microseconds)\(unit.names[0])")
            rest %= unit.microseconds
        }
        return parts.joined(separator: " ")
    }

    /// Reads bytes with an optional unit of base 1024; nil when it is none or over 2⁶⁴ − 1.
    static func size(_ text: String) -> UInt64? {
        let digits = text.prefix { $0.isASCII && $0.isNumber }
        let letters = text.dropFirst(digits.count).uppercased()
        guard let number = UInt64(digits), letters.count <= 1 else { return nil }
        guard let letter = letters.first else { return number }
        guard let unit = sizeUnits.first(where: { $0.name == letter }) else { return nil }
        let (bytes, overflowed) = number.multipliedReportingOverflow(by: unit.bytes)
        return overflowed ? nil : bytes
    }

    /// The shortest exact text of a size: `128M`, `1536K`.
    static func text(ofBytes bytes: UInt64) -> String {
        guard bytes > 0, let unit = sizeUnits.first(where: { bytes.isMultiple(of: $0.bytes) }), unit.bytes > 1 else {
            return "\(bytes)"
        }
        return "\(bytes / unit.bytes)\(unit.name)"
    }
}

extension Duration {
    /// Whole microseconds, the unit of the store's clocks; what does not fit becomes the greatest that does.
    var microseconds: Int64 {
        let (seconds, attoseconds) = components
        let (product, overflowed) = seconds.multipliedReportingOverflow(by: 1_000_000)
        return overflowed ? .max : product + attoseconds / 1_000_000_000_000
    }
}
