import ReelCodec
import ReelFormat
import ReelStore

/// Erases what an order selects, or tells what that is. Waits for the disk: for a thread of its own.
struct ErasureRun {
    private static let pageCount = 1_000

    let context: ServerContext
    let order: ErasureOrder
    let requester: String
    private var selected: [(name: String, number: UInt64)] = []
    private var listed: [ListedRecording] = []
    private var refused: [(recording: String, problem: Problem)] = []
    private var damaged: [String] = []
    private var next: UInt64?

    init(_ context: ServerContext, _ order: ErasureOrder, by requester: String) {
        self.context = context
        self.order = order
        self.requester = requester
    }

    /// The answer's JSON.
    mutating func run() throws(Problem) -> [UInt8] {
        if order.erasedMicroseconds != nil {
            selectErased()
        } else if order.recordings.isEmpty {
            select()
        } else {
            find()
        }
        return order.isDryRun ? preview() : try erase()
    }

    /// The recordings whose metadata says what was asked for: digests only choose candidates.
    private mutating func select() {
        var below = order.below
        while selected.count < ErasureOrder.recordingCountMax {
            let room = min(ErasureRun.pageCount, ErasureOrder.recordingCountMax - selected.count)
            let page = context.store.list(order.query, below: below, limit: room)
            for recording in page.recordings { add("\(recording.row.number)", recording) }
            for damage in page.damage {
                _ = context.problem(.damaged(damage), "to be erased")
                damaged.append("\(damage)")
            }
            for failure in page.failures { damaged.append("\(failure)") }
            next = page.next
            guard let end = page.next else { return }
            below = end
        }
    }

    /// Those that were erased in a time: they are erased again, which gives their first tombstones.
    private mutating func selectErased() {
        guard let times = order.erasedMicroseconds else { return }
        let numbers = context.store.erasedRecordings(in: times, below: order.below)
        selected = numbers.prefix(ErasureOrder.recordingCountMax).map { ("\($0)", $0) }
        next = numbers.count > selected.count ? selected.last?.number : nil
    }

    private mutating func find() {
        for name in order.recordings {
            do throws(Problem) {
                try find(name)
            } catch {
                refused.append(("\(name)", error))
            }
        }
    }

    private mutating func find(_ name: RecordingName) throws(Problem) {
        let number = try context.number(of: name)
        // An erased one is asked for again: it gets its first tombstone.
        guard order.isDryRun else { return selected.append(("\(name)", number)) }
        do {
            add("\(name)", try context.store.recording(number))
        } catch {
            throw context.problem(error, name)
        }
    }

    private mutating func add(_ name: String, _ recording: ListedRecording) {
        selected.append((name, recording.row.number))
        if order.isDryRun { listed.append(recording) }
    }

    private func preview() -> [UInt8] {
        var json = JSONWriter(capacityBytes: 256 + listed.count * 1_024)
        json.object { json in
            json.member("dry_run", true)
            json.member("count", listed.count)
            json.member("held", order.override.isEmpty ? listed.count { $0.metadata.isPinned } : 0)
            json.member("stored_bytes", listed.reduce(0) { $0 + $1.row.storedSizeBytes })
            json.member("recordings") { json in
                json.array { json in
                    for recording in listed { json.recording(recording) }
                }
            }
            json.refusals(refused, damaged, next: next)
        }
        return json.bytes
    }

    private func erase() throws(Problem) -> [UInt8] {
        var answer = ErasureAnswer()
        answer.refused = refused
        answer.damaged = damaged
        answer.next = next
        var numbers: [UInt64] = []
        let results = context.store.erase(selected.map(\.number), overridingHold: !order.override.isEmpty)
        for (asked, erasing) in zip(selected, results) {
            switch erasing.result {
            case .success(let tombstone):
                answer.tombstones.append(tombstone)
                if erasing.isRepeat { answer.repeatCount += 1 } else { numbers.append(erasing.recording) }
            case .failure(let error): answer.refused.append((asked.name, context.erasureProblem(error, asked.name)))
            }
        }
        if !numbers.isEmpty { context.noteWritten() }
        context.noteErased(numbers, by: requester, order)
        answer.certificate = try ErasureAnswer.certificate(answer, order, by: requester, context)
        return answer.json
    }
}
