import ReelCodec
import ReelSystem

extension Check {
    /// Whether the daemon answers, as the version this is, and who may ask it.
    static let socket = Check(name: "socket") { scene in
        let seen = scene.daemon
        var findings: [Finding] = []
        if let status = seen.place.value, status.mode & 0o002 != 0 {
            findings.append(
                .look(
                    "\(seen.socket): everybody on this machine may connect (mode \(status.modeText)), and only the daemon "
                        + "turns strangers away",
                    "set SocketMode=0660 ('systemctl cat reeld.socket'), or chmod o-w \(seen.socket)"))
        }
        switch seen.answer {
        case .denied(let reason):
            let groups = "\(scene.settings.server.recordGroup), \(scene.settings.server.viewGroup)"
            findings.append(
                .unseen(
                    "\(seen.socket): \(reason)",
                    "run this as root, or as a member of \(groups); who has just become one logs in anew"))
        case .none(let reason):
            let start = scene.service == nil ? "start it: 'reeld serve'" : "systemctl status reeld.socket reeld.service"
            findings.append(.broken("no daemon answers at \(seen.socket): \(reason)", start))
        case .figures(let figures):
            let version = figures["version"]?.string ?? ""
            if version != CommandTable.version {
                findings.append(
                    .look(
                        "the daemon that runs is \(version), this is \(CommandTable.version)",
                        "systemctl restart reeld"))
            }
            findings += groups(scene)
            findings.append(.well("\(seen.socket): reeld \(version) answers; \(roles(scene))"))
        }
        return findings
    }

    private static func groups(_ scene: Scene) -> [Finding] {
        let names = [
            ("record_group", scene.settings.server.recordGroup, scene.daemon.recorders),
            ("view_group", scene.settings.server.viewGroup, scene.daemon.viewers),
        ]
        return names.filter { $0.2 == nil }.map { key, name, _ in
            .look("there is no group \(name) (server.\(key))", "addgroup --system \(name), or name another")
        }
    }

    /// Who may do what there.
    private static func roles(_ scene: Scene) -> String {
        func members(_ group: Group?) -> String {
            guard let group else { return "nobody else" }
            let names = group.members.isEmpty ? "no member yet" : group.members.prefix(8).joined(separator: " ")
            let more = group.members.count > 8 ? " and \(group.members.count - 8) more" : ""
            return "\(group.name) (\(names)\(more))"
        }
        return "\(members(scene.daemon.recorders)) may record, \(members(scene.daemon.viewers)) watch, root all"
    }

    /// Whether browsers reach the daemon where they are to.
    static let tcp = Check(name: "tcp") { scene in
        guard !scene.listeners.isEmpty else {
            return [.well("no TCP: the Unix socket alone")]
        }
        return scene.listeners.map { place, trouble in
            guard let trouble else { return .well("http://\(place.address) answers") }
            return .broken(
                "http://\(place.address): \(trouble)",
                "restart the daemon after a change of 'listen'; 'ss -ltnp' shows who has the port")
        }
    }

    /// Whether the token for reading over TCP is its owner's secret.
    static let token = Check(name: "token") { scene in
        let path = scene.settings.tokenPath
        guard let status = scene.token.value else {
            if scene.token.isDenied { return scene.listeners.isEmpty ? [] : [.unseen("\(path) may not be looked at")] }
            return scene.listeners.isEmpty
                ? [] : [.look("\(path) is not there", "the daemon makes it when it starts with TCP: restart it")]
        }
        if status.mode & 0o077 != 0 {
            return [
                .broken(
                    "\(path): others than its owner may read it (mode \(status.modeText)), and with it every recording",
                    "remove it and restart the daemon, which makes another")
            ]
        }
        if let owner = scene.store.place.value?.ownerID, status.ownerID != owner {
            return [
                .broken(
                    "\(path) belongs to \(CurrentUser.name(of: status.ownerID)), and not to the daemon's user",
                    "chown --reference=\(scene.store.directory) \(path)")
            ]
        }
        return [.well("\(path): mode \(status.modeText), \(CurrentUser.name(of: status.ownerID))'s")]
    }
}
