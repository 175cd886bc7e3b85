import Glibc

/// Names of users, of groups and of this machine.
package enum UserName {
    /// The name of a user id; nil where the system knows none. May ask the network (nsswitch.conf(5)).
    package static func of(_ userID: UInt32) -> String? {
        var entry = passwd()
        var found: UnsafeMutablePointer<passwd>?
        var buffer = [CChar](repeating: 0, count: 16 << 10)
        guard getpwuid_r(userID, &entry, &buffer, buffer.count, &found) == 0, found != nil, let name = entry.pw_name
        else { return nil }
        return String(cString: name)
    }

    /// Who this process acts as.
    package static var currentID: UInt32 { geteuid() }
}

/// Groups as getgrnam(3) knows them.
package enum GroupName {
    /// The id of a group; nil where the system knows none of that name. May ask the network (nsswitch.conf(5)).
    package static func id(of name: String) -> UInt32? {
        var entry = group()
        var found: UnsafeMutablePointer<group>?
        var buffer = [CChar](repeating: 0, count: 16 << 10)
        while true {
            switch getgrnam_r(name, &entry, &buffer, buffer.count, &found) {
            case 0: return found == nil ? nil : entry.gr_gid
            // A group with many members.
            case ERANGE where buffer.count < 16 << 20:
                buffer = [CChar](repeating: 0, count: buffer.count * 4)
            default: return nil
            }
        }
    }
}

/// What this machine calls itself.
package enum MachineName {
    package static var current: String {
        var name = [CChar](repeating: 0, count: 256)
        guard gethostname(&name, name.count - 1) == 0 else { return "" }
        return String(decoding: name.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}

/// A group of this machine's users.
package struct Group: Sendable, Equatable {
    package var id: UInt32
    package var name: String
    /// Users that are in it beside those whose own group it is.
    package var members: [String]

    package init(id: UInt32, name: String, members: [String]) {
        self.id = id
        self.name = name
        self.members = members
    }

    /// Nil where the system knows none of that id. May ask the network (nsswitch.conf(5)).
    package init?(_ id: UInt32) {
        var entry = group()
        var found: UnsafeMutablePointer<group>?
        var buffer = [CChar](repeating: 0, count: 256 << 10)
        guard getgrgid_r(id, &entry, &buffer, buffer.count, &found) == 0, found != nil, let text = entry.gr_name else {
            return nil
        }
        self.id = id
        name = String(cString: text)
        members = []
        var next = entry.gr_mem
        while let pointer = next, let member = pointer.pointee {
            members.append(String(cString: member))
            next = pointer + 1
        }
    }
}
