import Foundation
import ReelCodec
import ReelFormat
import ReelStore
import ReelSystem
import StoreFixtures

/// A clock that stands still unless it is told.
final class GoldenClock: Clock, Sendable {
    private let seconds = Monitor<Int64>(0)

    var wallMicroseconds: Int64 { Samples.time + seconds.withLock { $0 } * 1_000_000 }
    var isSynchronised: Bool { true }
    var uptimeMicroseconds: Int64 { seconds.withLock { $0 } * 1_000_000 + 1_000_000_000 }

    func advance(seconds more: Int64) { seconds.withLock { $0 += more } }
}

/// Makes the golden store of the format as it is now: recordings in every state, events that are easily changed by
/// accident, a compacted segment, a sealed hot one and an active one, all with their index.
struct GoldenStore {
    /// What a golden store was made of.
    enum Content {
        /// As of the format's beginning.
        case first
        /// With chunks, tombstones and losses in every kind of segment.
        case losses
        /// The same under keys, with a recording that expired.
        case sealed

        /// The recordings that are not erased.
        var recordings: [UInt64] {
            switch self {
            case .first: [1, 2, 4]
            case .losses: [1, 2, 4, 5]
            case .sealed: [1, 2, 4, 5, 8]
            }
        }
        /// All there are.
        var recordingCount: Int {
            switch self {
            case .first: 4
            case .losses: 6
            case .sealed: 8
            }
        }
        /// What it is sealed with.
        var encryption: StoreEncryption { self == .sealed ? .test : .off }
    }

    private let directory: URL
    private let content: Content
    private let clock = GoldenClock()

    init(_ directory: URL, _ content: Content) {
        self.directory = directory
        self.content = content
    }

    /// Writes the store to `store/` and what it must give to `expected/`.
    func make() throws {
        let path = directory.appending(path: "store")
        try FileManager.default.createDirectory(at: path, withIntermediateDirectories: true)
        switch content {
        case .first:
            let store = try StoreHandle(path.path, clock: clock, segmentFrameMax: 3)
            try fill(store)
            store.close()
        case .losses: try LossyStore(path, clock, content.encryption).fill()
        case .sealed:
            try LossyStore(path, clock, content.encryption).fill()
            try ExpiredStore(path, clock, content.encryption).fill()
        }
        try trim(path)
        try writeExpected(path)
    }

    // MARK: What is in it

    private func fill(_ store: StoreHandle) throws {
        var metadata = RecordingMetadata()
        metadata.project = "shop"
        metadata.user = "ada@example.org"
        metadata.activity = "Zürich – 日本 🦜"
        metadata.url = "https://shop.example/cart?q=private"
        metadata.tags = ["one", "two", "three", "four", "five"]
        metadata.viewportWidth = 1280
        metadata.viewportHeight = 720
        for _ in 1...4 { _ = try store.start(metadata) }
        for batch in 0..<6 {
            try store.append(GoldenStore.events(batch * 12, 12), to: 1, writer: "tab", batch: UInt64(batch))
            try store.append(GoldenStore.oddities, to: 2, writer: nil, batch: nil)
            try store.append(GoldenStore.events(batch, 1), to: 3, writer: "tab", batch: UInt64(batch))
            clock.advance(seconds: 1)
        }
        try store.end(1)
        try store.erase(3)
        try store.vacuum()
        // Behind the compacted segment: a sealed one, and one that is written to.
        var change = MetadataChange()
        change.notes = "line\nbreak \"quoted\" \\"
        change.isPinned = true
        try store.change(2, change)
        try store.append(GoldenStore.events(0, 30), to: 4, writer: "a", batch: 1)
        try store.append(GoldenStore.events(30, 3), to: 4, writer: "b", batch: 9_000)
        clock.advance(seconds: 1)
        try store.end(4)
    }

    /// What a recorder sends.
    static func events(_ first: Int, _ count: Int) -> [String] {
        (first..<first + count).map { index in
            let time = 1_799_999_000_000 + index * 40
            switch index % 30 {
            case 0:
                return
                    #"{"type":4,"data":{"href":"https://shop.example/page/\#(index)","width":1280,"height":720},"timestamp":\#(time)}"#
            case 1:
                return
                    #"{"type":2,"data":{"node":{"type":0,"childNodes":[],"id":1},"initialOffset":{"left":0,"top":0}},"timestamp":\#(time)}"#
            case 2:
                return
                    #"{"type":6,"data":{"plugin":"rrweb/console@1","payload":{"level":"error","trace":[],"payload":["\"x\""]}},"timestamp":\#(time)}"#
            default:
                return
                    #"{"type":3,"data":{"source":2,"type":2,"id":\#(index % 97),"x":\#(index * 7 % 1280),"y":\#(index)},"timestamp":\#(time)}"#
            }
        }
    }

