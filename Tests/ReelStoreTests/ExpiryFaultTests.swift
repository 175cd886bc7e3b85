import Foundation
import ReelFormat
import ReelSystem
import Testing

@testable import ReelStore

/// Retention on a disk that fails: what stays is whole, and what went is told as gone and never as lost.
@Suite struct ExpiryFaultTests {
    struct Case: Sendable, CustomTestStringConvertible {
        var name: String
        var path: String
        var set: @Sendable (inout FaultyFileSystem.Faults) -> Void
        var testDescription: String { "\(name) \(path)" }
    }

    private static let faults: [(String, @Sendable (inout FaultyFileSystem.Faults) -> Void)] = [
        ("write EIO", { $0.write = EIO }), ("write ENOSPC", { $0.write = ENOSPC }), ("sync", { $0.sync = EIO }),
        ("open", { $0.open = EIO }), ("rename", { $0.rename = EIO }), ("unlink", { $0.unlink = EIO }),
        ("read", { $0.read = EIO }), ("directory", { $0.syncDirectory = EIO }),
    ]

    private static let cases = faults.flatMap { fault in
        ["/log", "/tmp/", "/index", "/store"].map { Case(name: fault.0, path: $0, set: fault.1) }
    }

    @Test(arguments: cases) func aDiskThatFailsLosesNothingThatStays(_ fault: Case) throws {
        let directory = TemporaryDirectory(parent: TemporaryDirectory.memory)
        let system = FaultyFileSystem()
        let clock = FakeClock()
        func open() throws -> Store {
            try Store.forTest(directory, fileSystem: system, clock: clock) { $0.segmentSizeBytes = 16 << 10 }
        }
        var store = try open()
        for number in 1...24 as ClosedRange<UInt64> {
            #expect(try store.start().recording.number == number)
            _ = try store.append(makeEvents(40), to: number)
            if number == 5 { _ = try store.change(number) { $0.isPinned = true } }
            _ = try store.end(number)
            if number == 18 { clock.advance(seconds: 1000) }
        }
        let kept: [UInt64] = [5] + Array(19...24)
        var request = VacuumRequest()
        request.ageMaxMicroseconds = 500_000_000
        system.faults.withLock {
            fault.set(&$0)
            $0.path = fault.path == "/store" ? "\(directory.path)/store" : fault.path
        }
        _ = try? store.vacuum { $0 = request }
        // Whatever failed, what was told to be gone is gone, and the rest is there.
        system.heal()
        for number in kept { #expect(try store.events(of: number) == makeEvents(40)) }
        if !store.health.isReadOnly { _ = try store.vacuum { $0 = request } }
        store.close()
        store = try open()
        _ = try store.vacuum { $0 = request }
        for number in kept { #expect(try store.events(of: number) == makeEvents(40)) }
        for number in 1...18 as ClosedRange<UInt64> where number != 5 {
            #expect {
                try store.recording(number)
            } throws: {
                if case StoreError.expired(.age) = $0 { true } else { false }
            }
        }
        #expect(try store.start().recording.number == 25)
        store.close()
        let report = try StoreVerifier(directory.path).run()
        #expect(report.isSound, "\(report.damage) \(report.gaps) \(report.lostRecordings)")
    }
}
