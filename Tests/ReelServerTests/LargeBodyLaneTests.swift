import ReelSystem
import Testing

@testable import ReelServer

/// Large bodies are worked on one at a time; memory would grow by each that is not.
@Suite struct LargeBodyLaneTests {
    private struct Tally {
        var running = 0
        var runningMax = 0
        var order: [Int] = []
    }

    @Test func oneJobRunsAtATimeAndAllRunInOrder() {
        let workers = WorkerPool(threadCount: 4, waitingMax: 1_000)
        let lane = LargeBodyLane(workers)
        let tally = Monitor(Tally())
        for job in 0..<50 {
            let isTaken = lane.submit {
                tally.withLock { tally in
                    tally.running += 1
                    tally.runningMax = max(tally.runningMax, tally.running)
                }
                tally.broadcast { tally in
                    tally.running -= 1
                    tally.order.append(job)
                }
            }
            #expect(isTaken)
        }
        let isDone: Bool? = tally.wait(timeoutMilliseconds: 30_000) { $0.order.count == 50 ? true : nil }
        workers.stop()
        #expect(isDone == true)
        #expect(tally.withLock { $0.runningMax } == 1)
        #expect(tally.withLock { $0.order } == Array(0..<50))
    }

    @Test func otherWorkGoesOnBesideALargeJob() {
        let workers = WorkerPool(threadCount: 2, waitingMax: 1_000)
        let lane = LargeBodyLane(workers)
        let gate = Monitor(false)
        for _ in 0..<10 { _ = lane.submit { _ = gate.wait(timeoutMilliseconds: 30_000) { $0 ? true : nil } } }
        let small = Monitor(false)
        _ = workers.submit { small.broadcast { $0 = true } }
        let ran: Bool? = small.wait(timeoutMilliseconds: 30_000) { $0 ? true : nil }
        gate.broadcast { $0 = true }
        workers.stop()
        #expect(ran == true)
    }

    /// A pool that stops takes no more jobs; what the lane has taken runs all the same, or its clients would hang.
    @Test func whatWasTakenRunsAlsoWhenThePoolStops() {
        let workers = WorkerPool(threadCount: 2, waitingMax: 1_000)
        let lane = LargeBodyLane(workers)
        let gate = Monitor(false)
        let count = Monitor(0)
        for _ in 0..<10 {
            let isTaken = lane.submit {
                _ = gate.wait(timeoutMilliseconds: 30_000) { $0 ? true : nil }
                count.withLock { $0 += 1 }
            }
            #expect(isTaken)
        }
        let stopper = Thread("stopper") { workers.stop() }
        gate.broadcast { $0 = true }
        stopper.join()
        #expect(count.withLock { $0 } == 10)
        #expect(!lane.submit {})
    }
}
