import ReelHTTP
import ReelSystem

/// Which users and groups have which role on the Unix socket. Root and the daemon's own user have all of them.
package struct SocketAccess: Sendable {
    /// A group by its name; without an id where the machine has none of that name, and then nobody is in it.
    package struct Group: Sendable {
        let name: String
        let id: UInt32?

        /// Looks the name up, which may ask the network.
        package init(_ name: String) { self.init(name, id: GroupName.id(of: name)) }

        init(_ name: String, id: UInt32?) {
            self.name = name
            self.id = id
        }
    }

    /// Nobody but root and the process's own user may do anything.
    package static let ownerOnly = SocketAccess(
        recordGroup: Group("reeld-ingest", id: nil), viewGroup: Group("reeld-view", id: nil))

    private let ownID = UserName.currentID
    private let recordGroup: Group
    private let viewGroup: Group

    package init(recordGroup: Group, viewGroup: Group) {
        self.recordGroup = recordGroup
        self.viewGroup = viewGroup
    }

    func roles(userID: UInt32, groupIDs: [UInt32]) -> Role {
        guard userID != 0, userID != ownID else { return .all }
        var roles: Role = []
        if let id = recordGroup.id, groupIDs.contains(id) { roles.insert(.record) }
        if let id = viewGroup.id, groupIDs.contains(id) { roles.insert(.view) }
        return roles
    }

    /// What somebody is told who has none of the roles that are wanted.
    func refusal(of wanted: Role, userID: UInt32) -> Problem {
        let (deed, group): (String, Group?) =
            switch wanted {
            case .record: ("Recording", recordGroup)
            case .view: ("Watching", viewGroup)
            case .administer: ("Erasing, compacting and snapshots", nil)
            default: ("This socket", viewGroup)
            }
        guard let group else {
            return Problem(
                .missingRole, "\(deed) are for root and the daemon's own user, and this is the user with id \(userID).")
        }
        return Problem(
            .missingRole,
            "\(deed) is for members of the group \(group.name), and the user with id \(userID) is none"
                + (group.id == nil ? ": this machine has no such group." : ": `usermod -aG`, then log in anew."))
    }
}
