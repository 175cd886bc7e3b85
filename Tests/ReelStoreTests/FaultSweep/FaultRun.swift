import Foundation
import ReelCodec
import ReelFormat
import ReelSystem
import StoreFixtures
import Testing

@testable import ReelStore

/// One life of a store on a disk that fails at one point: asks for things, takes every answer to account, and at the end
/// opens the store again on a healthy disk.
final class FaultRun {
    let system: FaultyFileSystem
    let directory: TemporaryDirectory
    private var point: FaultPoint?
    private var isClosed = false
    private let clock = FakeClock()
    private let durability: Durability
    private var store: Store?
    private(set) var model = FaultModel()
    private(set) var failures: [String] = []
    /// The calls until the end of the scenario; what comes behind only looks at what it left.
    private(set) var scenarioCallCount = 0
    private let readOnlyEvents = Monitor<[Int]>([])

    init(_ directory: TemporaryDirectory, _ point: FaultPoint?, durability: Durability, model: FaultModel? = nil) {
        self.directory = directory
        self.point = point
        self.durability = durability
        system = FaultyFileSystem(point)
        if let model { self.model = model }
    }

    // MARK: Asking

    func open() { _ = attempt(.open) { store = try openStore(system) } }

    private func openStore(_ fileSystem: any FileSystem, rebuildsIndex: Bool = false) throws -> Store {
        var options = StoreOptions()
        options.compaction.isAutomatic = false
        options.segmentSizeBytes = 3 << 10
        options.durability = durability
        options.rebuildsIndex = rebuildsIndex
        return try Store.open(directory.path, .test, options: options, fileSystem: fileSystem, clock: clock) {
            [system, readOnlyEvents] event in
            if case .storeReadOnly = event {
                readOnlyEvents.withLock { $0.append(system.record.trace.count - 1) }
            }
        }
    }

    func start() {
        var subject = FaultModel.Subject(id: makeID())
        let id = subject.id
        let (fate, receipt) = write(.start) { store in try store.start(id: id) }
        subject.start = fate
        subject.number = receipt?.recording.number ?? 0
        model.subjects.append(subject)
    }

    func append(_ index: Int, _ count: Int = 10) {
        guard hasStarted(index) else { return }
        let subject = model.subjects[index]
        // Events that no other batch has, so that each is known when it is met again.
        let events = makeEvents(count, from: subject.eventCount, page: "https://shop.example/\(index)")
        let batch = subject.batches.count
        model.subjects[index].batches.append(.init(events: events, fate: .refused))
        appendBatch(index, batch)
    }

    private func appendBatch(_ index: Int, _ batch: Int) {
        let subject = model.subjects[index]
        let (fate, _) = write(.append) { store in
            try store.append(subject.batches[batch].events, to: subject.number, writer: "w", batch: UInt64(batch))
        }
        model.subjects[index].batches[batch].fate = fate
    }

    func change(_ index: Int) {
        guard hasStarted(index) else { return }
        let text = "notes \(model.subjects[index].notes.count)"
        let number = model.subjects[index].number
        let (fate, _) = write(.change) { store in try store.change(number) { $0.notes = text } }
        model.subjects[index].notes.append((text, fate))
    }

    func end(_ index: Int) {
        guard hasStarted(index) else { return }
        let number = model.subjects[index].number
        model.subjects[index].end = write(.end) { store in try store.end(number) }.0
    }

    func erase(_ index: Int) {
        guard hasStarted(index) else { return }
        let number = model.subjects[index].number
        model.subjects[index].erase = write(.erase) { store in try store.erase(number) }.0
    }

    func checkpoint() { _ = attempt(.checkpoint) { try store?.checkpoint() } }

    func vacuum() { _ = attempt(.vacuum) { _ = try store?.vacuum() } }

    func read() {
        for subject in model.subjects where subject.start == .acked && subject.erase == .refused {
            _ = attempt(.read) { _ = try store?.recording(subject.number) }
            _ = attempt(.read) { _ = try store?.events(of: subject.number) }
        }
        _ = attempt(.list) {
            if let failure = store?.list(RecordingQuery(), limit: 100).failures.first { throw failure }
        }
    }

    func verify() {
        _ = attempt(.verify) {
            let report = try StoreVerifier(directory.path, .test, fileSystem: system).run()
            if !report.isSound { fail("verify tells of damage: \(report.damage)") }
        }
    }

    private func hasStarted(_ index: Int) -> Bool { model.subjects[index].start == .acked }

    // MARK: Answers

    private func write<Answer>(_ step: FaultStep, _ body: (Store) throws -> Answer) -> (Fate, Answer?) {
        var answer: Answer?
        guard let store else { return (.refused, nil) }
        let tolds = attempt(step) { answer = try body(store) }
        if tolds.last == .success { return (.acked, answer) }
        // Erased for all who read, though the ledger is still to be written.
        if tolds.contains(.ledgerFailed) { return (.acked, nil) }
        // The tombstone is durable before the key is touched.
        if tolds.contains(.eraseIncomplete) { return (.acked, answer) }
        return (tolds.contains(.outcomeUnknown) ? .unknown : .refused, nil)
    }

    /// Asks, and as a client would asks again when that failed.
    private func attempt(_ step: FaultStep, _ body: () throws -> Void) -> [Told] {
        var tolds: [Told] = []
        for _ in 0..<3 where tolds.last != .success {
            let begin = system.record.trace.count
            let hadFired = system.hasFired
            let told: Told
            do {
                try body()
                told = .success
            } catch {
                told = Told(error)
            }
            tolds.append(told)
            judge(step, told, begin: begin, isHit: system.hasFired && !hadFired, attempt: tolds.count)
        }
        return tolds
    }

