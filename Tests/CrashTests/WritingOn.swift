import ReelCodec
import ReelFormat
import ReelStore

/// Writing goes on after a crash: all that was sent is sent again, then something new.
struct WritingOn {
    private let store: Store
    private let expectation: Expectation
    private var found: [UUIDv7: FoundRecording]
    private var problems: [String] = []

    init(_ store: Store, _ expectation: Expectation, _ found: [UUIDv7: FoundRecording]) {
        self.store = store
        self.expectation = expectation
        self.found = found
    }

    mutating func run() throws -> [String] {
        for recording in expectation.inOrder { try startAgain(recording) }
        for recording in expectation.inOrder { try sendAgain(recording) }
        try eraseAgain()
        try startNew()
        return problems
    }

    private mutating func startAgain(_ recording: Expectation.Recording) throws {
        let answer = Answer<StartReceipt>()
        try store.start(StartRequest(id: recording.id, metadata: recording.metadata)) { answer.give($0) }
        let receipt: StartReceipt
        do { receipt = try answer.wait() } catch StoreError.erased where found[recording.id]?.isErased == true {
            return
        }
        let number = receipt.recording.number
        if let known = found[recording.id] {
            if !receipt.isDuplicate || number != known.number {
                problems.append("the start of recording \(known.number), sent again, gave \(number)")
            }
        } else {
            requireNew(number)
            found[recording.id] = FoundRecording(number: number)
        }
    }

    /// A number that was told once is never given to another recording.
    private mutating func requireNew(_ number: UInt64) {
        if number <= expectation.lastNumber { problems.append("a new recording got the old number \(number)") }
        if found.values.contains(where: { $0.number == number }) { problems.append("number \(number) was given twice") }
    }

    /// Batches that are there get their first answer again; the others are stored now. All of them wait together.
    private mutating func sendAgain(_ recording: Expectation.Recording) throws {
        guard var known = found[recording.id] else { return }
        var answers: [(batch: SentBatch, answer: Answer<AppendReceipt>)] = []
        for (batch, _) in recording.batches {
            let answer = Answer<AppendReceipt>()
            let prepared = store.prepare(try scan(batch.events), writer: batch.writer, batch: batch.number)
            try store.append(prepared, to: known.number) { answer.give($0) }
            answers.append((batch, answer))
        }
        var events = known.events
        for (batch, answer) in answers {
            let receipt: AppendReceipt
            do { receipt = try answer.wait() } catch StoreError.erased where known.isErased { continue }
            if known.isErased { problems.append("recording \(known.number) was erased and takes a batch") }
            let first = known.firstOrdinals[batch.name]
            if receipt.isDuplicate != (first != nil) || receipt.firstOrdinal != first ?? UInt64(events.count)
                || receipt.eventCount != UInt32(batch.events.count)
            {
                problems.append(
                    "batch \(batch.number) of \(batch.writer), in recording \(known.number) at \(first ?? 0), sent again, gave \(receipt)"
                )
            }
            if first == nil { events += batch.events }
            known.firstOrdinals[batch.name] = receipt.firstOrdinal
        }
        known.events = events
        found[recording.id] = known
        if !known.isErased, try store.events(of: known.number) != events {
            problems.append("recording \(known.number) has other events after all was sent again")
        }
    }

    private mutating func eraseAgain() throws {
        for recording in expectation.inOrder {
            guard let tombstone = recording.tombstone, let known = found[recording.id] else { continue }
            let answer = Answer<Tombstone>()
            try store.erase(known.number) { answer.give($0) }
            if try answer.wait() != tombstone { problems.append("recording \(known.number) has another tombstone") }
        }
    }

    /// A recording nobody knows yet: its number, its LSN and its events are new.
    private mutating func startNew() throws {
        let id = ScenarioRun.id(1_000_000)
        let start = Answer<StartReceipt>()
        try store.start(StartRequest(id: id, metadata: RecordingMetadata())) { start.give($0) }
        let number = try start.wait().recording.number
        requireNew(number)
        let batch = makeBatch(1_000_000, 1)
        let append = Answer<AppendReceipt>()
        try store.append(store.prepare(try scan(batch.events), writer: "w", batch: 1), to: number) { append.give($0) }
        if try append.wait().firstOrdinal != 0 { problems.append("a new recording does not begin at 0") }
        if try store.events(of: number) != batch.events { problems.append("a new recording has other events") }
        let lsn = try store.recording(number).row.lsn
        if lsn <= expectation.lastLSN { problems.append("LSN \(lsn) was given again") }
    }
}
