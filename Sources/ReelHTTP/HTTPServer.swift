import ReelSystem

/// An HTTP/1.1 server: listeners, event loops, and a handler for what they read.
///
/// Opened by `init`, it serves from `start` until `drain`; `join` waits for its end. TLS and WebSocket are to stand between
/// a connection and its socket, and behind an answer that upgrades; nothing here assumes a plain one but `EventLoop`.
package final class HTTPServer: Sendable {
    private struct State: Sendable {
        var threads: [Thread] = []
        var startFailure: SystemError?
        var startedCount = 0
    }

    /// Open until the server drains: a socket that still listens would let clients in to wait for nobody.
    private let listeners: Monitor<[OpenListener]>
    private let handler: any RequestHandler
    private let options: HTTPOptions
    private let mailboxes: [Mailbox]
    private let counters: [LoopCounters]
    private let ledger: ConnectionLedger
    private let state = Monitor(State())

    /// Opens the listeners; connections wait in the kernel until `start`.
    ///
    /// - Throws: what a listener could not be opened for, with its path or address.
    package init(listeners: [Listener], handler: any RequestHandler, options: HTTPOptions = HTTPOptions())
        throws(SystemError)
    {
        precondition(!listeners.isEmpty && options.loopCount > 0)
        var open: [OpenListener] = []
        var mailboxes: [Mailbox] = []
        do throws(SystemError) {
            for listener in listeners { open.append(try OpenListener(listener, backlog: options.backlogCount)) }
            for _ in 0..<options.loopCount { mailboxes.append(try Mailbox()) }
        } catch {
            // The second address is taken: the first one's socket file would look like a daemon that crashed.
            for listener in open { listener.removeFile() }
            throw error
        }
        boundPorts = open.compactMap { $0.fd.boundPort }
        self.listeners = Monitor(open)
        self.mailboxes = mailboxes
        self.handler = handler
        self.options = options
        counters = mailboxes.map { _ in LoopCounters() }
        ledger = ConnectionLedger(options)
    }

    /// The TCP ports listened on, in the listeners' order, for listeners that asked for port 0.
    package let boundPorts: [UInt16]

    package var statistics: HTTPStatistics {
        var sum = HTTPStatistics()
        ledger.add(to: &sum)
        for counter in counters { counter.add(to: &sum) }
        return sum
    }

    /// Starts the loops, once; returns when all of them serve.
    ///
    /// - Throws: when the kernel has no epoll instance for a loop. The server is then over.
    package func start() throws(SystemError) {
        let threads = mailboxes.indices.map { index in
            Thread("http-\(index)") { self.runLoop(index) }
        }
        state.withLock { $0.threads = threads }
        _ = state.wait { state in state.startedCount == threads.count ? true : nil }
        if let failure = state.withLock({ $0.startFailure }) {
            drain(deadlineSeconds: 0)
            join()
            throw failure
        }
    }

    private func runLoop(_ index: Int) {
        do {
            // Only the first loop accepts: an adopted socket cannot be opened once a loop (SO_REUSEPORT).
            let loop = try EventLoop(
                handler: handler, options: options, mailbox: mailboxes[index], ledger: ledger,
                counters: counters[index], acceptor: index == 0 ? Acceptor(listeners.withLock { $0 }, mailboxes) : nil)
            state.broadcast { $0.startedCount += 1 }
            loop.run()
        } catch {
            state.broadcast { state in
                state.startedCount += 1
                state.startFailure = error
            }
        }
    }

    /// Stops accepting at once, lets what is in flight finish, and then ends the loops. Returns immediately.
    ///
    /// - Parameter deadlineSeconds: what is not finished by then is cut off.
    package func drain(deadlineSeconds: Int) {
        listeners.withLock { $0 = [] }
        let deadline = SystemClock().uptimeMicroseconds / 1_000 + Int64(deadlineSeconds) * 1_000
        for mailbox in mailboxes { mailbox.post(.drain(deadline: deadline)) }
    }

    /// Waits until the loops have ended, after `drain`; once.
    package func join() {
        let threads = state.withLock { state in
            defer { state.threads = [] }
            return state.threads
        }
        for thread in threads { thread.join() }
        // The first loop may have given another one a connection after that had ended.
        var rest: [Message] = []
        for mailbox in mailboxes {
            mailbox.take(into: &rest)
            for case .adopt(let rawDescriptor, let peer) in rest {
                FileDescriptor(owning: rawDescriptor).close()
                ledger.leave(peer)
            }
            rest.removeAll()
        }
    }
}