    private func judge(_ step: FaultStep, _ told: Told, begin: Int, isHit: Bool, attempt: Int) {
        if case .nonsense(let what) = told { return fail("\(step) answered \(what)") }
        let isReadOnly = store?.health.isReadOnly ?? false
        if told == .readOnly, !isReadOnly { fail("\(step) says read-only, and the store's health does not") }
        guard let point else {
            if told != .success { fail("\(step) answered \(told) on a healthy disk") }
            return
        }
        if point.isSticky { return }
        let trace = system.record.trace
        if isHit, let call = system.record.firedCall, let at = trace.lastIndex(of: call) {
            let wanted = FaultExpectation.told(step, call, after: Array(trace[begin..<at]), durability: durability)
            // A slot is asked for whether the keyring has all keys, and must be read; and for erased recordings and
            // summaries, which wait or come from the log.
            let isSlot = call.kind == .read && call.path.hasSuffix(".ring")
            // Who then reads from the log has asked for the slot again, and got it.
            let isReadAgain = trace[(at + 1)...].contains {
                $0.kind == .read && $0.path == call.path && $0.failure == nil
            }
            let isMended = isSlot && (step == .open || [.read, .list].contains(step) && isReadAgain)
            if told != wanted, !(isMended && told == .success) {
                fail("\(step) answered \(told), not \(wanted), when \(call) failed")
            }
        } else if told != .success {
            // A disk that failed once serves again; what a sync left in doubt is not trusted again.
            let isInDoubt = step == .checkpoint && system.record.firedCall?.kind == .sync
            let isKnown = isInDoubt || (isReadOnly && told == .readOnly)
            if !isKnown { fail("\(step), attempt \(attempt), answered \(told) after the fault") }
        }
    }

    private func fail(_ what: String) { failures.append(what) }

    private func makeID() -> UUIDv7 {
        let count = UInt64(model.subjects.count)
        guard let id = UUIDv7(high: 0x0190_0000_0000_7000, low: 1 << 63 | count) else { preconditionFailure("no id") }
        return id
    }

    // MARK: The end

    func noteScenarioEnd() { scenarioCallCount = system.record.trace.count }

    /// Compares what the store shows with what was asked, as it is, then on a healthy disk, then opened again.
    func finish() {
        if isClosed { return reopen() }
        // A disk that gives EIO for everything has no answers to compare.
        if let point, point.isSticky, point.fault.code != EIO, store != nil { compare("while the disk fails", true) }
        let isReadOnlyBefore = store?.health.isReadOnly ?? false
        system.heal()
        if store == nil { open() }
        compare("once the disk is sound", true)
        probe(isReadOnlyBefore)
        close()
        reopen()
    }

    private func compare(_ when: String, _ isLive: Bool) {
        guard let store else { return fail("\(when): the store is not open") }
        for difference in model.differences(store, isLive: isLive) { fail("\(when): \(difference)") }
    }

    /// Writing goes on when the disk is sound again, unless the store has said that it is read-only.
    private func probe(_ isReadOnly: Bool) {
        guard let store else { return }
        do {
            let receipt = try store.start(id: makeID())
            if isReadOnly { fail("a read-only store took a start") }
            model.subjects.append(.init(id: makeID(), number: receipt.recording.number, start: .acked))
        } catch {
            let wanted = isReadOnly ? Told.readOnly : .success
            if Told(error) != wanted { fail("on a sound disk a start got \(Told(error)), not \(wanted)") }
        }
        let events = readOnlyEvents.withLock { $0 }
        if events.count != (isReadOnly ? 1 : 0) { fail("the journal was told \(events.count) times of read-only") }
    }

    /// Stops as the daemon does, and looks at what was done to the disk until then.
    func close() {
        guard !isClosed else { return }
        isClosed = true
        store?.close()
        store = nil
        let record = system.record
        if record.heldCount != 0 { fail("\(record.heldCount) files or mappings are still held") }
        let readOnlyAfter = readOnlyEvents.withLock { $0.first }
        failures += FaultExpectation.violations(record.trace, readOnlyAfter: readOnlyAfter)
    }

    private func reopen() {
        do {
            point = nil
            var store = try openStore(HostFileSystem())
            self.store = store
            if !store.report.damage.isEmpty { fail("opened again: damage is told: \(store.report.damage)") }
            compare("opened again", false)
            retryUnknown(store)
            compare("after retries", true)
            let dump = try store.dump()
            store.close()
            store = try openStore(HostFileSystem(), rebuildsIndex: true)
            self.store = store
            let changes = differences(dump, try store.dump())
            if !changes.isEmpty { fail("the rebuilt index differs: \(changes.prefix(4))") }
            store.close()
            self.store = nil
            let report = try StoreVerifier(directory.path, .test).run()
            if !report.isSound {
                fail("verify found \(report.damage) \(report.gaps) \(report.lostRecordings)")
            }
        } catch {
            fail("opened again: \(error)")
            store?.close()
            store = nil
        }
    }

    /// Sends again what nobody knows of, as a client would: then it is there, once.
    private func retryUnknown(_ store: Store) {
        for index in model.subjects.indices {
            if model.subjects[index].start == .unknown {
                let id = model.subjects[index].id
                let (fate, receipt) = write(.start) { store in try store.start(id: id) }
                model.subjects[index].start = fate
                model.subjects[index].number = receipt?.recording.number ?? 0
            }
            guard hasStarted(index) else { continue }
            for batch in model.subjects[index].batches.indices
            where model.subjects[index].batches[batch].fate == .unknown { appendBatch(index, batch) }
            if model.subjects[index].end == .unknown { end(index) }
            if model.subjects[index].erase == .unknown { erase(index) }
            if model.subjects[index].notes.contains(where: { $0.fate == .unknown }) { change(index) }
        }
    }
}
