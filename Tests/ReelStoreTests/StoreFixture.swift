import Foundation
import ReelCodec
import ReelFormat
import ReelSystem
import StoreFixtures
import Testing

@testable import ReelStore

/// A clock that a test sets.
final class FakeClock: Clock, Sendable {
    private let times: Monitor<(wall: Int64, uptime: Int64, isSynchronised: Bool)>

    init(wall: Int64 = 1_800_000_000_000_000, uptime: Int64 = 1_000_000_000, isSynchronised: Bool = true) {
        times = Monitor((wall, uptime, isSynchronised))
    }

    var wallMicroseconds: Int64 { times.withLock { $0.wall } }
    var uptimeMicroseconds: Int64 { times.withLock { $0.uptime } }
    var isSynchronised: Bool { times.withLock { $0.isSynchronised } }

    /// Lets both clocks go on.
    func advance(seconds: Int64) {
        times.withLock {
            $0.wall += seconds * 1_000_000
            $0.uptime += seconds * 1_000_000
        }
    }

    func setSynchronised(_ isSynchronised: Bool) { times.withLock { $0.isSynchronised = isSynchronised } }

    /// Sets the wall clock as an admin or a bad battery would.
    func setWall(_ microseconds: Int64) { times.withLock { $0.wall = microseconds } }
}

/// A directory that goes with the test.
final class TemporaryDirectory {
    /// A parent on which syncs cost nothing, where the machine has one.
    static let memory = FileManager.default.isWritableFile(atPath: "/dev/shm") ? "/dev/shm/" : NSTemporaryDirectory()

    let path: String

    init(parent: String = NSTemporaryDirectory()) {
        path = parent + "reeld-test-" + UUID().uuidString
        mkdir(path, 0o700)
    }

    /// One that is there already; it goes with the test, too.
    init(existing path: String) { self.path = path }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    /// What a crash at this moment would leave: a copy, lock not held.
    func crashed(in parent: String = NSTemporaryDirectory()) throws -> TemporaryDirectory {
        let copy = TemporaryDirectory(parent: parent)
        for name in try FileManager.default.contentsOfDirectory(atPath: path) {
            try FileManager.default.copyItem(atPath: "\(path)/\(name)", toPath: "\(copy.path)/\(name)")
        }
        return copy
    }
}

extension Store {
    /// Opens a store whose background compaction is off, so that a test decides when it runs.
    static func forTest(
        _ directory: TemporaryDirectory, _ encryption: StoreEncryption = .test,
        fileSystem: any FileSystem = HostFileSystem(), clock: any Clock = FakeClock(),
        change: (inout StoreOptions) -> Void = { _ in }
    ) throws -> Store {
        var options = StoreOptions()
        options.compaction.isAutomatic = false
        change(&options)
        return try Store.open(directory.path, encryption, options: options, fileSystem: fileSystem, clock: clock)
    }

    func start(_ metadata: RecordingMetadata = RecordingMetadata(), id: UUIDv7? = nil) throws -> StartReceipt {
        try answer { try start(StartRequest(id: id, metadata: metadata), $0) }
    }

    func append(
        _ events: [String], to recording: UInt64, writer: String? = nil, batch: UInt64? = nil
    ) throws -> AppendReceipt {
        let prepared = prepare(try scan(events), writer: writer, batch: batch)
        return try answer { try append(prepared, to: recording, $0) }
    }

    func change(_ recording: UInt64, _ body: (inout MetadataChange) -> Void) throws -> RecordingRow {
        var metadata = MetadataChange()
        body(&metadata)
        return try answer { [metadata] in try change(recording, metadata, $0) }
    }

    func end(_ recording: UInt64) throws -> RecordingRow { try answer { try end(recording, $0) } }

    func erase(_ recording: UInt64) throws -> Tombstone { try answer { try erase(recording, $0) } }

    func vacuum() throws -> CompactionReport { try answer { vacuum($0) } }

    func vacuum(_ change: (inout VacuumRequest) -> Void) throws -> CompactionReport {
        var request = VacuumRequest()
        change(&request)
        return try answer { [request] in vacuum(request, $0) }
    }

    func keepLimits() throws { try answer { keepLimits($0) } }

    /// The events of a recording as the splice gives them, parted by a naive reading of the array.
    func events(of recording: UInt64) throws -> [String] {
        let reader = SpliceReader(try snapshot(recording), coding: .identity)
        var text: [UInt8] = []
        while let piece = try reader.nextPiece() { text += piece }
        let run = try EventScanner().scan(text).run
        return run.events.map {
            String(decoding: run.text[$0.offsetBytes..<$0.offsetBytes + $0.sizeBytes], as: UTF8.self)
        }
    }

    /// Every row and summary but what only says where things lie in the log.
    func dump() throws -> [String] {
        var lines: [String] = []
        try IndexDump(self).write { lines.append($0) }
        return lines
    }

    private func answer<Answer: Sendable>(
        _ call: (@escaping @Sendable (Result<Answer, StoreError>) -> Void) throws -> Void
    ) throws -> Answer {
        let result = Monitor<Result<Answer, StoreError>?>(nil)
        try call { answer in result.broadcast { $0 = answer } }
        return try #require(result.wait(timeoutMilliseconds: 120_000) { $0 }).get()
    }
}

func scan(_ events: [String]) throws -> EventRun {
    try EventScanner().scan(Array(("[" + events.joined(separator: ",") + "]").utf8)).run
}

/// Events like a recorder's: a Meta and a full snapshot first, then small increments.
func makeEvents(
    _ count: Int, from first: Int = 0, snapshotEvery: Int = 1000, page: String = "https://shop.example/cart"
) -> [String] {
    (first..<first + count).map { index in
        let time = 1_700_000_000_000 + index * 40
        switch index % snapshotEvery {
        case 0: return #"{"type":4,"data":{"href":"\#(page)","width":1280,"height":720},"timestamp":\#(time)}"#
        case 1:
            return
                #"{"type":2,"data":{"node":{"type":0,"childNodes":[],"id":1},"initialOffset":{"left":0,"top":0}},"timestamp":\#(time)}"#
        default:
            return
                #"{"type":3,"data":{"source":2,"type":2,"id":\#(index % 97),"x":\#(index * 7 % 1280),"y":\#(index * 13 % 720)},"timestamp":\#(time)}"#
        }
    }
}

/// Real recordings, where this machine has them.
enum RealRecordings {
    static let directory: String? = {
        let named = ProcessInfo.processInfo.environment["REELD_RECORDINGS"]
        let beside = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().deletingLastPathComponent().appending(path: "shared/recordings").path
        return [named, beside].compactMap { $0 }.first { FileManager.default.fileExists(atPath: $0) }
    }()

    static let files: [String] = {
        guard let directory else { return [] }
        let names = (try? FileManager.default.contentsOfDirectory(atPath: directory)) ?? []
        return names.filter { $0.hasSuffix(".json") }.sorted().map { "\(directory)/\($0)" }
    }()
}

/// The lines in which two dumps differ, for a failure that can be read.
func differences(_ one: [String], _ other: [String]) -> [String] {
    one.difference(from: other).map { change in
        switch change {
        case .insert(let offset, let line, _): "+\(offset) \(line)"
        case .remove(let offset, let line, _): "-\(offset) \(line)"
        }
    }
}

/// Random numbers that come again with their seed (SplitMix64).
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    init(_ seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var value = (state ^ (state >> 30)) &* 0xBF58_476D_1CE4_E5B9
        value = (value ^ (value >> 27)) &* 0x94D0_49BB_1331_11EB
        return value ^ (value >> 31)
    }
}
