import ReelSystem

/// The lines of one file in systemd's manner: `[section]`, `key = value`, comments on lines of their own.
///
/// See systemd.syntax(7); lines are not continued, because no value needs it.
enum ConfigurationParser {
    /// `key = value` as found, with its place.
    struct Assignment: Equatable {
        var section: String
        var name: String
        var text: String
        var place: ConfigurationPlace
    }

    /// Splits a file into assignments and what is wrong with its lines; the good lines of a bad file are kept, so that
    /// all mistakes can be told at once.
    static func parse(_ bytes: [UInt8], file: String) -> (assignments: [Assignment], problems: [ConfigurationProblem]) {
        guard let text = String(validating: bytes, as: UTF8.self), !bytes.contains(0) else {
            return ([], [ConfigurationProblem(place: .init(file: file), text: "this is not text in UTF-8")])
        }
        var assignments: [Assignment] = []
        var problems: [ConfigurationProblem] = []
        var section: String?
        // On the unicode scalars: as a Character, CR LF is one and would hide the line feed.
        let lines = text.unicodeScalars.split(separator: "\n", omittingEmptySubsequences: false)
        for (index, scalars) in lines.enumerated() {
            let place = ConfigurationPlace(file: file, line: index + 1)
            let line = String(scalars).trimmed
            if line.isEmpty || line.hasPrefix("#") || line.hasPrefix(";") {
                continue
            } else if line.hasPrefix("["), line.hasSuffix("]") {
                section = String(line.dropFirst().dropLast()).trimmed
            } else if let equals = line.firstIndex(of: "="), equals > line.startIndex {
                let name = String(line[..<equals]).trimmed
                let value = String(line[line.index(after: equals)...]).trimmed
                if let section {
                    assignments.append(Assignment(section: section, name: name, text: value, place: place))
                } else {
                    let advice = "'\(name)' stands before any section; put a line like [store] above it"
                    problems.append(ConfigurationProblem(place: place, text: advice))
                }
            } else {
                let advice = "'\(line)' is neither [section] nor key = value; comments begin with #"
                problems.append(ConfigurationProblem(place: place, text: advice))
            }
        }
        return (assignments, problems)
    }
}

/// Where a value was written.
struct ConfigurationPlace: Equatable, Sendable, CustomStringConvertible {
    /// A path, or an option of the command line.
    var file: String
    /// From 1; nil when it is the file as a whole.
    var line: Int?

    var description: String { line.map { "\(file):\($0)" } ?? file }
}

/// One mistake: `place: what is wrong; what to write`.
struct ConfigurationProblem: Error, Equatable, Sendable, CustomStringConvertible {
    var place: ConfigurationPlace
    var text: String

    var description: String { "\(place): \(text)".printable }
}

extension String {
    /// Without the spaces, tabs and carriage returns around it.
    var trimmed: String {
        let isSpace = { (scalar: Unicode.Scalar) in scalar == " " || scalar == "\t" || scalar == "\r" }
        let scalars = unicodeScalars.drop(while: isSpace)
        guard let last = scalars.lastIndex(where: { !isSpace($0) }) else { return "" }
        return String(scalars[...last])
    }
}
