import ReelFormat
import ReelSystem

extension Check {
    /// Whose the store is, and whether it takes writes.
    static let store = Check(name: "store") { scene in
        let seen = scene.store
        let path = seen.directory
        guard let status = seen.place.value else {
            switch seen.place {
            case .denied: return [.unseen("\(path) may not be looked at")]
            case .failed(let error): return [.broken("\(error)", "mend the disk, or name the store's directory")]
            default:
                return scene.daemon.figures == nil
                    ? [.look("\(path): there is no store yet", "the daemon's first start makes it")]
                    : [
                        .broken(
                            "\(path) is not there, and a daemon runs",
                            "see that its file system is mounted, and that this is the daemon's own store.directory")
                    ]
            }
        }
        var findings: [Finding] = []
        if status.kind != .directory {
            findings.append(.broken("\(path) is no directory", "name the store's directory: store.directory"))
        } else if status.mode & 0o077 != 0 {
            findings.append(
                .broken(
                    "\(path): others than its owner may look in (mode \(status.modeText))", "chmod 700 \(path)"))
        }
        findings += owner(of: scene, status)
        if let cause = scene.daemon.figures?["read_only_cause"]?.string {
            findings.append(
                .broken("the daemon takes no more writes: \(cause)", "mend the disk, then restart the daemon"))
        }
        if let trouble = seen.identityTrouble {
            findings.append(.broken(trouble, "nothing is served until then"))
        }
        guard findings.isEmpty else { return findings }
        switch seen.identity {
        case .there(nil):
            return [.look("\(path): there is no store yet", "the daemon's first start makes it")]
        case .denied: return [.unseen("\(path): mode \(status.modeText); what is in it is only its owner's to see")]
        case .failed(let error): return [.broken("\(error)", "mend the disk")]
        default:
            let owner = CurrentUser.name(of: status.ownerID)
            return [
                .well("\(path): mode \(status.modeText), \(owner)'s; \(HumanText.size(scene.logBytes ?? 0)) of log")
            ]
        }
    }

    private static func owner(of scene: Scene, _ status: FileStatus) -> [Finding] {
        var findings: [Finding] = []
        let path = scene.store.directory
        let owner = CurrentUser.name(of: status.ownerID)
        if let user = scene.service?.daemon?.text("User"), !user.isEmpty, user != owner {
            findings.append(
                .broken("\(path) belongs to \(owner), and the daemon runs as \(user)", "chown -R \(user): \(path)"))
        }
        if let first = scene.store.foreignFiles.first {
            let count = HumanText.plural(UInt64(scene.store.foreignFiles.count), "file")
            findings.append(
                .broken(
                    "\(count) in the store not \(owner)'s, as \(first): the daemon is locked out of it",
                    "chown -R --reference=\(path) \(path)"))
        }
        return findings
    }
}

extension Scene {
    /// What the log takes, by the daemon or by its files; nil where neither can be asked.
    var logBytes: UInt64? { daemon.figures?.count("log_bytes") ?? store.glance?.logBytes }
}
