import ReelStore

/// When recordings are removed. A pinned recording never is, nor one that is still recording.
struct RetentionSettings: Equatable, Sendable {
    var maxAge = Duration.seconds(90 * 86_400)
    var projectMaxAge: [String: Duration] = [:]
    var maxSize = SpaceLimit.automatic
    var keepFree = SpaceLimit.automatic

    static let keys = [
        ConfigurationKey(
            "retention", "max_age", \.retention.maxAge, AgeSyntax(), isReloadable: true,
            help: "A recording is removed so long after its end; 0 means never. Nothing is removed by age while the "
                + "clock is not to be trusted: reeld stats then says what it waits for."),
        ConfigurationKey(
            "retention", "project_max_age", \.retention.projectMaxAge, ProjectAgesSyntax(), isReloadable: true,
            help: "The same for recordings of a project, as in: shop:30d, intranet:0. Commas stand between projects; "
                + "the last colon parts the name from the age."),
        ConfigurationKey(
            "retention", "max_size", \.retention.maxSize, SpaceLimitSyntax(), isReloadable: true,
            help: "What the log may take; beyond it the oldest recordings are removed. auto is 60 % of the file "
                + "system, 0 means no limit."),
        ConfigurationKey(
            "retention", "keep_free", \.retention.keepFree, SpaceLimitSyntax(), isReloadable: true,
            help: "What is to stay free on the file system; with less the oldest recordings are removed. auto is 15 % "
                + "of it, at most 4G, and never more than half of what the log takes and is free together. 0 means no "
                + "limit."),
    ]
}

/// How old something may become: `0` for never, else `1h` or more, as a slip of the unit would delete everything.
struct AgeSyntax: ValueSyntax {
    private static let bounds = Duration.seconds(3600)...(.seconds(36_500 * 86_400))

    func parse(_ text: String) throws(BadValue) -> Duration {
        guard text != "0" else { return .zero }
        return try DurationSyntax(range: Self.bounds).parse(text)
    }

    func text(of value: Duration) -> String { Quantity.text(of: value) }
}

/// `shop:30d, intranet:0`.
struct ProjectAgesSyntax: ValueSyntax {
    func parse(_ text: String) throws(BadValue) -> [String: Duration] {
        var ages: [String: Duration] = [:]
        guard !text.trimmed.isEmpty else { return ages }
        for part in text.split(separator: ",", omittingEmptySubsequences: false) {
            guard let colon = part.lastIndex(of: ":") else {
                throw BadValue("is no list of ages; write project:age, as in shop:30d, intranet:0")
            }
            let name = String(part[..<colon]).trimmed
            let age = String(part[part.index(after: colon)...]).trimmed
            guard !name.isEmpty else { throw BadValue("names no project before a colon; write shop:30d") }
            guard ages.updateValue(try self.age(age), forKey: name) == nil else {
                throw BadValue("names the project '\(name)' twice")
            }
        }
        return ages
    }

    private func age(_ text: String) throws(BadValue) -> Duration {
        do throws(BadValue) { return try AgeSyntax().parse(text) } catch {
            throw BadValue("has the age '\(text)', which \(error.reason)")
        }
    }

    func text(of value: [String: Duration]) -> String {
        value.sorted { $0.key < $1.key }.map { "\($0.key):\(Quantity.text(of: $0.value))" }.joined(separator: ", ")
    }
}

/// `auto`, `0` for no limit, or a size from `1M` on.
struct SpaceLimitSyntax: ValueSyntax {
    private static let bounds: ClosedRange<UInt64> = 1 << 20...1 << 60

    func parse(_ text: String) throws(BadValue) -> SpaceLimit {
        switch text {
        case "auto": return .automatic
        case "0": return .none
        default: return .bytes(try SizeSyntax(range: Self.bounds).parse(text))
        }
    }

    func text(of value: SpaceLimit) -> String {
        switch value {
        case .none: "0"
        case .automatic: "auto"
        case .bytes(let bytes): Quantity.text(ofBytes: bytes)
        }
    }
}
