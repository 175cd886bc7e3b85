import ReelSystem
import Testing

@testable import ReelStore

/// Who watches is told of each commit, once readers can see it.
@Suite struct ChangeObserverTests {
    private final class Observed: Sendable {
        private let told = Monitor<[CommittedChanges]>([])

        func take(_ changes: CommittedChanges) { told.broadcast { $0.append(changes) } }

        /// Waits until something is told; what was told since this was last asked.
        func next() -> CommittedChanges {
            told.wait { told in
                guard !told.isEmpty else { return nil }
                var all = CommittedChanges()
                for changes in told {
                    all.changed.formUnion(changes.changed)
                    all.gone += changes.gone
                }
                told = []
                return all
            } ?? CommittedChanges()
        }

        var isQuiet: Bool { told.withLock { $0.isEmpty } }
    }

    private func changes(_ changed: Set<UInt64>, gone: [ClosedRange<UInt64>] = []) -> CommittedChanges {
        var changes = CommittedChanges()
        changes.changed = changed
        changes.gone = gone
        return changes
    }

    @Test func everyKindOfChangeIsTold() throws {
        let directory = TemporaryDirectory()
        let clock = FakeClock()
        let store = try Store.forTest(directory, clock: clock) { $0.recordingSizeMaxBytes = 2_000 }
        defer { store.close() }
        let observed = Observed()
        store.observeChanges { observed.take($0) }
        _ = try store.start()
        #expect(observed.next() == changes([1]))
        _ = try store.append(makeEvents(2), to: 1, writer: "w", batch: 1)
        #expect(observed.next() == changes([1]))
        // Nothing changes by a repeat; what is told next is the next change alone.
        _ = try store.append(makeEvents(2), to: 1, writer: "w", batch: 1)
        _ = try store.change(1) { $0.notes = "slow" }
        #expect(observed.next() == changes([1]))
        // The one that is full, and its successor.
        #expect(throws: StoreError.self) { try store.append(makeEvents(100, from: 2), to: 1) }
        #expect(observed.next() == changes([1, 2]))
        _ = try store.end(2)
        #expect(observed.next() == changes([2]))
        _ = try store.erase(1)
        #expect(observed.next() == changes([], gone: [1...1]))
    }

    @Test func aLeaseThatRanOutIsTold() throws {
        let directory = TemporaryDirectory()
        let clock = FakeClock()
        let store = try Store.forTest(directory, clock: clock)
        defer { store.close() }
        let observed = Observed()
        store.observeChanges { observed.take($0) }
        _ = try store.start()
        #expect(observed.next() == changes([1]))
        clock.advance(seconds: 1_801)
        store.tick()
        #expect(observed.next() == changes([1]))
        #expect(try store.recording(1).row.status == .idle)
    }

    @Test func whatRetentionRemovesIsTold() throws {
        let directory = TemporaryDirectory()
        let clock = FakeClock()
        let store = try Store.forTest(directory, clock: clock) {
            $0.retention.ageMaxMicroseconds = 86_400 * 1_000_000
        }
        defer { store.close() }
        for number in 1...3 {
            _ = try store.start()
            _ = try store.end(UInt64(number))
        }
        clock.advance(seconds: 2 * 86_400)
        let observed = Observed()
        store.observeChanges { observed.take($0) }
        try store.keepLimits()
        // The last end's own telling may come behind its answer.
        var gone: [ClosedRange<UInt64>] = []
        while gone.isEmpty { gone = observed.next().gone }
        #expect(gone == [1...3])
    }

    @Test func whatIsToldCanBeRead() throws {
        let directory = TemporaryDirectory()
        let store = try Store.forTest(directory)
        defer { store.close() }
        _ = try store.start()
        let counts = Monitor<[UInt64]>([])
        store.observeChanges { [weak store] _ in
            let count = (try? store?.snapshot(1).eventCount) ?? 0
            counts.broadcast { $0.append(count) }
        }
        for index in 0..<20 { _ = try store.append(makeEvents(1, from: index), to: 1) }
        let seen = counts.wait { $0.count == 20 ? $0 : nil }
        #expect(seen == Array(1...20))
        store.observeChanges(nil)
    }
}
