import Foundation
import ReelFormat
import ReelSystem
import StoreFixtures
import Testing

@testable import ReelStore

@Suite struct ConcurrencyTests {
    @Test func writersReadersAndCompactionDoNotDisturbEachOther() throws {
        let directory = TemporaryDirectory()
        let store = try Store.forTest(directory) {
            $0.segmentSizeBytes = 64 << 10
            $0.checkpointSizeBytes = 32 << 10
        }
        let writerCount = 4
        let batchCount = 60
        for _ in 0..<writerCount { _ = try store.start() }
        let failures = Monitor<[String]>([])
        let isWriting = Monitor(writerCount)
        var threads: [ReelSystem.Thread] = []
        for number in 1...UInt64(writerCount) {
            threads.append(
                ReelSystem.Thread("writer") {
                    do {
                        for batch in 0..<batchCount {
                            let events = makeEvents(20, from: batch * 20, snapshotEvery: 200)
                            let first = try store.append(events, to: number, writer: "w", batch: UInt64(batch))
                                .firstOrdinal
                            if first != UInt64(batch * 20) { failures.withLock { $0.append("first \(first)") } }
                        }
                    } catch {
                        failures.withLock { $0.append("writer \(number): \(error)") }
                    }
                    isWriting.withLock { $0 -= 1 }
                })
        }
        for _ in 0..<2 {
            threads.append(
                ReelSystem.Thread("reader") {
                    while isWriting.withLock({ $0 > 0 }) {
                        for number in 1...UInt64(writerCount) {
                            do {
                                let events = try store.events(of: number)
                                let wanted = makeEvents(events.count, snapshotEvery: 200)
                                if events != wanted { failures.withLock { $0.append("recording \(number) differs") } }
                                _ = try store.recording(number)
                            } catch {
                                failures.withLock { $0.append("reader \(number): \(error)") }
                            }
                        }
                        let page = store.list(RecordingQuery(), limit: 10)
                        if page.recordings.count != writerCount {
                            failures.withLock { $0.append("the list has \(page.recordings.count): \(page.damage)") }
                        }
                    }
                })
        }
        while isWriting.withLock({ $0 > 0 }) {
            _ = try store.vacuum()
            store.tick()
        }
        threads.forEach { $0.join() }
        #expect(failures.withLock { $0 } == [])
        for number in 1...UInt64(writerCount) {
            #expect(try store.events(of: number) == makeEvents(batchCount * 20, snapshotEvery: 200))
        }
        let dump = try store.dump()
        store.close()
        #expect(try StoreVerifier(directory.path, .test).run().isSound)
        let again = try Store.forTest(directory) { $0.rebuildsIndex = true }
        let changed = differences(try again.dump(), dump)
        #expect(changed.isEmpty, "\(changed.joined(separator: "\n"))")
        again.close()
    }

    @Test func anIndexThatShrinksUnderneathKillsNobody() throws {
        let directory = TemporaryDirectory()
        var store = try Store.forTest(directory)
        _ = try store.start()
        _ = try store.append(makeEvents(10), to: 1)
        let dump = try store.dump()
        truncate("\(directory.path)/index/recordings", 0)
        truncate("\(directory.path)/index/summaries", 0)
        #expect(try store.recording(1).row.eventCount == 10)
        #expect(try store.append(makeEvents(10, from: 10), to: 1).firstOrdinal == 10)
        #expect(try store.events(of: 1) == makeEvents(20))
        store.close()
        store = try Store.forTest(directory)
        #expect(store.report.rebuiltIndex)
        #expect(try store.events(of: 1) == makeEvents(20))
        #expect(try store.dump().count == dump.count + 1)
        store.close()
    }

    @Test func withAnIntervalAnAckComesBeforeTheSyncAndTheSyncBeforeTheEnd() throws {
        let directory = TemporaryDirectory()
        let system = FaultyFileSystem()
        var options = StoreOptions()
        options.durability = .interval(milliseconds: 60_000)
        let store = try Store.open(directory.path, .test, options: options, fileSystem: system)
        _ = try store.start()
        // A sync would fail now, so an ack shows that none was waited for.
        system.faults.withLock { $0 = .init(sync: 5, path: ".seg") }
        #expect(try store.append(makeEvents(10), to: 1).firstOrdinal == 0)
        system.faults.withLock { $0 = .init() }
        store.close()
        let again = try Store.forTest(directory)
        #expect(try again.events(of: 1) == makeEvents(10))
        again.close()
    }
}
