import Glibc
import ReelCodec
import ReelHTTP

/// Makes a recording of a file, batch by batch.
///
/// Everything that names the recording and its batches follows from the file and the metadata, so that a repeated import
/// gets the first one's answers instead of storing anything twice.
struct RecordingImport {
    struct Options {
        /// Whether the recording's id follows from the file; otherwise it is new each time.
        var isRepeatable = true
        var endsRecording = true
        var dropsInvalid = false
    }

    struct Result {
        var number: UInt64 = 0
        var eventCount: UInt64 = 0
        var droppedCount: UInt64 = 0
        /// Whether every batch had been there before.
        var isRepeated = true
    }

    /// Neither may ever change: they make the numbers of an interrupted import's batches.
    private static let batchCountMax = 500
    private static let batchSizeMaxBytes = 1 << 20
    private static let writer = "reeld-import"
    private static let retryCountMax = 30

    private let daemon: Daemon
    private let metadata: [JSONValue.Member]
    private let options: Options

    init(_ daemon: Daemon, _ metadata: [JSONValue.Member], _ options: Options) {
        self.daemon = daemon
        self.metadata = metadata
        self.options = options
    }

    /// - Parameter advance: is told the share of the file that is done.
    func run(_ file: ImportFiles.File, advance: (Double) -> Void) throws(CommandFailure) -> Result {
        let text = try ImportFiles.read(file)
        var result = Result()
        var splitter = EventSplitter()
        var batch = Batch()
        var index = 0
        // Look through all of it first: a file that would be refused leaves no recording behind.
        try ImportCheck(dropsInvalid: options.dropsInvalid).run(text)

        let recording = try start(file, text)
        result.number = recording.number
        while let event = try? splitter.next(in: text, from: &index) {
            if batch.eventCount == Self.batchCountMax || batch.body.count + event.count > Self.batchSizeMaxBytes {
                try send(&batch, recording, &result)
            }
            batch.add(event)
            advance(Double(index) / Double(text.count))
        }
        try send(&batch, recording, &result)
        if options.endsRecording {
            // Of a repeated import the recording has ended long since.
            if case .failure(let problem) = try end(recording), problem.status != 409 { throw problem.failure }
        }
        return result
    }

    private struct Started {
        var number: UInt64
        var path: String { "/v1/recordings/\(number)" }
        var token: String
        var authorization: String { "Bearer \(token)" }
    }

    /// Events on their way, as the JSON array that is sent: an event may hold line ends, which NDJSON could not carry.
    private struct Batch {
        var number = 0
        var eventCount = 0
        var body: [UInt8] = []

        mutating func add(_ event: [UInt8]) {
            body.append(UInt8(ascii: eventCount == 0 ? "[" : ","))
            body += event
            eventCount += 1
        }
    }

    private func start(_ file: ImportFiles.File, _ text: [UInt8]) throws(CommandFailure) -> Started {
        var members = metadata
        if !members.contains(where: { $0.name == "activity" }) {
            members.append(.init("activity", .string(file.title)))
        }
        if options.isRepeatable { members.append(.init("id", .string("\(try id(text, members))"))) }
        var json = JSONWriter()
        json.value(.object(members))
        let answer = try daemon.askJSON(.post, Target("/v1/recordings"), body: json.bytes)
        guard let number = answer["number"]?.integer, number > 0, let token = answer["token"]?.string else {
            throw CommandFailure(.failure, "the daemon answered without number and token")
        }
        return Started(number: UInt64(number), token: token)
    }

    /// Sends what the batch holds, and empties it for the next.
    private func send(_ batch: inout Batch, _ recording: Started, _ result: inout Result) throws(CommandFailure) {
        guard batch.eventCount > 0 else { return }
        var headers: Headers = [
            "Content-Type": "application/json", "Reeld-Writer": Self.writer, "Reeld-Batch": "\(batch.number)",
        ]
        headers.append("Authorization", recording.authorization)
        var target = Target("\(recording.path)/events")
        if options.dropsInvalid { target.add("invalid", "drop") }
        let answer: JSONValue
        do throws(CommandFailure) {
            answer = try Daemon.json(try persist(target, headers, batch.body + [UInt8(ascii: "]")]))
        } catch {
            throw try refusal(error, recording, result)
        }
        result.eventCount += UInt64(max(0, answer["count"]?.integer ?? 0))
        result.droppedCount += UInt64(max(0, answer["dropped"]?.integer ?? 0))
        if answer["duplicate"]?.bool != true { result.isRepeated = false }
        batch = Batch(number: batch.number + 1)
    }

