/// Rows of text in aligned columns, fitted to a terminal.
struct TextTable {
    struct Column {
        var title: String
        /// Numbers stand at the right.
        var isNumeric = false
        /// Whether it gives way when the terminal is narrow; the last such column gives way first.
        var isElastic = false
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
        let widths = fitted(to: width)
        return ([columns.map(\.title)] + rows).map { row in
            var line = ""
            for (index, cell) in row.enumerated() {
                let cut = Self.cut(cell, to: widths[index])
                let padding = String(repeating: " ", count: widths[index] - cut.displayWidth)
                line += (index == 0 ? "" : "  ") + (columns[index].isNumeric ? padding + cut : cut + padding)
            }
            return line.trimmedRight + "\n"
        }.joined()
    }

    private func fitted(to width: Int?) -> [Int] {
        var widths = columns.indices.map { index in
            ([columns[index].title] + rows.map { $0[index] }).map(\.displayWidth).max() ?? 0
        }
        guard let width else { return widths }
        var excess = widths.reduce(0, +) + 2 * (widths.count - 1) - width
        for index in columns.indices.reversed() where excess > 0 && columns[index].isElastic {
            let given = min(excess, max(0, widths[index] - Self.elasticWidthMin))
            widths[index] -= given
            excess -= given
        }
        return widths
    }

    private static func cut(_ text: String, to width: Int) -> String {
        guard text.displayWidth > width else { return text }
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
