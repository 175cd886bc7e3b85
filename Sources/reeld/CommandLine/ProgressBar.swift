import Glibc
import ReelSystem

/// One line on standard error that tells how far a long command is; on anything but a terminal it stays silent.
struct ProgressBar {
    /// Redraws closer together than this would only cost.
    static let intervalMicroseconds: Int64 = 100_000

    let total: UInt64
    private let clock: any Clock
    private let draw: (String) -> Void
    private let isShown: Bool
    private let startMicroseconds: Int64
    private var drawnMicroseconds: Int64?

    /// - Parameter total: what `advance` counts up to, in bytes.
    init(
        total: UInt64, clock: any Clock = SystemClock(), isShown: Bool = Terminal.isConnected(to: STDERR_FILENO),
        draw: @escaping (String) -> Void = StandardErrorSink.write
    ) {
        self.total = total
        self.clock = clock
        self.isShown = isShown
        self.draw = draw
        startMicroseconds = clock.uptimeMicroseconds
    }

    /// Shows that `done` bytes are done, unless it was drawn just before.
    mutating func advance(to done: UInt64, _ label: String) {
        let now = clock.uptimeMicroseconds
        guard isShown, drawnMicroseconds.map({ now - $0 >= Self.intervalMicroseconds }) ?? true else { return }
        drawnMicroseconds = now
        draw("\r\(line(done, label, elapsed: now - startMicroseconds))\u{1B}[K")
    }

    /// Takes the line away, to make room for what is printed next.
    mutating func clear() {
        guard isShown, drawnMicroseconds != nil else { return }
        drawnMicroseconds = nil
        draw("\r\u{1B}[K")
    }

    private func line(_ done: UInt64, _ label: String, elapsed: Int64) -> String {
        let share = total == 0 ? 1 : min(1, Double(done) / Double(total))
        let filled = Int(share * 24)
        let bar = String(repeating: "█", count: filled) + String(repeating: "░", count: 24 - filled)
        let rate = elapsed > 0 ? HumanText.size(UInt64(Double(done) / Double(elapsed) * 1e6)) + "/s" : ""
        return "\(bar) \(Int(share * 100)) % \(rate) \(label.printable.prefix(40))"
    }
}
