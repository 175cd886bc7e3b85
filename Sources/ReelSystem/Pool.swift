/// Instances that are costly to make and usable by one thread at a time: borrowed for a call, kept for the next.
package final class Pool<Instance>: @unchecked Sendable {
    // An instance is either in `idle`, behind its lock, or with exactly one borrower.
    private let idle = Monitor<[Instance]>([])
    private let idleMax: Int
    private let make: @Sendable () -> Instance

    /// - Parameter idleMax: instances kept; more are dropped when they come back.
    package init(idleMax: Int = 8, _ make: @escaping @Sendable () -> Instance) {
        self.idleMax = idleMax
        self.make = make
    }

    package func borrow<Result, Failure: Error>(_ body: (Instance) throws(Failure) -> Result) throws(Failure) -> Result
    {
        let instance = idle.withLock { $0.popLast() } ?? make()
        defer { idle.withLock { if $0.count < idleMax { $0.append(instance) } } }
        return try body(instance)
    }

    /// Lets go of every instance that nobody has borrowed.
    package func dropIdle() { idle.withLock { $0 = [] } }
}
