import ReelSystem

/// Where a server takes connections.
package enum Listener: Sendable, Equatable {
    /// A Unix socket. A stale socket file is replaced; one that a process answers on is an error.
    case unix(path: String, mode: UInt32 = 0o660)
    /// A numeric IPv4 or IPv6 address; port 0 takes a free one.
    case tcp(address: String, port: UInt16)
    /// A listening socket the process was given, as by systemd's socket activation; the server closes it.
    case adopted(rawDescriptor: Int32)

    func open(backlog: Int32) throws(SystemError) -> FileDescriptor {
        switch self {
        case .unix(let path, let mode): try Socket.listen(unix: path, mode: mode, backlog: backlog)
        case .tcp(let address, let port): try Socket.listen(tcp: address, port: port, backlog: backlog)
        case .adopted(let rawDescriptor): try Socket.adopt(listener: rawDescriptor)
        }
    }
}
