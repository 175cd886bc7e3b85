import Synchronization

/// A number that any thread may add to.
final class Counter: Sendable {
    private let count = Atomic(0)

    func add(_ amount: Int = 1) { count.add(amount, ordering: .relaxed) }
    var value: Int { count.load(ordering: .relaxed) }
}

/// How long things took, in buckets as Prometheus has them.
final class Histogram: Sendable {
    /// Upper ends of the buckets in microseconds: 100 µs to 10 s, three a decade.
    static let bounds: [Int64] = [
        100, 250, 500, 1_000, 2_500, 5_000, 10_000, 25_000, 50_000, 100_000, 250_000, 500_000, 1_000_000, 2_500_000,
        5_000_000, 10_000_000,
    ]

    private let buckets = (0...bounds.count).map { _ in Counter() }
    private let sum = Counter()

    func observe(microseconds: Int64) {
        let index = Histogram.bounds.firstIndex { microseconds <= $0 } ?? Histogram.bounds.count
        buckets[index].add()
        sum.add(Int(microseconds))
    }

    /// Counts up to each bound, then the count of all, and the sum of microseconds.
    var snapshot: (cumulative: [Int], sumMicroseconds: Int) {
        var total = 0
        let cumulative = buckets.map { bucket in
            total += bucket.value
            return total
        }
        return (cumulative, sum.value)
    }
}
