import Foundation
import ReelSystem
import Testing

/// Mistakes made on purpose: a run under a sanitizer that lets them pass proves nothing of the runs without them.
///
/// `REELD_PLANTED=race` or `overflow` makes one; `packaging/sanitize` does, and wants the run to fail.
@Suite struct SanitizerControlTests {
    private static let planted = ProcessInfo.processInfo.environment["REELD_PLANTED"]

    /// Two threads count in the same place without a lock.
    @Test(.enabled(if: planted == "race")) func aPlantedRaceIsCaught() {
        let count = Shared(UnsafeMutablePointer<Int>.allocate(capacity: 1))
        count.pointer.initialize(to: 0)
        let threads = (0..<2).map { _ in
            ReelSystem.Thread("racer") { for _ in 0..<10_000 { count.pointer.pointee += 1 } }
        }
        for thread in threads { thread.join() }
        count.pointer.deallocate()
    }

    /// Reads the byte behind an allocation.
    @Test(.enabled(if: planted == "overflow")) func aPlantedOverflowIsCaught() {
        let bytes = UnsafeMutablePointer<UInt8>.allocate(capacity: 24)
        bytes.initialize(repeating: 1, count: 24)
        #expect(bytes[24] != bytes[23] || bytes[24] == bytes[23])
        bytes.deallocate()
    }
}

private struct Shared: @unchecked Sendable {
    // Not guarded at all: that is the point.
    let pointer: UnsafeMutablePointer<Int>
    init(_ pointer: UnsafeMutablePointer<Int>) { self.pointer = pointer }
}
