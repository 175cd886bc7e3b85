import ReelSystem

/// Ctrl-C and SIGTERM as a question that long work asks now and then, so that it can clean up.
enum Cancellation {
    /// - Returns: whether one of them has come.
    static func begin() -> @Sendable () -> Bool {
        let hasCome = Monitor(false)
        Signals.block()
        // Left behind at the end of the process: nothing is lost with it.
        _ = Thread("signals") {
            while true {
                _ = Signals.wait()
                hasCome.withLock { $0 = true }
            }
        }
        return { hasCome.withLock { $0 } }
    }
}
