import ReelCodec
import ReelFormat
import ReelStore
import ReelSystem
import StoreFixtures

/// A store with a million recordings, as a shop's support would have after some years: made once and kept.
struct ListStore {
    static let rareUser = "user-777@example.org"
    static let commonTag = "checkout"
    static let rareWord = "order77777"

    /// No compaction by itself, so that each run measures the same.
    static let options: StoreOptions = {
        var options = StoreOptions()
        options.compaction.isAutomatic = false
        return options
    }()

    /// Closed cleanly.
    let cleanDirectory: String
    /// What opening may find: how it was left, and where.
    let openings: [(state: String, directory: String)]

    /// What is there already is taken as it is when it was made whole.
    init(_ setting: Setting) throws {
        let directory = "\(setting.workDirectory)/list-\(setting.listedCount)"
        cleanDirectory = "\(directory)/clean"
        openings = [
            ("clean", cleanDirectory), ("killed", "\(directory)/killed"), ("power cut", "\(directory)/cut"),
            ("killed after a compaction", "\(directory)/compacted"),
            ("power cut after a compaction", "\(directory)/compacted-cut"),
        ]
        let whole = "\(directory)/whole-4"
        if (try? SmallFile.access(of: whole)) != nil { return }
        setting.note("list: making stores with \(setting.listedCount) recordings in \(directory)")
        try Child.run(["rm", "-rf", directory])
        try Child.run(["mkdir", "-p", directory])
        try fill(directory, count: setting.listedCount)
        try SmallFile.createPrivate(whole, holding: [])
    }

    /// A copy of a store in use is what a killed daemon leaves: what was written is in the page cache. A power cut takes
    /// the index back as far as its last checkpoint, at worst; the log it leaves.
    private func fill(_ directory: String, count: Int) throws {
        let lateCount = min(10_000, count / 2)
        let store = try open(cleanDirectory)
        try start(0..<count - lateCount, in: store)
        try store.checkpoint()
        try copy("\(cleanDirectory)/index", to: "\(directory)/index")
        try start(count - lateCount..<count, in: store)
        try copy(cleanDirectory, to: "\(directory)/killed")
        try copy(cleanDirectory, to: "\(directory)/cut")
        try putIndex(of: directory, into: "\(directory)/cut")
        store.close()
        // One compaction behind a checkpoint, of as much as the daemon takes at a time.
        try copy(cleanDirectory, to: "\(directory)/work")
        let compactedCount = Monitor(0)
        let compacting = try open("\(directory)/work", compacts: true) { event in
            if case .compacted = event { compactedCount.broadcast { $0 += 1 } }
        }
        try compacting.checkpoint()
        try copy("\(directory)/work/index", to: "\(directory)/index")
        _ = compactedCount.wait { $0 > 0 ? () : nil }
        // The next one takes a minute before it changes anything.
        try copy("\(directory)/work", to: "\(directory)/compacted")
        compacting.close()
        try Child.run(["rm", "-rf", "\(directory)/work"])
        try copy("\(directory)/compacted", to: "\(directory)/compacted-cut")
        try putIndex(of: directory, into: "\(directory)/compacted-cut")
    }

    /// Nothing happens to the store by itself but compaction where it is wanted, so that each making gives the same.
    private func open(
        _ directory: String, compacts: Bool = false, note: @escaping @Sendable (StoreEvent) -> Void = { _ in }
    ) throws -> Store {
        var options = ListStore.options
        options.checkpointSizeBytes = .max
        options.compaction.isAutomatic = compacts
        return try Store.open(directory, .test, options: options, clock: StoppedUptime(), note: note)
    }

    private func putIndex(of directory: String, into store: String) throws {
        try Child.run(["rm", "-rf", "\(store)/index"])
        try Child.run(["mv", "\(directory)/index", "\(store)/index"])
    }

    private func copy(_ from: String, to: String) throws { try Child.run(["cp", "-a", "--reflink=auto", from, to]) }

    /// Starts recordings, as many at once as the queue lets in.
    private func start(_ range: Range<Int>, in store: Store) throws {
        let scanner = EventScanner()
        let state = Monitor((openCount: 0, failure: String?.none))
        for index in range {
            let hasRoom: Void? = state.wait { $0.openCount < 4096 ? () : nil }
            guard hasRoom != nil else { throw BenchmarkError("the store's state is gone") }
            state.withLock { $0.openCount += 1 }
            // A page view each, so that there are URLs to search.
            let page = store.prepare(try scanner.scan(ListStore.page(index)).run, writer: nil, batch: nil)
            try store.start(StartRequest(id: nil, metadata: ListStore.metadata(index))) { result in
                do {
                    let receipt = try result.get()
                    try store.append(page, to: receipt.recording.number) { result in
                        let isGood = if case .success = result { true } else { false }
                        state.broadcast {
                            $0.openCount -= 1
                            if !isGood { $0.failure = "append: \(result)" }
                        }
                    }
                } catch {
                    state.broadcast {
                        $0.openCount -= 1
                        $0.failure = "start: \(error)"
                    }
                }
            }
        }
        let failure: String?? = state.wait { $0.openCount == 0 ? .some($0.failure) : nil }
        if let failure = failure ?? nil { throw BenchmarkError(failure) }
    }

    private static func metadata(_ index: Int) -> RecordingMetadata {
        var metadata = RecordingMetadata()
        metadata.project = "project-\(index % 7)"
        metadata.user = index % 97_003 == 777 ? rareUser : "user-\(index % 50_000)@shop.example"
        metadata.session = "session-\(index / 3)"
        metadata.activity = index % 11 == 0 ? "refund" : "order"
        metadata.brand = "brand-\(index % 3)"
        metadata.tags = index.isMultiple(of: 4) ? [commonTag, "release-\(index % 40)"] : ["release-\(index % 40)"]
        metadata.browser = "Firefox 140"
        metadata.notes = index % 60_013 == 5 ? "the button Ünterwegs did nothing" : ""
        return metadata
    }

    private static func page(_ index: Int) -> [UInt8] {
        let word = index % 99_991 == 55 ? rareWord : "order\(index % 70_000)"
        let href = "https://shop.example/\(index % 5 == 0 ? "checkout" : "account")/\(word)?id=\(index)"
        return Array(
            """
            [{"type":4,"data":{"href":"\(href)","width":1280,"height":720},"timestamp":\(1_700_000_000_000 + index)}]
            """.utf8)
    }
}

/// A clock that stands an hour after the start: what was sealed before the opening may be compacted, and nothing else is
/// ever due.
private struct StoppedUptime: Clock {
    var wallMicroseconds: Int64 { SystemClock().wallMicroseconds }
    var isSynchronised: Bool { true }
    var uptimeMicroseconds: Int64 { 3_600_000_000 }
}
