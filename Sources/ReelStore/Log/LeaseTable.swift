import ReelSystem

/// When each open recording last got an event, on the uptime clock. In memory only: a restart or an outage begins every
/// lease anew.
final class LeaseTable: Sendable {
    private let touched = Monitor<[UInt64: Int64]>([:])

    func touch(_ recording: UInt64, _ uptimeMicroseconds: Int64) {
        touched.withLock { $0[recording] = uptimeMicroseconds }
    }

    func forget(_ recording: UInt64) { touched.withLock { _ = $0.removeValue(forKey: recording) } }

    /// The recordings last touched before `uptimeMicroseconds`.
    func idle(since uptimeMicroseconds: Int64) -> [UInt64] {
        touched.withLock { table in table.filter { $0.value < uptimeMicroseconds }.map(\.key) }
    }

    var openCount: Int { touched.withLock { $0.count } }
}
