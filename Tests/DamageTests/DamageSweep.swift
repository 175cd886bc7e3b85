import Glibc
import ReelSystem

/// Judges many cases on two threads, and ends the process where one takes so long that it will never end.
final class DamageSweep: Sendable {
    struct Failure: CustomStringConvertible, Sendable {
        var name: String
        var problems: [String]
        var description: String { "\(name): " + problems.joined(separator: "; ") }
    }

    private struct Progress {
        var next = 0
        var deepCount = 0
        var failures: [Failure] = []
        /// What each thread is at, since when.
        var running: [Int: (index: Int, since: Int64)] = [:]
        var isDone = false
    }

    private static let threadCount = 2
    /// A case takes milliseconds. This is for a machine that does nothing for minutes.
    private static let caseMicrosecondsMax: Int64 = 600_000_000

    private let name: String
    private let cases: [DamageCase]
    private let judge: DamageJudge
    private let deepOneIn: Int
    private let progress = Monitor(Progress())
    private let seconds = Monitor(0.0)

    init(_ name: String, _ cases: [DamageCase], _ judge: DamageJudge, deepOneIn: Int) {
        self.name = name
        self.cases = cases
        self.judge = judge
        self.deepOneIn = deepOneIn
    }

    var figures: String {
        let deep = progress.withLock { $0.deepCount }
        return "damage \(name): \(cases.count) cases, \(deep) of them through the whole store, "
            + "\(seconds.withLock { ($0 * 10).rounded() / 10 }) s"
    }

    func run() -> [Failure] {
        let start = now()
        let watch = Thread("damage-watch") { [self] in watchOver() }
        let threads = (0..<DamageSweep.threadCount).map { number in
            Thread("damage-\(number)") { [self] in while judgeNext(number) {} }
        }
        for thread in threads { thread.join() }
        progress.broadcast { $0.isDone = true }
        watch.join()
        seconds.withLock { $0 = Double(now() - start) / 1e6 }
        return progress.withLock { $0.failures }
    }

    private func judgeNext(_ thread: Int) -> Bool {
        let taken: (index: Int, isDeep: Bool)? = progress.withLock { progress in
            guard progress.next < cases.count else {
                progress.running[thread] = nil
                return nil
            }
            let index = progress.next
            progress.next += 1
            progress.running[thread] = (index, now())
            let isDeep = index % deepOneIn == 0
            if isDeep { progress.deepCount += 1 }
            return (index, isDeep)
        }
        guard let (index, isDeep) = taken else { return false }
        let problems = judge.problems(cases[index], isDeep: isDeep)
        if !problems.isEmpty {
            progress.withLock { $0.failures.append(Failure(name: cases[index].name, problems: problems)) }
        }
        return true
    }

    private func watchOver() {
        while progress.wait(timeoutMilliseconds: 5000, until: { $0.isDone ? true : nil }) == nil {
            let stuck = progress.withLock { progress in
                progress.running.values.first { now() - $0.since > DamageSweep.caseMicrosecondsMax }
            }
            if let stuck { fatalError("it does not end: \(cases[stuck.index].name)") }
        }
    }

    private func now() -> Int64 { SystemClock().uptimeMicroseconds }
}

/// A small generator whose seed a failing test prints (SplitMix64).
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64
    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}
