import ReelCodec
import ReelHTTP
import ReelStore
import ReelSystem
import Synchronization

/// What the routes share. Everything in it is immutable or guards itself.
final class ServerContext: Sendable {
    let store: Store
    let options: ServerOptions
    let access: Access
    let clock: any Clock
    let workers: WorkerPool
    let largeBodies: LargeBodyLane
    let metrics = ServerMetrics()
    /// One a worker: they keep their buffers.
    let scanners: Pool<EventScanner>
    let inflaters: Pool<Inflater>
    let compactions = WorkDesk("compact-wait")
    let erasures = WorkDesk("erase")
    let snapshots = WorkDesk("snapshot")
    let sharedDocuments: SharedDocuments
    let live: LiveHub
    private let stopping = Atomic(false)
    private let diskIsFull = Atomic(false)
    private let note: @Sendable (ServerEvent) -> Void

    init(
        store: Store, options: ServerOptions, clock: any Clock, note: @escaping @Sendable (ServerEvent) -> Void
    ) {
        self.store = store
        self.options = options
        self.clock = clock
        self.note = note
        access = Access(token: options.token, socket: options.socketAccess)
        sharedDocuments = SharedDocuments(options.http.memory)
        let workerCount = options.workerCount > 0 ? options.workerCount : CPUs.count
        workers = WorkerPool(threadCount: workerCount, waitingMax: options.http.connectionCountMax + 1_024)
        largeBodies = LargeBodyLane(workers)
        live = LiveHub(workers, clock)
        let eventSizeMaxBytes = options.eventSizeMaxBytes
        scanners = Pool(idleMax: workerCount) { EventScanner(eventSizeMaxBytes: eventSizeMaxBytes) }
        inflaters = Pool(idleMax: workerCount) { Inflater() }
    }

    /// From now on requests are refused; see `ReelServer.drain`.
    var isStopping: Bool {
        get { stopping.load(ordering: .relaxed) }
        set { stopping.store(newValue, ordering: .relaxed) }
    }

    /// The number of the recording a path names.
    ///
    /// - Throws: `unknown-recording`. A number is not looked up: whoever uses it will.
    func number(of name: RecordingName) throws(Problem) -> UInt64 {
        switch name {
        case .number(let number): return number
        case .id(let id):
            guard let number = store.number(of: id) else { throw .unknownRecording("\(name)") }
            return number
        }
    }

    /// Refuses a write token that is not the recording's.
    func verify(_ grant: Access.Grant, for name: RecordingName, number: UInt64) throws(Problem) {
        guard case .writeToken(let token) = grant else { return }
        let id: UUIDv7
        switch name {
        case .id(let named): id = named
        case .number:
            do { id = try store.recording(number).row.id } catch { throw problem(error, name) }
        }
        guard store.isWriteToken(token, for: id) else {
            throw Problem(.wrongWriteToken, "The token is not the one that the start of recording \(name) answered.")
        }
    }

    /// Asks the store for a change, whose completion gives the answer.
    ///
    /// - Throws: when the store does not take it; the completion is then never called.
    func attempt(
        _ name: String, _ change: (Store) throws(StoreError) -> Void
    ) throws(Problem) {
        do { try change(store) } catch { throw problem(error, name) }
    }

    /// What the store refused, in the API's words.
    func problem(_ error: StoreError, _ name: RecordingName) -> Problem { problem(error, "\(name)") }

    func problem(_ error: StoreError, _ name: String) -> Problem {
        tell(error, name)
        return Problem(error, recording: name) { store.writeToken(for: $0.id) }
    }

    /// The same, of an erasing.
    func erasureProblem(_ error: StoreError, _ name: String) -> Problem {
        guard case .diskFull = error else { return problem(error, name) }
        tell(error, name)
        return Problem(
            .diskFull,
            "Recording \(name) was not erased: the disk is full, and the room that is held for erasing is used up. Remove "
                + "something else from the store's file system, 1 MiB is enough, and erase it again.")
    }

    /// Tells the journal what an admin must know of.
    private func tell(_ error: StoreError, _ name: String) {
        switch error {
        case .damaged(let damage):
            note(.damage(file: damage.file, offsetBytes: damage.offsetBytes, recording: name))
        case .diskFull:
            if !diskIsFull.exchange(true, ordering: .relaxed) { note(.diskFull) }
        case .outcomeUnknown, .readOnly, .ledgerFailed, .eraseIncomplete:
            // The store has told of the failure itself, once; every refused writer would tell of it again.
            break
        case .system(let error): note(.requestFailed(.storageFailed, detail: "\(error)", recording: name))
        case .noKey: break
        case .noRandomness: note(.requestFailed(.storageFailed, detail: "no random bytes", recording: name))
        case .unknownRecording, .erased, .expired, .ended, .full, .batchConflict, .batchTooOld, .queueFull, .closing,
            .held,
            .overLimit, .retentionWaits, .staleChunkTable, .unknownChunk, .archiveOffline:
            // The store tells itself when the archive goes, once.
            break
        }
    }

    /// Reading broke off in the middle of an answer.
    func noteAborted(_ error: StoreError, recording: String) {
        metrics.abortedAnswers.add()
        tell(error, recording)
    }

    /// A snapshot was made: said in the journal.
    func noteSnapshot(_ report: SnapshotReport, by requester: String) {
        note(.snapshotMade(directory: report.directory, sizeBytes: report.sizeBytes, requester: requester))
    }

    /// Recordings were erased: said in the journal and counted.
    func noteErased(_ numbers: [UInt64], by requester: String, _ order: ErasureOrder) {
        guard !numbers.isEmpty else { return }
        metrics.erasures.add()
        metrics.erasedRecordings.add(numbers.count)
        note(
            .erased(
                ErasureNotice(
                    numbers: numbers, requester: requester, reason: order.reason, override: order.override)))
    }

    /// Whether writers are refused for want of room. The free space is asked too: where a probe keeps writers away,
    /// nothing would be written that could show the room that came back.
    var isDiskFull: Bool { diskIsFull.load(ordering: .relaxed) && !hasRoom }

    /// A write went through. That alone is not room: where a small batch finds some and a large one does not, the
    /// journal would be told of both in turns.
    func noteWritten() {
        guard diskIsFull.load(ordering: .relaxed), hasRoom else { return }
        if diskIsFull.exchange(false, ordering: .relaxed) { note(.spaceReturned) }
    }

    /// Whether ordinary batches find their place.
    private var hasRoom: Bool {
        do { return try store.freeBytes() >= ServerContext.roomBytesMin } catch { return false }
    }

    private static let roomBytesMin: UInt64 = 1 << 20
}
