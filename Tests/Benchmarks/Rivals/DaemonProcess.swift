import ReelHTTP
import ReelSystem

/// A daemon of our own with a store of its own, on a Unix socket and on loopback.
struct DaemonProcess {
    let socket: String
    let port: UInt16
    /// For reading over TCP.
    let token: String
    private let child: Child

    var processID: Int32 { child.processID }

    /// Starts `reeld serve` and waits until it is ready.
    ///
    /// - Parameters:
    ///   - directory: takes the store, the socket and the log of the daemon.
    ///   - loopThreads: event loops; nil leaves the default.
    init(_ program: String, directory: String, port: UInt16 = 17_335, loopThreads: Int? = nil) throws {
        socket = "\(directory)/reeld.sock"
        self.port = port
        let store = "\(directory)/store"
        let configuration = "\(directory)/reeld.conf"
        let text = loopThreads.map { "[server]\nloop_threads = \($0)\n" } ?? ""
        try SmallFile.createPrivate(configuration, holding: Array(text.utf8))
        child = try Child(
            [
                program, "serve", "--store", store, "--socket", socket, "--listen", "127.0.0.1:\(port)", "--config",
                configuration,
            ],
            output: "\(directory)/serve.log")
        let client = HTTPClient(.unix(path: socket), timeoutSeconds: 5)
        let clock = SystemClock()
        let deadline = clock.uptimeMicroseconds + 20_000_000
        while (try? client.send(.get, "/readyz"))?.status != 200 {
            guard clock.uptimeMicroseconds < deadline else {
                child.terminate()
                throw BenchmarkError("\(program) serve is not ready after 20 s; see \(directory)/serve.log")
            }
            Pause.milliseconds(50)
        }
        let line = String(decoding: try SmallFile.read("\(store)/read.token", sizeMaxBytes: 4096), as: UTF8.self)
        token = String(line.prefix { !$0.isWhitespace })
    }

    /// Asks it to end, and waits until it has.
    func stop() { child.terminate() }
}
