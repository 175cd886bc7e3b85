import ReelHTTP
import ReelStore
import ReelSystem

/// The HTTP API of API.md over a store: listeners, routes, workers.
///
/// Opened by `init`, it serves from `start` until `drain`; `join` waits for its end. The store is the caller's: it is
/// closed after `join`.
package final class ReelServer: Sendable {
    private let context: ServerContext
    private let server: HTTPServer
    /// What answers; tests ask it without a connection.
    let handler: any RequestHandler

    /// Opens the listeners; connections wait in the kernel until `start`.
    ///
    /// - Parameters:
    ///   - note: told what the journal should say; called on any of the server's threads, must not block.
    /// - Throws: what a listener could not be opened for, with its path or address.
    package init(
        store: Store, listeners: [Listener], options: ServerOptions = ServerOptions(), clock: any Clock = SystemClock(),
        note: @escaping @Sendable (ServerEvent) -> Void = { _ in }
    ) throws(SystemError) {
        context = ServerContext(store: store, options: options, clock: clock, note: note)
        let statistics = StatisticsSource()
        let router = Router(context: context) { statistics.current }
        handler = router
        do {
            server = try HTTPServer(listeners: listeners, handler: router, options: options.http)
        } catch {
            context.workers.stop()
            throw error
        }
        statistics.follow(server)
        store.observeChanges { [live = context.live] changes in live.tell(of: changes) }
    }

    /// Serves; returns once the loops run.
    package func start() throws(SystemError) { try server.start() }

    /// The TCP ports listened on, for listeners that asked for port 0.
    package var boundPorts: [UInt16] { server.boundPorts }

    package var statistics: HTTPStatistics { server.statistics }

    /// Stops accepting, refuses what is asked from now on with `stopping`, and lets what is in flight finish. Returns
    /// immediately.
    ///
    /// - Parameter deadlineSeconds: what is not finished by then is cut off.
    package func drain(deadlineSeconds: Int) {
        context.isStopping = true
        context.live.stop()
        server.drain(deadlineSeconds: deadlineSeconds)
    }

    /// Waits for the end after `drain`; once.
    package func join() {
        server.join()
        context.store.observeChanges(nil)
        context.compactions.close()
        context.erasures.close()
        context.snapshots.close()
        context.workers.stop()
    }
}

/// The HTTP server's figures for its own handler, which is made before it. Weak, so that neither keeps the other.
private final class StatisticsSource: Sendable {
    private struct State {
        weak var server: HTTPServer?
    }
    private let state = Monitor(State())

    func follow(_ server: HTTPServer) { state.withLock { $0.server = server } }

    /// Nil before the server is made, and after its end.
    var current: HTTPStatistics? { state.withLock { $0.server }?.statistics }
}
