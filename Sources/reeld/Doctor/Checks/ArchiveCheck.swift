import ReelSystem

extension Check {
    /// Whether the archive is mounted and can be written to.
    static let archive = Check(name: "archive") { scene in
        let figures = scene.daemon.figures
        let archived = figures?.count("archived_segments") ?? 0
        guard let seen = scene.archive else {
            return archived > 0
                ? [
                    .broken(
                        "the events of \(HumanText.plural(archived, "segment")) are in an archive, and none is configured",
                        "say where it is: [archive] dir")
                ] : []
        }
        let path = seen.directory
        let mount = "mount its file system there: no restart is needed"
        switch seen.place {
        case .missing: return [.broken("\(path) is not there", mount)]
        case .denied: return [.unseen("\(path) may not be looked at")]
        case .failed(let error): return [.broken("\(error)", "mend the disk")]
        case .there(let status):
            if seen.isOnStoresFileSystem == true {
                return [.broken("\(path): nothing is mounted there, it is the store's own file system", mount)]
            }
            if let trouble = figures?["archive_trouble"]?.string {
                return [
                    .broken(
                        "\(path): \(trouble)",
                        "mount it, and let the daemon write there: owner, ReadWritePaths= and AppArmor (README, archive)"
                    )
                ]
            }
            if figures?["archive_online"]?.bool == false { return [.broken("\(path): it cannot be read", mount)] }
            if let owner = scene.store.place.value?.ownerID, status.ownerID != owner {
                let name = CurrentUser.name(of: owner)
                return [
                    .broken("\(path) belongs to \(CurrentUser.name(of: status.ownerID))", "chown -R \(name): \(path)")
                ]
            }
            let free = seen.freeBytes.map { ", \(HumanText.size($0)) free" } ?? ""
            return [
                .well("\(path) is mounted\(free); the events of \(HumanText.plural(archived, "segment")) are there")
            ]
        }
    }
}
