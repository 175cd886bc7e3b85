import ReelSystem
import Testing

@testable import ReelStore

/// What a watchdog is fed by.
struct HeartbeatTests {
    @Test func theWritersThreadBeatsWithoutAnyWork() throws {
        let beats = Monitor(0)
        let heartbeat = Heartbeat(everyMilliseconds: 1) { beats.broadcast { $0 += 1 } }
        let directory = TemporaryDirectory()
        let store = try Store.open(directory.path, .test, heartbeat: heartbeat)
        #expect(beats.wait(timeoutMilliseconds: 60_000) { $0 >= 5 ? true : nil } == true)
        store.close()
    }

    @Test func underLoadItBeatsOnlyWhenABeatIsDue() {
        let clock = FakeClock()
        let beats = Monitor(0)
        var pulse = Pulse(Heartbeat(everyMilliseconds: 60_000) { beats.withLock { $0 += 1 } }, clock)
        for _ in 0..<1000 { pulse.beatIfDue() }
        #expect(beats.withLock { $0 } == 1)
        clock.advance(seconds: 60)
        pulse.beatIfDue()
        #expect(beats.withLock { $0 } == 2)
    }
}
