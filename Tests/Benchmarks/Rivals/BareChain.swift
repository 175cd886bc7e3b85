import ReelCodec
import ReelSystem

/// What must be done to a batch whatever stores it: validate, slice, deflate (ISA-L 1), seal (AES-256-GCM); without
/// network, log or disk. On as many threads as the daemon has workers, so that both meet the same caches.
enum BareChain {
    private struct Sum: Sendable {
        var cpuSeconds = 0.0
        var rawSizeBytes = 0
        var leftCount = WriterLoop.workerCount
        var failure: String?
    }

    /// - Parameter rawSizeBytes: about as much goes through in all.
    /// - Returns: seconds of CPU time a raw GB.
    static func cpuSecondsAGigabyte(_ corpus: Corpus, rawSizeBytes: Int) throws -> Double {
        let passCount = max(1, rawSizeBytes / corpus.batchesSizeBytes / WriterLoop.workerCount)
        let sum = Monitor(Sum())
        let threads = (0..<WriterLoop.workerCount).map { _ in
            Thread("bench-chain") {
                let result = Result { try pass(corpus, count: passCount) }
                sum.broadcast { sum in
                    switch result {
                    case .success(let seconds):
                        sum.cpuSeconds += seconds
                        sum.rawSizeBytes += passCount * corpus.batchesSizeBytes
                    case .failure(let error): sum.failure = "\(error)"
                    }
                    sum.leftCount -= 1
                }
            }
        }
        for thread in threads { thread.join() }
        let total = sum.withLock { $0 }
        if let failure = total.failure { throw BenchmarkError(failure) }
        return total.cpuSeconds * 1e9 / Double(total.rawSizeBytes)
    }

    private static func pass(_ corpus: Corpus, count: Int) throws -> Double {
        let scanner = EventScanner()
        let deflater = FrameDeflater()
        let sealer = try GCMSealer()
        let began = CPUTime.secondsOfThisThread()
        var sealedSizeBytes = 0
        for _ in 0..<count {
            for body in corpus.batches {
                sealedSizeBytes += sealer.seal(deflater.member(of: try scanner.scan(body).run.text))
            }
        }
        guard sealedSizeBytes > 0 else { throw BenchmarkError("the chain sealed nothing") }
        return CPUTime.secondsOfThisThread() - began
    }
}
