import ReelCodec
import ReelFormat
import ReelStore
import ReelSystem
import SimulatedDisk
import StoreFixtures

/// A scenario being played on a disk that records: each call notes what it sends and, once it is answered, the answer.
final class ScenarioRun: Sendable {
    static let root = "/data/store"
    /// How long an answer may take before the scenario is called stuck.
    static let answerMilliseconds = 300_000

    let disk: SimulatedDisk
    let clock = TestClock()
    let history: History
    private let options: StoreOptions
    private let fileSystem: any FileSystem
    private let current = Monitor<Store?>(nil)
    private let numbers = Monitor<[UUIDv7: UInt64]>([:])

    /// - Parameters:
    ///   - isFirst: whether the scenario begins with an empty disk; else an empty store is there, durably.
    ///   - seenThrough: what the store sees, where that is not the disk itself.
    init(_ options: StoreOptions, isFirst: Bool = false, seenThrough: (SimulatedDisk) -> any FileSystem = { $0 }) throws
    {
        var image = DiskImage(directories: ["/data", "/archive"])
        if !isFirst {
            let disk = SimulatedDisk(image)
            try Store.open(ScenarioRun.root, .test, options: options, fileSystem: disk, clock: clock).close()
            image = disk.image()
        }
        let disk = SimulatedDisk(image, isRecording: true)
        self.options = options
        self.disk = disk
        history = History(disk)
        fileSystem = seenThrough(disk)
    }

    var store: Store {
        guard let store = current.withLock({ $0 }) else { preconditionFailure("the scenario has no store open") }
        return store
    }

    func open() throws {
        let store = try Store.open(ScenarioRun.root, .test, options: options, fileSystem: fileSystem, clock: clock)
        current.withLock { $0 = store }
    }

    func close() {
        store.close()
        current.withLock { $0 = nil }
    }

    /// Opens again after the process died in a call; see `SimulatedDisk.Failure`.
    func openAfterKill() throws {
        close()
        disk.setFault(nil)
        disk.powerOn()
        try open()
    }

    /// An id for the n-th recording of a scenario, the same each time.
    static func id(_ n: Int) -> UUIDv7 {
        guard let id = UUIDv7(high: 0x018B_CFE5_6800_7000, low: 1 << 63 | UInt64(n)) else {
            preconditionFailure("version and variant are set")
        }
        return id
    }

    // MARK: Calls that wait

    @discardableResult
    func start(_ n: Int, _ change: (inout RecordingMetadata) -> Void = { _ in }) throws -> UInt64 {
        try sendStart(n, change).wait().recording.number
    }

    func append(_ n: Int, _ batch: UInt64, writer: String = "w", count: Int = 4, noiseBytes: Int = 0) throws {
        _ = try send(makeBatch(n, batch, writer: writer, count: count, noiseBytes: noiseBytes)).wait()
    }

    func change(_ n: Int, _ body: (inout MetadataChange) -> Void) throws { try sendChange(n, body).wait() }

    func end(_ n: Int) throws { try sendEnd(n).wait() }

    func erase(_ n: Int) throws { try sendErase(n).wait() }

    func vacuum() throws {
        let answer = Answer<CompactionReport>()
        store.vacuum { answer.give($0) }
        _ = try answer.wait()
    }

    /// Archives what is old enough, and removes from there what is gone.
    func archive() throws {
        let answer = Answer<Void>()
        store.keepArchive { answer.give($0) }
        try answer.wait()
    }

    /// Lets retention at these recordings, and notes which of them it removed.
    func expire(_ recordings: [Int], _ change: (inout VacuumRequest) -> Void) throws {
        var request = VacuumRequest()
        change(&request)
        history.note(.sentExpiry(recordings.map(ScenarioRun.id)))
        let answer = Answer<CompactionReport>()
        store.vacuum(request) { answer.give($0) }
        _ = try answer.wait()
        let gone = recordings.filter { n in
            do throws(StoreError) {
                _ = try store.recording(number(ScenarioRun.id(n)))
                return false
            } catch {
                if case .expired = error { return true }
                return false
            }
        }
        history.note(.ackedExpiry(gone.map(ScenarioRun.id)))
    }

    // MARK: Calls that do not wait

