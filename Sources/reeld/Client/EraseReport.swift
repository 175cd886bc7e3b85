import ReelCodec
import ReelSystem

/// What an erasing would erase.
struct ErasePreview {
    private(set) var recordings: [RecordingView] = []
    private var heldCount: Int64 = 0
    private var sizeBytes: UInt64 = 0
    private var refusals = EraseRefusals()

    var count: Int { recordings.count }
    var nothing: CommandFailure { refusals.failure ?? CommandFailure(.notFound, "there are no such recordings") }

    init(_ request: EraseRequest, _ daemon: Daemon) throws(CommandFailure) {
        var request = request
        request.isDryRun = true
        repeat {
            let answer = try daemon.askJSON(.post, Target("/v1/erase"), body: request.body)
            recordings += (answer["recordings"]?.array ?? []).map(RecordingView.init)
            heldCount += answer["held"]?.integer ?? 0
            sizeBytes += UInt64(max(0, answer["stored_bytes"]?.integer ?? 0))
            refusals.add(answer)
            request.cursor = answer["next"]?.string
        } while request.cursor != nil
    }

    var lines: [String] {
        recordings.map { view in
            let started = view.moment("created").map(CalendarTime.localText) ?? ""
            let pin = view.json["pinned"]?.bool == true ? "  pinned" : ""
            return "\(view.number)  \(started)  \(HumanText.count(view.count("events"))) events  \(view.title)\(pin)"
                .printable
        }
    }

    func print(_ invocation: Invocation) throws(CommandFailure) {
        switch try invocation.outputForm() {
        case .json: for recording in recordings { try invocation.output.writeLine(recording.json) }
        case .table:
            for line in lines { try invocation.output.write(line + "\n") }
            try invocation.output.write(
                "would erase \(HumanText.plural(UInt64(count), "recording")), \(HumanText.size(sizeBytes))"
                    + (heldCount > 0 ? "; \(heldCount) of them pinned, which need --override-hold" : "") + "\n")
        }
        if let failure = refusals.failure { throw failure }
    }
}

/// What an erasing did, over all its answers.
struct EraseOutcome {
    /// Whether each recording is printed, and not only their number.
    private let listsEach: Bool
    private let form: OutputForm
    private let output: Output
    private var erasedCount: UInt64 = 0
    private var refusals = EraseRefusals()

    init(listsEach: Bool, _ form: OutputForm, _ output: Output) {
        self.listsEach = listsEach
        self.form = form
        self.output = output
    }

    var failure: CommandFailure? { refusals.failure }

    mutating func add(_ answer: JSONValue) throws(CommandFailure) {
        erasedCount += UInt64(max(0, answer["erased"]?.integer ?? 0))
        refusals.add(answer)
        for recording in answer["recordings"]?.array ?? [] {
            switch form {
            case .json: try output.writeLine(recording)
            case .table where listsEach: try output.write("\(recording["number"]?.integer ?? 0) erased\n")
            case .table: break
            }
        }
    }

    func finish() throws(CommandFailure) {
        guard !listsEach, form == .table else { return }
        try output.write("\(HumanText.plural(erasedCount, "recording")) erased\n")
    }
}

/// Recordings that were not erased, each with its reason.
struct EraseRefusals {
    private var failures: [CommandFailure] = []

    mutating func add(_ answer: JSONValue) {
        let refused = answer["refused"]?.array ?? []
        for one in refused {
            let type = one["type"]?.string?.split(separator: ":").last ?? ""
            let isAbsent = ["unknown-recording", "erased"].contains(type)
            let detail = one["detail"]?.string ?? "not erased"
            failures.append(CommandFailure(isAbsent ? .notFound : .failure, detail))
        }
        for text in answer["damaged"]?.array ?? [] {
            let place = text.string ?? ""
            failures.append(
                CommandFailure(.failure, "a recording could not be read, and may be one of those meant: \(place)"))
        }
    }

    var failure: CommandFailure? {
        guard let first = failures.first else { return nil }
        let isOneKind = failures.allSatisfy { $0.exitCode == first.exitCode }
        var messages = failures.prefix(20).map(\.message)
        if failures.count > 20 { messages.append("… and \(failures.count - 20) more") }
        return CommandFailure(isOneKind ? first.exitCode : .failure, messages.joined(separator: "\n"))
    }
}
