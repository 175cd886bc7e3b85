/// Rows of text in aligned columns, fitted to a terminal.
struct TextTable {
    struct Column {
        var title: String
        /// Numbers stand at the right.
        var isNumeric = false
        /// Whether it gives way when the terminal is narrow; the last such column gives way first.
        var isElastic = false
        /// Left out when the terminal is too narrow still, the greatest first; 0 always stays.
        var dropRank = 0
    }

    static let elasticWidthMin = 8

    var columns: [Column]
    private var rows: [[String]] = []

    init(_ columns: [Column]) { self.columns = columns }

    /// Adds a row; control characters are spelled out, so that a title cannot speak to the terminal.
    mutating func add(_ cells: [String]) {
        precondition(cells.count == columns.count)
        rows.append(cells.map(\.printable))
    }

    /// - Parameter width: columns of the terminal; nil does not cut.
    func text(width: Int?) -> String {
        let (shown, widths) = fitted(to: width)
        return ([columns.map(\.title)] + rows).map { row in
            var line = ""
            for index in shown {
                let cut = Self.cut(row[index], to: widths[index])
                let padding = String(repeating: " ", count: widths[index] - cut.displayWidth)
                line += (index == shown[0] ? "" : "  ") + (columns[index].isNumeric ? padding + cut : cut + padding)
            }
            return Self.cut(line.trimmedRight, to: width ?? .max) + "\n"
        }.joined()
    }

    /// The columns that have room, and the width of each.
    private func fitted(to width: Int?) -> (shown: [Int], widths: [Int]) {
        var widths = columns.indices.map { index in
            ([columns[index].title] + rows.map { $0[index] }).map(\.displayWidth).max() ?? 0
        }
        var shown = Array(columns.indices)
        guard let width else { return (shown, widths) }
        func least(_ index: Int) -> Int {
            columns[index].isElastic ? min(widths[index], Self.elasticWidthMin) : widths[index]
        }
        while shown.reduce(-2, { $0 + least($1) + 2 }) > width,
            let last = shown.max(by: { columns[$0].dropRank < columns[$1].dropRank }), columns[last].dropRank > 0
        {
            shown.removeAll { $0 == last }
        }
        var excess = shown.reduce(-2) { $0 + widths[$1] + 2 } - width
        for index in shown.reversed() where excess > 0 && columns[index].isElastic {
            let given = min(excess, max(0, widths[index] - Self.elasticWidthMin))
            widths[index] -= given
            excess -= given
        }
        return (shown, widths)
    }

    private static func cut(_ text: String, to width: Int) -> String {
        guard text.displayWidth > width else { return text }
        guard width > 0 else { return "" }
        var result = ""
        var used = 0
        for character in text {
            let next = used + String(character).displayWidth
            if next > width - 1 { break }
            result.append(character)
            used = next
        }
        return result + "…"
    }
}

extension String {
    /// Columns of a terminal the text takes: East Asian wide characters and emoji take two.
    var displayWidth: Int {
        reduce(0) { width, character in
            let isWide = character.unicodeScalars.contains { scalar in
                switch scalar.value {
                case 0x1100...0x115F, 0x2E80...0x303E, 0x3041...0xA4CF, 0xAC00...0xD7A3, 0xF900...0xFAFF,
                    0xFE30...0xFE6F, 0xFF00...0xFF60, 0xFFE0...0xFFE6, 0x1F300...0x1FAFF, 0x20000...0x3FFFD:
                    true
                default: scalar.properties.isEmojiPresentation
                }
            }
            return width + (isWide ? 2 : 1)
        }
    }

    fileprivate var trimmedRight: String {
        var text = self[...]
        while text.last == " " { text.removeLast() }
        return String(text)
    }
}
