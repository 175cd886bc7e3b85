import ReelCodec
import ReelStore
import ReelSystem

/// Everything the doctor saw, before anything of it is judged.
struct Scene: Sendable {
    var configuration: ConfigurationSighting
    var store: StoreSighting
    var key: KeySighting
    /// The token of those who read over TCP.
    var token: Sight<FileStatus>
    var daemon: DaemonSighting
    /// TCP addresses that somebody is to be reached at, and what was heard there; nil: the daemon's own answer.
    var listeners: [(place: HTTPPlace, trouble: String?)]
    /// Nil where systemd does not run, or what is looked at is not its service.
    var service: ServiceSighting?
    var archive: ArchiveSighting?
    var clock: ClockSighting
    /// Who looks.
    var userID: UInt32

    /// What holds, or the defaults where the files cannot be used.
    var settings: Configuration { configuration.values }

    /// Looks at everything once.
    ///
    /// - Parameters:
    ///   - path: a configuration file; nil for the standard one.
    ///   - isService: whether this is about the machine's own service, and not about a daemon that a command line describes.
    static func look(
        _ path: String?, overrides: [ConfigurationLoader.Override], isService: Bool, clock: any Clock = SystemClock()
    ) -> Scene {
        let configuration = ConfigurationSighting(path, overrides)
        let settings = configuration.values
        let service = isService ? ServiceSighting.look() : nil
        let now = clock.wallMicroseconds
        return Scene(
            configuration: configuration, store: StoreSighting(settings.store.directory, now: now),
            key: KeySighting(settings.store, hasCredentials: isService),
            token: Sight { () throws(SystemError) in try FileStatus(of: settings.tokenPath) },
            daemon: DaemonSighting(settings.server),
            listeners: HTTPPlace.all(settings, service).map { ($0, $0.trouble()) }, service: service,
            archive: ArchiveSighting(settings), clock: ClockSighting(clock), userID: CurrentUser.id)
    }
}

/// What looking came to.
enum Sight<Value: Sendable>: Sendable {
    case there(Value)
    case missing
    /// This user may not look.
    case denied
    case failed(SystemError)

    init(_ look: () throws(SystemError) -> Value) {
        do throws(SystemError) {
            self = .there(try look())
        } catch {
            self = error.isMissing ? .missing : error.isDenied ? .denied : .failed(error)
        }
    }

    var value: Value? { if case .there(let value) = self { value } else { nil } }
    var isDenied: Bool { if case .denied = self { true } else { false } }
    var isMissing: Bool { if case .missing = self { true } else { false } }
}

/// The clock as it was when the doctor looked.
struct ClockSighting: Sendable {
    /// Microseconds since 1970.
    var now: Int64
    var isSynchronised: Bool

    init(_ clock: any Clock) {
        now = clock.wallMicroseconds
        isSynchronised = clock.isSynchronised
    }
}
