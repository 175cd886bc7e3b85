import ReelSystem

/// A socket a server listens on.
final class OpenListener: Sendable {
    let fd: FileDescriptor
    /// The socket file to remove at the end; nil for sockets of others and of TCP.
    private let path: String?

    init(_ listener: Listener, backlog: Int32) throws(SystemError) {
        fd = try listener.open(backlog: backlog)
        path = if case .unix(let path, _) = listener { path } else { nil }
    }

    func removeFile() {
        if let path { Socket.remove(unix: path) }
    }
}

/// The listeners of a server, watched by its first loop, and where what they accept goes.
final class Acceptor {
    private var listeners: [OpenListener]
    private let mailboxes: [Mailbox]
    private var next = 0
    /// Kept open so that there is one descriptor to give away when the process has no other.
    private var reserve: FileDescriptor?
    private(set) var isPaused = false

    init(_ listeners: [OpenListener], _ mailboxes: [Mailbox]) {
        self.listeners = listeners
        self.mailboxes = mailboxes
        reserve = Self.openReserve()
    }

    func watch(_ poller: borrowing Poller) throws(SystemError) {
        for listener in listeners { try poller.addInput(listener.fd.raw, tag: EventLoop.Tag.listener) }
    }

    /// Accepts for a while; the poller tells again what is left.
    ///
    /// - Parameter receive: gets each connection with the mailbox whose loop is to have it.
    func accept(_ poller: borrowing Poller, _ receive: (consuming FileDescriptor, Peer, Mailbox) -> Void) {
        for listener in listeners {
            for _ in 0..<Self.acceptsPerTurnMax {
                switch listener.fd.accept() {
                case .connection(let fd, let peer):
                    next = (next + 1) % mailboxes.count
                    receive(fd, peer, mailboxes[next])
                    continue
                case .gone: continue
                case .none: break
                case .exhausted: return pause(poller, listener)
                }
                break
            }
        }
    }

    /// Out of descriptors. The peers stay in the backlog until the next sweep, and the loop does not spin on them; one is
    /// let in and closed, so that a table that stays full shows itself to clients as that and not as silence.
    private func pause(_ poller: borrowing Poller, _ listener: OpenListener) {
        if reserve != nil {
            reserve = nil
            _ = listener.fd.accept()
            reserve = Self.openReserve()
        }
        for listener in listeners { poller.remove(listener.fd.raw) }
        isPaused = true
    }

    func resume(_ poller: borrowing Poller) {
        guard isPaused else { return }
        isPaused = false
        if reserve == nil { reserve = Self.openReserve() }
        do {
            try watch(poller)
        } catch {
            // No kernel memory for the watch; tried again at the next sweep.
            isPaused = true
            for listener in listeners { poller.remove(listener.fd.raw) }
        }
    }

    /// Stops listening. The socket file goes first: once nobody answers on it, another server may put its own there.
    func close(_ poller: borrowing Poller) {
        for listener in listeners {
            listener.removeFile()
            poller.remove(listener.fd.raw)
        }
        listeners = []
    }

    private static func openReserve() -> FileDescriptor? { try? Socket.reserve() }

    private static let acceptsPerTurnMax = 64
}

extension EventLoop {
    /// Takes in who waits at the listeners, and gives each loop its part.
    func accept() {
        acceptor?.accept(poller) { fd, peer, target in
            guard ledger.enter(peer) else { return turnAway(fd) }
            if target === mailbox { return adopt(fd, peer) }
            target.post(.adopt(rawDescriptor: fd.release(), peer))
        }
    }

    /// One answer, if it goes out at once, and the end.
    private func turnAway(_ fd: consuming FileDescriptor) {
        headScratch.removeAll(keepingCapacity: true)
        let response = handler.problem(for: .tooManyConnections)
        guard case .bytes(let content) = response.body else { return }
        ResponseHead.write(response, .length(content.count), closes: true, date: date.bytes, into: &headScratch)
        _ = fd.send(headScratch, content)
        fd.shutdownWriting()
    }
}
