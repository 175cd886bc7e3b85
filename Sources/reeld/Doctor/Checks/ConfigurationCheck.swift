import ReelSystem

extension Check {
    /// Whether the daemon would start with it, and who may change it.
    static let configuration = Check(name: "configuration") { scene in
        let seen = scene.configuration
        var findings = seen.problems.map {
            Finding.broken(
                "\($0)", "mend it ('reeld config check'): until then the daemon neither starts nor takes anything over")
        }
        findings += seen.unreadable.map { .unseen("\($0) may not be read") }
        for (path, status) in seen.statuses {
            if status.mode & 0o022 != 0 {
                findings.append(
                    .broken(
                        "\(path): others than its owner may change it (mode \(status.modeText))", "chmod go-w \(path)"))
            } else if status.ownerID != 0, status.ownerID != scene.userID {
                let owner = CurrentUser.name(of: status.ownerID)
                findings.append(.look("\(path): \(owner) may change it", "chown root \(path)"))
            }
        }
        guard findings.isEmpty else { return findings }
        guard let first = seen.files.first else {
            return [.well("\(ConfigurationLoader.standardPath) is not there: the defaults hold")]
        }
        let others = seen.files.count > 1 ? " and \(HumanText.plural(UInt64(seen.files.count - 1), "drop-in"))" : ""
        return [.well("\(first)\(others): \(HumanText.plural(UInt64(seen.keyCount), "key")) set")]
    }
}
