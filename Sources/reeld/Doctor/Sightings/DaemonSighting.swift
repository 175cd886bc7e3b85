import ReelCodec
import ReelHTTP
import ReelSystem

/// The Unix socket, and who answers there.
struct DaemonSighting: Sendable {
    enum Answer: Sendable {
        /// The figures of `/v1/store`.
        case figures(JSONValue)
        /// This user may not use the socket, or has no role there: what he was told.
        case denied(String)
        /// Why there was none.
        case none(String)
    }

    var socket: String
    var place: Sight<FileStatus>
    /// Who may record and who may watch, beside root and the daemon's own user; nil where there is no group of that name.
    var recorders: Group?
    var viewers: Group?
    var answer: Answer

    /// Far more than a busy daemon needs, and less than somebody waits who wants to know whether it hangs.
    private static let timeoutSeconds: UInt32 = 20

    init(_ settings: ServerSettings) {
        let socket = settings.socket
        self.socket = socket
        recorders = GroupName.id(of: settings.recordGroup).flatMap { Group($0) }
        viewers = GroupName.id(of: settings.viewGroup).flatMap { Group($0) }
        place = Sight { () throws(SystemError) in try FileStatus(of: socket) }
        let client = HTTPClient(.unix(path: socket), timeoutSeconds: Self.timeoutSeconds)
        do throws(HTTPClientError) {
            let response = try client.send(.get, "/v1/store")
            let problem = Problem(status: response.status, body: response.body)
            guard response.status == 200, let json = try? JSONValue(parsing: response.body) else {
                answer = response.status == 403 ? .denied(problem.detail) : .none(problem.detail)
                return
            }
            answer = .figures(json)
        } catch {
            if case .connect(let cause) = error {
                answer = cause.isDenied ? .denied(cause.reason) : .none(cause.reason)
            } else {
                answer = .none(Daemon.failure(for: error, at: client.endpoint).message)
            }
        }
    }

    var figures: JSONValue? { if case .figures(let json) = answer { json } else { nil } }
}

/// A TCP address that the daemon serves, or is to serve.
struct HTTPPlace: Sendable, Equatable {
    var address: ListenAddress

    /// What the socket unit passes comes before what is configured, as in the daemon.
    static func all(_ settings: Configuration, _ service: ServiceSighting?) -> [HTTPPlace] {
        let passed = service?.socket?.listenAddresses ?? []
        let addresses = passed.isEmpty ? [settings.server.listen].compactMap { $0 } : passed
        // Which port the kernel chose for 0, the daemon alone knows.
        return addresses.filter { $0.port != 0 }.map { HTTPPlace(address: $0) }
    }

    /// Why the daemon cannot be reached there; nil where it can.
    func trouble() -> String? {
        let client = HTTPClient(.tcp(address: address.host, port: address.port), timeoutSeconds: 20)
        do throws(HTTPClientError) {
            let response = try client.send(.get, "/healthz")
            guard response.status == 200, (try? JSONValue(parsing: response.body))?["status"]?.string == "ok" else {
                return "what answers there is no reeld"
            }
            return nil
        } catch {
            if case .connect(let cause) = error { return cause.reason }
            return Daemon.failure(for: error, at: client.endpoint).message
        }
    }
}