    func sendStart(_ n: Int, _ change: (inout RecordingMetadata) -> Void = { _ in }) throws -> Answer<StartReceipt> {
        var metadata = RecordingMetadata()
        metadata.project = "shop"
        metadata.user = "user \(n)"
        change(&metadata)
        let id = ScenarioRun.id(n)
        let answer = Answer<StartReceipt>()
        history.note(.sentStart(id, metadata))
        let store = store
        try store.start(StartRequest(id: id, metadata: metadata)) { [self] result in
            if case .success(let receipt) = result {
                numbers.withLock { $0[id] = receipt.recording.number }
                noteAnswer(.ackedStart(id, number: receipt.recording.number), store)
            }
            answer.give(result)
        }
        return answer
    }

    func send(_ batch: SentBatch) throws -> Answer<AppendReceipt> {
        let answer = Answer<AppendReceipt>()
        let store = store
        let prepared = store.prepare(try scan(batch.events), writer: batch.writer, batch: batch.number)
        history.note(.sentBatch(batch))
        try store.append(prepared, to: number(batch.recording)) { [self] result in
            if case .success(let receipt) = result {
                noteAnswer(.ackedBatch(batch, firstOrdinal: receipt.firstOrdinal), store)
            }
            answer.give(result)
        }
        return answer
    }

    func sendChange(_ n: Int, _ body: (inout MetadataChange) -> Void) throws -> Answer<RecordingRow> {
        var change = MetadataChange()
        body(&change)
        let id = ScenarioRun.id(n)
        let store = store
        let answer = Answer<RecordingRow>()
        history.note(.sentChange(id, change))
        try store.change(number(id), change) { [self] result in
            if case .success = result { noteAnswer(.ackedChange(id), store) }
            answer.give(result)
        }
        return answer
    }

    func sendEnd(_ n: Int) throws -> Answer<RecordingRow> {
        let id = ScenarioRun.id(n)
        let store = store
        let answer = Answer<RecordingRow>()
        history.note(.sentEnd(id))
        try store.end(number(id)) { [self] result in
            if case .success = result { noteAnswer(.ackedEnd(id), store) }
            answer.give(result)
        }
        return answer
    }

    func sendErase(_ n: Int) throws -> Answer<Tombstone> {
        let id = ScenarioRun.id(n)
        let store = store
        let answer = Answer<Tombstone>()
        history.note(.sentErase(id))
        try store.erase(number(id)) { [self] result in
            if case .success(let tombstone) = result { noteAnswer(.ackedErase(id, tombstone), store) }
            answer.give(result)
        }
        return answer
    }

    /// Runs `body` while the writer is held, so that all it sends goes into one commit.
    func together(_ body: () throws -> Void) throws {
        let isHeld = Monitor(false)
        let isFree = Monitor(false)
        // A retry of a start writes nothing; its answer keeps the writer's thread.
        try store.start(StartRequest(id: ScenarioRun.id(1), metadata: RecordingMetadata())) { _ in
            isHeld.broadcast { $0 = true }
            _ = isFree.wait(timeoutMilliseconds: ScenarioRun.answerMilliseconds) { $0 ? true : nil }
        }
        guard isHeld.wait(timeoutMilliseconds: ScenarioRun.answerMilliseconds, until: { $0 ? true : nil }) != nil else {
            throw ScenarioStuck()
        }
        defer { isFree.broadcast { $0 = true } }
        try body()
    }

    /// The number a recording was given.
    func number(_ id: UUIDv7) -> UInt64 {
        guard let number = numbers.withLock({ $0[id] }) else { preconditionFailure("the recording was not started") }
        return number
    }

    private func noteAnswer(_ fact: Fact, _ store: Store) {
        history.note(fact)
        history.note(.reached(lsn: store.statistics.lastLSN))
    }
}

/// An answer of the store that somebody may wait for.
final class Answer<Value: Sendable>: Sendable {
    private let result = Monitor<Result<Value, StoreError>?>(nil)

    func give(_ result: Result<Value, StoreError>) { self.result.broadcast { $0 = result } }

    @discardableResult
    func wait() throws -> Value {
        guard let result = result.wait(timeoutMilliseconds: ScenarioRun.answerMilliseconds, until: { $0 }) else {
            throw ScenarioStuck()
        }
        return try result.get()
    }
}

struct ScenarioStuck: Error {}

/// A clock that stands still until it is told to go on.
final class TestClock: Clock, Sendable {
    private let elapsed = Monitor<Int64>(0)

    var wallMicroseconds: Int64 { 1_800_000_000_000_000 + elapsed.withLock { $0 } }
    var isSynchronised: Bool { true }
    var uptimeMicroseconds: Int64 { 1_000_000_000 + elapsed.withLock { $0 } }

    func advance(seconds: Int64) { elapsed.withLock { $0 += seconds * 1_000_000 } }
}
