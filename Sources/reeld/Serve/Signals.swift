import Glibc

/// The signals the daemon answers, taken by the main thread one at a time.
enum Signals {
    enum Received: Sendable {
        case stop
        case reload
    }

    /// Keeps the signals from every thread; to be called before any other is started, since threads inherit it.
    static func block() {
        var set = answered
        pthread_sigmask(SIG_BLOCK, &set, nil)
        // A limit on the size of files (setrlimit(2)) is a failed write like others, and no reason to die.
        signal(SIGXFSZ, SIG_IGN)
    }

    /// Waits for the next one.
    static func wait() -> Received {
        var set = answered
        var signal: Int32 = 0
        while sigwait(&set, &signal) != 0 {}
        return signal == SIGHUP ? .reload : .stop
    }

    private static var answered: sigset_t {
        var set = sigset_t()
        sigemptyset(&set)
        for signal in [SIGTERM, SIGINT, SIGHUP] { sigaddset(&set, signal) }
        return set
    }
}