    private func end(_ recording: Started) throws(CommandFailure) -> Swift.Result<[UInt8], Problem> {
        try daemon.exchange(
            .post, Target("\(recording.path)/end"), headers: ["Authorization": recording.authorization])
    }

    /// What is told of a batch that was not taken. A recording that holds nothing is erased: it was begun for this file.
    private func refusal(
        _ failure: CommandFailure, _ recording: Started, _ result: Result
    ) throws(CommandFailure) -> CommandFailure {
        let reason = failure.message.hasSuffix(".") ? String(failure.message.dropLast()) : failure.message
        guard failure.exitCode != .unreachable else { return failure }
        let held: RecordingView
        switch try daemon.exchange(.get, Target(recording.path)) {
        case .success(let body): held = RecordingView(json: try Daemon.json(body))
        // Who may record need not be allowed to see or erase it.
        case .failure: return try refusalOfWriter(reason, failure.exitCode, recording, result)
        }
        guard held.count("events") == 0 else {
            return Self.partly(reason, failure.exitCode, recording, held.count("events"))
        }
        guard !held.isEnded else { return CommandFailure(failure.exitCode, reason) }
        guard case .success = try daemon.exchange(.delete, Target(recording.path)) else {
            return try refusalOfWriter(reason, failure.exitCode, recording, result)
        }
        return CommandFailure(failure.exitCode, "\(reason); nothing was imported; try it later with --again")
    }

    /// As above for who may only write: an empty recording is ended and stays.
    private func refusalOfWriter(
        _ reason: String, _ exitCode: ExitCode, _ recording: Started, _ result: Result
    ) throws(CommandFailure) -> CommandFailure {
        guard result.eventCount == 0 else { return Self.partly(reason, exitCode, recording, result.eventCount) }
        _ = try end(recording)
        return CommandFailure(
            exitCode,
            "\(reason); nothing was imported, and recording \(recording.number) stays empty; try it later with --again")
    }

    private static func partly(
        _ reason: String, _ exitCode: ExitCode, _ recording: Started, _ count: UInt64
    ) -> CommandFailure {
        let count = HumanText.plural(count, "event")
        return CommandFailure(exitCode, "\(reason); recording \(recording.number) holds the \(count) before that")
    }

    /// Sends until it is taken or refused for good: the batch's number makes it safe to send it again.
    private func persist(_ target: Target, _ headers: Headers, _ body: [UInt8]) throws(CommandFailure) -> [UInt8] {
        var failure = CommandFailure(.failure, "")
        for attempt in 0..<Self.retryCountMax {
            if attempt > 0 { sleep(1) }
            switch try daemon.exchange(.post, target, headers: headers, body: body) {
            case .success(let answer): return answer
            case .failure(let problem):
                failure = problem.failure
                guard problem.mayRetry, problem.status == 503 else { throw failure }
            }
        }
        throw failure
    }

    /// An id that follows from the file and the metadata, with the time of the first event as its time.
    private func id(_ text: [UInt8], _ members: [JSONValue.Member]) throws(CommandFailure) -> UUIDv7 {
        do {
            var json = JSONWriter()
            json.value(.object(members))
            // A digest that everybody can compute: nothing about it is secret.
            var zeros = [UInt8](repeating: 0, count: KeyedDigest.secretSizeBytes)
            let secret = SecretBytes(wiping: &zeros)
            let digest = try KeyedDigest(secret: secret, label: "reeld import").digest(of: json.bytes + text)
            let chance = digest.prefix(10).map(UInt64.init)
            let rest = chance[2...].reduce(0) { $0 << 8 | $1 }
            let high = firstMilliseconds(text) << 16 | 0x7000 | (chance[0] << 8 | chance[1]) & 0x0FFF
            guard let id = UUIDv7(high: high, low: 1 << 63 | rest >> 2) else {
                preconditionFailure("version and variant are set above")
            }
            return id
        } catch {
            throw CommandFailure(.failure, "no id can be made: \(error)")
        }
    }

    private func firstMilliseconds(_ text: [UInt8]) -> UInt64 {
        var splitter = EventSplitter()
        var index = 0
        guard let event = try? splitter.next(in: text, from: &index),
            let json = try? JSONValue(parsing: event, sizeMaxBytes: event.count, depthMax: 512),
            let time = json["timestamp"]?.double, time >= 0, time < 0x1p48
        else { return 0 }
        return UInt64(time)
    }
}
