import ReelSystem

/// Who is told that the log's writer still goes round: what a watchdog is fed by. A writer that hangs in the disk, or in
/// itself, is silent.
package struct Heartbeat: Sendable {
    /// How long the writer may be silent while it is well.
    let intervalMicroseconds: Int64
    let beat: @Sendable () -> Void

    /// - Parameter beat: called on the writer's thread; must not block.
    package init(everyMilliseconds interval: Int, _ beat: @escaping @Sendable () -> Void) {
        intervalMicroseconds = Int64(max(1, interval)) * 1000
        self.beat = beat
    }
}

/// When the next beat is due, whatever work there is: under load the writer goes round thousands of times a second.
struct Pulse {
    private let heartbeat: Heartbeat
    private let clock: any Clock
    /// On the uptime clock.
    private(set) var dueMicroseconds: Int64

    /// The first beat is due at once.
    init(_ heartbeat: Heartbeat, _ clock: any Clock) {
        self.heartbeat = heartbeat
        self.clock = clock
        dueMicroseconds = clock.uptimeMicroseconds
    }

    mutating func beatIfDue() {
        let now = clock.uptimeMicroseconds
        guard now >= dueMicroseconds else { return }
        heartbeat.beat()
        dueMicroseconds = now + heartbeat.intervalMicroseconds
    }
}
