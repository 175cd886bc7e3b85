/// One line of the table that a run ends with.
struct Score: Sendable {
    var what: String
    var ours: String
    var rival: String
    var ratio: String
    var goal: String
    /// Nil where the goal cannot be judged here.
    var isMet: Bool?
}

/// Prints scores as columns.
enum Scoreboard {
    static func print(_ scores: [Score]) {
        let header = ["what", "ours", "rival", "ratio", "goal", "met?"]
        let rows = scores.map { score in
            [
                score.what, score.ours, score.rival, score.ratio, score.goal,
                score.isMet.map { $0 ? "yes" : "NO" } ?? "-",
            ]
        }
        let widths = header.indices.map { column in ([header] + rows).map { $0[column].count }.max() ?? 0 }
        for row in [header] + rows {
            let cells = zip(row, widths).map { $0 + String(repeating: " ", count: $1 - $0.count) }
            Swift.print("| " + cells.joined(separator: " | ") + " |")
            if row == header {
                Swift.print("|" + widths.map { String(repeating: "-", count: $0 + 2) }.joined(separator: "|") + "|")
            }
        }
    }
}

/// What several rounds of the same measurement gave.
struct Rounds {
    private(set) var values: [Double] = []

    mutating func add(_ value: Double) { values.append(value) }

    var median: Double { percentile(50) }
    var least: Double { values.min() ?? 0 }
    var greatest: Double { values.max() ?? 0 }

    /// The least value that so many of a hundred do not exceed.
    func percentile(_ percent: Int) -> Double {
        let sorted = values.sorted()
        guard !sorted.isEmpty else { return 0 }
        return sorted[min(sorted.count - 1, sorted.count * percent / 100)]
    }

    /// This round by round divided by the rival's: what ran next to each other is compared with each other.
    func ratios(to rival: Rounds) -> Rounds {
        var ratios = Rounds()
        for (ours, theirs) in zip(values, rival.values) { ratios.add(ours / theirs) }
        return ratios
    }

    /// `3.21 (3.05-3.40)`: median, least and greatest.
    func text(_ decimals: Int) -> String {
        let median = median.text(decimals)
        return values.count == 1 ? median : "\(median) (\(least.text(decimals))-\(greatest.text(decimals)))"
    }
}

extension Double {
    /// The number with so many decimals.
    func text(_ decimals: Int) -> String {
        var scale = 1.0
        for _ in 0..<decimals { scale *= 10 }
        let scaled = Int64((magnitude * scale).rounded())
        let sign = self < 0 && scaled != 0 ? "-" : ""
        guard decimals > 0 else { return "\(sign)\(scaled)" }
        let fraction = String(scaled % Int64(scale))
        return "\(sign)\(scaled / Int64(scale))." + String(repeating: "0", count: decimals - fraction.count) + fraction
    }
}
