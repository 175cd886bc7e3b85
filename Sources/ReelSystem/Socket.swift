import CReelSystem
import Glibc

/// Who is at the other end of a connection, as the kernel says.
package enum SocketPeer: Sendable, Equatable {
    /// SO_PEERCRED and SO_PEERGROUPS, as they were at connect(2); the primary group comes first.
    case unix(userID: UInt32, groupIDs: [UInt32], processID: Int32)
    /// A numeric IPv4 or IPv6 address.
    case tcp(address: String, port: UInt16)
}

/// What accept(2) gave.
package enum SocketArrival: ~Copyable {
    case connection(FileDescriptor, SocketPeer)
    /// Nobody is waiting.
    case none
    /// No descriptor is left in the process or the system (EMFILE, ENFILE) or no memory; the peer still waits.
    case exhausted
    /// The peer went away before it was accepted; ask again.
    case gone
}

/// The making of sockets. Everything made is close-on-exec; what listens, and what it accepts, does not block.
package enum Socket {
    /// Listens on a Unix socket with exactly `mode`. A stale socket file (nobody answers) is replaced.
    ///
    /// - Throws: EADDRINUSE when a process answers there or the file is no socket, ENAMETOOLONG past 107 bytes.
    package static func listen(unix path: String, mode: UInt32, backlog: Int32) throws(SystemError) -> FileDescriptor {
        try own(creel_listen_unix(path, mode, backlog), "listen", path)
    }

    /// Listens on a numeric address; port 0 lets the kernel choose (see `boundPort`).
    ///
    /// - Throws: EINVAL when the address is not numeric IPv4 or IPv6.
    package static func listen(tcp address: String, port: UInt16, backlog: Int32) throws(SystemError) -> FileDescriptor
    {
        try own(creel_listen_tcp(address, port, backlog), "listen", "\(address):\(port)")
    }

    /// Takes over a socket the process inherited, as systemd's socket activation hands it.
    ///
    /// - Throws: EINVAL when it does not listen.
    package static func adopt(listener raw: Int32) throws(SystemError) -> FileDescriptor {
        try own(creel_adopt_listener(raw), "adopt", "fd \(raw)")
    }

    /// Connects, blocking. `timeoutSeconds` bounds the connect and each later send and receive; 0 waits for ever.
    package static func connect(unix path: String, timeoutSeconds: UInt32) throws(SystemError) -> FileDescriptor {
        try own(creel_connect_unix(path, timeoutSeconds), "connect", path)
    }

    /// As above, to a numeric address.
    package static func connect(tcp address: String, port: UInt16, timeoutSeconds: UInt32) throws(SystemError)
        -> FileDescriptor
    {
        try own(creel_connect_tcp(address, port, timeoutSeconds), "connect", "\(address):\(port)")
    }

    private static func own(_ result: Int32, _ call: String, _ path: String) throws(SystemError) -> FileDescriptor {
        guard result >= 0 else { throw SystemError(-result, call, path) }
        return FileDescriptor(owning: result)
    }
}

extension FileDescriptor {
    /// The TCP port a listener has; nil for other families.
    package var boundPort: UInt16? {
        let port = creel_bound_port(raw)
        return port > 0 ? UInt16(truncatingIfNeeded: port) : nil
    }

    /// Takes the next connection of a listener, non-blocking.
    package func accept() -> SocketArrival {
        var peer = creel_peer()
        let result = creel_accept(raw, &peer)
        if result >= 0 {
            let fd = FileDescriptor(owning: result)
            if peer.family == AF_UNIX {
                let groupIDs = [peer.gid] + fd.peerGroupIDs
                return .connection(fd, .unix(userID: peer.uid, groupIDs: groupIDs, processID: peer.pid))
            }
            let address = withUnsafeBytes(of: peer.address) { text in
                String(decoding: text.prefix { $0 != 0 }, as: UTF8.self)
            }
            return .connection(fd, .tcp(address: address, port: peer.port))
        }
        switch -result {
        case EAGAIN: return .none
        case EMFILE, ENFILE, ENOBUFS, ENOMEM: return .exhausted
        default: return .gone
        }
    }
}

extension FileDescriptor {
    /// The supplementary groups of a Unix socket's peer; none where the kernel does not tell, which opens nothing.
    fileprivate var peerGroupIDs: [UInt32] {
        var groups = [UInt32](repeating: 0, count: 32)
        while true {
            let count = Int(creel_peer_groups(raw, &groups, Int32(groups.count)))
            guard count > groups.count else { return Array(groups.prefix(max(0, count))) }
            groups = [UInt32](repeating: 0, count: count)
        }
    }
}

extension Socket {
    /// What a socket is bound to, for people: a path, or an address and port; empty where it has no name.
    package static func name(of raw: Int32) -> String {
        var text = [CChar](repeating: 0, count: Int(CREEL_NAME_SIZE))
        guard creel_bound_name(raw, &text, text.count) == 0 else { return "" }
        return text.withUnsafeBytes { text in String(decoding: text.prefix { $0 != 0 }, as: UTF8.self) }
    }

    /// Removes a Unix socket's file.
    package static func remove(unix path: String) { unlink(path) }

    /// A descriptor on nothing, to be given up when no other is left.
    package static func reserve() throws(SystemError) -> FileDescriptor {
        try own(open("/dev/null", O_RDONLY | O_CLOEXEC), "open", "/dev/null")
    }
}
