import ReelSystem

/// A configuration with the place each value came from.
struct LoadedConfiguration: Equatable, Sendable {
    var values = Configuration()
    /// By `section.name`; a key that is not here has its default.
    var places: [String: ConfigurationPlace] = [:]
    /// The files that were there, in the order they were read.
    var files: [String] = []
}

/// All that is wrong with a configuration; nothing of it is used.
struct ConfigurationError: Error, Equatable, CustomStringConvertible {
    var problems: [ConfigurationProblem]

    var description: String { problems.map(\.description).joined(separator: "\n") }
}

/// Puts a configuration together: defaults, reeld.conf, its drop-ins in the order of their names, the command line.
enum ConfigurationLoader {
    static let standardPath = "/etc/reeld/reeld.conf"
    static let fileSizeMaxBytes = 1 << 20

    /// A value from the command line, which outranks every file.
    struct Override {
        /// `section.name`
        var key: String
        var text: String
        /// `--store`, for errors.
        var option: String
    }

    /// Reads `path` and `path.d/*.conf`.
    ///
    /// - Parameter path: nil means the standard file, which may be missing; a named one must exist.
    /// - Throws: every problem found, not only the first.
    static func load(_ path: String? = nil, overrides: [Override] = []) throws(ConfigurationError)
        -> LoadedConfiguration
    {
        let main = path ?? standardPath
        var assignments: [ConfigurationParser.Assignment] = []
        var problems: [ConfigurationProblem] = []
        var files: [String] = []
        for file in [main] + dropIns(of: main, problems: &problems) {
            do throws(SystemError) {
                let bytes = try SmallFile.read(file, sizeMaxBytes: fileSizeMaxBytes)
                let parsed = ConfigurationParser.parse(bytes, file: file)
                assignments += parsed.assignments
                problems += parsed.problems
                files.append(file)
            } catch {
                if error.isMissing, path == nil, file == main { continue }
                problems.append(ConfigurationProblem(place: .init(file: file), text: error.reason))
            }
        }
        for override in overrides {
            let parts = override.key.split(separator: ".", maxSplits: 1).map(String.init)
            let place = ConfigurationPlace(file: override.option)
            assignments.append(.init(section: parts[0], name: parts[1], text: override.text, place: place))
        }
        var loaded = apply(assignments, problems: &problems)
        guard problems.isEmpty else { throw ConfigurationError(problems: problems) }
        loaded.files = files
        return loaded
    }

    private static func dropIns(of main: String, problems: inout [ConfigurationProblem]) -> [String] {
        let directory = main + ".d"
        do throws(SystemError) {
            return try SmallFile.names(in: directory).filter { $0.hasSuffix(".conf") }.map { "\(directory)/\($0)" }
        } catch {
            if !error.isMissing { problems.append(.init(place: .init(file: directory), text: error.reason)) }
            return []
        }
    }

    private static func apply(
        _ assignments: [ConfigurationParser.Assignment], problems: inout [ConfigurationProblem]
    ) -> LoadedConfiguration {
        var loaded = LoadedConfiguration()
        for assignment in assignments {
            guard let key = find(assignment, problems: &problems) else { continue }
            do {
                try key.set(assignment.text, in: &loaded.values)
                loaded.places[key.id] = assignment.place
            } catch {
                // An option is its own name; a file's key is told, for a file has many.
                let name = assignment.place.file.hasPrefix("--") ? "" : "\(key.id): "
                let text = "\(name)'\(assignment.text)' \(error.reason)"
                problems.append(ConfigurationProblem(place: assignment.place, text: text))
            }
        }
        problems += ConfigurationRule.broken(by: loaded)
        return loaded
    }

    private static func find(
        _ assignment: ConfigurationParser.Assignment, problems: inout [ConfigurationProblem]
    ) -> ConfigurationKey? {
        let (section, name) = (assignment.section, assignment.name)
        if let key = ConfigurationKey.all.first(where: { $0.section == section && $0.name == name }) { return key }
        let advice: String
        let siblings = ConfigurationKey.all.filter { $0.section == section }
        if siblings.isEmpty {
            let sections = ConfigurationKey.sections.map(\.name)
            let meant = Suggestion.nearest(to: section, among: sections)
            advice =
                "[\(section)]: no such section; "
                + (meant.map { "did you mean [\($0)]?" } ?? "there are \(list(sections))")
        } else if let key = ConfigurationKey.all.first(where: { $0.name == name }) {
            advice = "\(section).\(name): no such key; it belongs to [\(key.section)]"
        } else if let meant = Suggestion.nearest(to: name, among: siblings.map(\.name)),
            let key = siblings.first(where: { $0.name == meant })
        {
            advice = "\(section).\(name): no such key; did you mean '\(key.name) = \(key.defaultText)'?"
        } else {
            advice = "\(section).\(name): no such key; [\(section)] has \(siblings.map(\.name).joined(separator: ", "))"
        }
        problems.append(ConfigurationProblem(place: assignment.place, text: advice))
        return nil
    }

    private static func list(_ sections: [String]) -> String { sections.map { "[\($0)]" }.joined(separator: ", ") }
}