    /// Octets that a careless hand would change: repeated keys, escapes, lone surrogates, number text, white space.
    static let oddities = [
        #"{"timestamp":1799999000000.125,"type":5,"data":{"tag":"t","payload":"\ud83d \u0041\/"},"type":5}"#,
        #"{ "type" : 3 , "timestamp" : 1799999000001 , "data" : { "source" : 5 , "text" : "é 日本 🦜" } }"#,
        #"{"type":99,"timestamp":1.7999990000030E12,"data":{"n":123456789012345678901234567890,"z":-0.0}}"#,
    ]

    // MARK: What is kept

    /// Cuts what was allocated ahead off the index, and leaves out what is made anew from the rows.
    private func trim(_ path: URL) throws {
        let recordings = content.recordingCount
        for (name, size) in [
            ("recordings", 4096 + recordings * RecordingRow.sizeBytes),
            ("summaries", recordings * SummarySlot.sizeBytes),
        ] {
            let file = path.appending(path: "index/\(name)")
            try Data(contentsOf: file).prefix(size).write(to: file)
        }
        for name in ["index/ids", "lock", "tmp", "quarantine"]
        where FileManager.default.fileExists(atPath: path.appending(path: name).path) {
            try FileManager.default.removeItem(at: path.appending(path: name))
        }
    }

    private func writeExpected(_ path: URL) throws {
        let expected = directory.appending(path: "expected")
        try FileManager.default.createDirectory(at: expected, withIntermediateDirectories: true)
        // Of a copy: opening a store changes it.
        let copy = try TemporaryCopy(of: path)
        let store = try StoreHandle(copy.path, content.encryption, clock: clock)
        defer { store.close() }
        var tokens = ""
        for number in content.recordings {
            try Data(store.document(of: number, skipsDamaged: true)).write(
                to: expected.appending(path: "\(number).json"))
            let id = try store.store.recording(number).metadata.id
            tokens += "\(number) \(id) \(store.store.writeToken(for: id))\n"
        }
        try Data(tokens.utf8).write(to: expected.appending(path: "tokens.txt"))
    }
}

/// A directory's copy that goes with the value.
final class TemporaryCopy {
    let path: String

    init(of source: URL) throws {
        path = NSTemporaryDirectory() + "reeld-golden-" + UUID().uuidString
        try FileManager.default.copyItem(atPath: source.path, toPath: path)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }
}

/// A store whose answers are waited for.
struct StoreHandle {
    let store: Store

    /// - Parameter segmentFrameMax: frames after which a segment is sealed.
    init(
        _ path: String, _ encryption: StoreEncryption = .off, clock: any Clock, segmentFrameMax: Int = 65_536,
        chunkSizeBytes: Int = 256 << 10
    ) throws {
        var options = StoreOptions()
        options.segmentFrameMax = segmentFrameMax
        options.compaction.chunkSizeBytes = chunkSizeBytes
        options.compaction.isAutomatic = false
        store = try Store.open(path, encryption, options: options, clock: clock)
    }

    func close() { store.close() }

    func start(_ metadata: RecordingMetadata) throws -> StartReceipt {
        try answer { try store.start(StartRequest(id: nil, metadata: metadata), $0) }
    }

    @discardableResult
    func append(_ events: [String], to recording: UInt64, writer: String?, batch: UInt64?) throws -> AppendReceipt {
        let body = Array(("[" + events.joined(separator: ",") + "]").utf8)
        let prepared = store.prepare(try EventScanner().scan(body).run, writer: writer, batch: batch)
        return try answer { try store.append(prepared, to: recording, $0) }
    }

    func end(_ recording: UInt64) throws { _ = try answer { try store.end(recording, $0) } }
    func erase(_ recording: UInt64) throws { _ = try answer { try store.erase(recording, $0) } }
    func change(_ recording: UInt64, _ change: MetadataChange) throws {
        _ = try answer { try store.change(recording, change, $0) }
    }
    func vacuum(_ request: VacuumRequest = VacuumRequest()) throws { _ = try answer { store.vacuum(request, $0) } }

    /// The whole recording as it is served: an array of its events.
    func document(
        of recording: UInt64, coding: SpliceReader.Coding = .identity, skipsDamaged: Bool = false
    ) throws -> [UInt8] {
        let reader = SpliceReader(try store.snapshot(recording), coding: coding, skipsDamaged: skipsDamaged)
        var document: [UInt8] = []
        while let piece = try reader.nextPiece() { document += piece }
        return document
    }

    func dump() throws -> [String] {
        var lines: [String] = []
        try IndexDump(store).write { lines.append($0) }
        return lines
    }

    private func answer<Answer: Sendable>(
        _ call: (@escaping @Sendable (Result<Answer, StoreError>) -> Void) throws -> Void
    ) throws -> Answer {
        let result = Monitor<Result<Answer, StoreError>?>(nil)
        try call { answer in result.broadcast { $0 = answer } }
        guard let answer = result.wait(timeoutMilliseconds: 120_000, until: { $0 }) else {
            throw DocumentFault("the store gave no answer in two minutes")
        }
        return try answer.get()
    }
}
