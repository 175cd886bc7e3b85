/// What a reload changes: which keys take effect now, and which wait for a restart.
struct ConfigurationChange: Equatable, Sendable {
    /// One key whose value differs.
    struct Difference: Equatable, Sendable, CustomStringConvertible {
        var key: String
        var old: String
        var new: String

        var description: String { "\(key): \(old.isEmpty ? "nothing" : old) -> \(new.isEmpty ? "nothing" : new)" }
    }

    var applied: [Difference] = []
    var needsRestart: [Difference] = []
    /// The old configuration with the applied differences: what the daemon runs by from now on.
    var effective: Configuration

    /// - Parameters:
    ///   - old: what the daemon runs by.
    ///   - new: what the files say now.
    init(from old: Configuration, to new: Configuration) {
        effective = old
        for key in ConfigurationKey.all {
            let difference = Difference(key: key.id, old: key.text(in: old), new: key.text(in: new))
            guard difference.old != difference.new else { continue }
            if key.isReloadable {
                applied.append(difference)
                // The text was just made from a valid value, so it cannot be refused.
                try? key.set(difference.new, in: &effective)
            } else {
                needsRestart.append(difference)
            }
        }
    }

    var isEmpty: Bool { applied.isEmpty && needsRestart.isEmpty }

    /// One line for the journal.
    var summary: String {
        guard !isEmpty else { return "configuration read again: nothing changed" }
        var parts: [String] = []
        if !applied.isEmpty { parts.append("applied " + applied.map(\.description).joined(separator: ", ")) }
        if !needsRestart.isEmpty {
            parts.append("needs a restart " + needsRestart.map(\.description).joined(separator: ", "))
        }
        return "configuration read again: " + parts.joined(separator: "; ")
    }
}
