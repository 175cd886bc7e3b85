import Foundation
import ReelFormat
import ReelSystem
import Testing

@testable import ReelStore

/// A store, and an archive on another file system.
final class ArchivedStore {
    let directory = TemporaryDirectory()
    let mount = TemporaryDirectory(parent: TemporaryDirectory.memory)
    let clock = FakeClock()
    let fileSystem: any FileSystem
    var change: (inout StoreOptions) -> Void = { _ in }
    private(set) var store: Store
    private var isOpen = true
    let events = Monitor<[StoreEvent]>([])

    /// - Parameter count: recordings, each of forty events, of ages a thousand seconds apart.
    init(
        _ count: UInt64 = 3, fileSystem: any FileSystem = HostFileSystem(),
        change: @escaping (inout StoreOptions) -> Void = { _ in }
    ) throws {
        self.fileSystem = fileSystem
        self.change = change
        let noted = events
        store = try ArchivedStore.open(directory, mount.path, fileSystem, clock, noted, change)
        for _ in 0..<count { try record() }
    }

    private static func open(
        _ directory: TemporaryDirectory, _ archive: String?, _ fileSystem: any FileSystem, _ clock: any Clock,
        _ noted: Monitor<[StoreEvent]>, _ change: (inout StoreOptions) -> Void
    ) throws -> Store {
        var options = StoreOptions()
        options.compaction.isAutomatic = false
        options.archive.directory = archive
        options.archive.ageMicroseconds = 500_000_000
        options.archive.holeSizeMinBytes = 512
        change(&options)
        return try Store.open(
            directory.path, .test, options: options, fileSystem: fileSystem, clock: clock
        ) { event in noted.withLock { $0.append(event) } }
    }

    /// Opens it again.
    ///
    /// - Parameter archive: whether one is configured.
    func reopen(archive: Bool = true, _ change: (inout StoreOptions) -> Void = { _ in }) throws {
        close()
        isOpen = true
        store = try ArchivedStore.open(
            directory, archive ? mount.path : nil, fileSystem, clock, events
        ) {
            self.change(&$0)
            change(&$0)
        }
    }

    /// A recording of its own segment, finished and compacted.
    @discardableResult
    func record() throws -> UInt64 {
        var metadata = RecordingMetadata()
        metadata.user = "zoe"
        let number = try store.start(metadata).recording.number
        _ = try store.append(sent, to: number, writer: "w", batch: 1)
        _ = try store.append(
            makeEvents(200, from: 400, page: "https://shop.example/pay"), to: number, writer: "w", batch: 2)
        _ = try store.end(number)
        _ = try store.vacuum()
        clock.advance(seconds: 1000)
        return number
    }

    let sent = makeEvents(400)
    var all: [String] { sent + makeEvents(200, from: 400, page: "https://shop.example/pay") }

    func archive() throws { try store.archiveNow() }

    /// Takes the archive away as an unmount does, and brings it back.
    var isMounted: Bool {
        get { FileManager.default.fileExists(atPath: root) }
        set {
            try? FileManager.default.moveItem(
                atPath: newValue ? "\(mount.path)-away" : root, toPath: newValue ? root : "\(mount.path)-away")
        }
    }

    private var root: String { "\(mount.path)/\(store.context.identity.store.hexadecimal)" }

    /// Names in the store's part of the archive, but of its identity.
    var copies: [String] {
        ((try? FileManager.default.contentsOfDirectory(atPath: root)) ?? []).filter { $0 != "archive" }.sorted()
    }

    func path(ofCopy name: String) -> String { "\(root)/\(name)" }

    func names(_ suffix: String) throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: "\(directory.path)/log").filter { $0.hasSuffix(suffix) }
            .sorted()
    }

    func verify(archive: Bool = true) throws -> VerifyReport {
        try StoreVerifier(directory.path, .test, archive: archive ? mount.path : nil).run()
    }

    func close() {
        if isOpen { store.close() }
        isOpen = false
    }

    deinit {
        close()
        try? FileManager.default.removeItem(atPath: "\(mount.path)-away")
    }
}

extension Store {
    func archiveNow() throws {
        let answer = Monitor<Result<Void, StoreError>?>(nil)
        keepArchive { result in answer.broadcast { $0 = result } }
        try #require(answer.wait(timeoutMilliseconds: 120_000) { $0 }).get()
    }
}

func isArchiveOffline(_ error: any Error) -> Bool {
    if case StoreError.archiveOffline = error { true } else { false }
}
