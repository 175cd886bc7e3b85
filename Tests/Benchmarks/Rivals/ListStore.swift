import ReelCodec
import ReelFormat
import ReelStore
import ReelSystem

/// A store with a million recordings, as a shop's support would have after some years: made once and kept.
struct ListStore {
    static let rareUser = "user-777@example.org"
    static let commonTag = "checkout"
    static let rareWord = "order77777"

    let count: Int
    /// Closed cleanly.
    let cleanDirectory: String
    /// As a crash would have left it: copied while it was open, the last recordings behind the last checkpoint.
    let crashedDirectory: String

    /// - Parameter directory: what is there already is taken as it is when it was made whole.
    init(count: Int, directory: String, note: (String) -> Void) throws {
        self.count = count
        cleanDirectory = "\(directory)/clean"
        crashedDirectory = "\(directory)/crashed"
        let whole = "\(directory)/whole-\(count)"
        if (try? SmallFile.access(of: whole)) != nil { return }
        note("list: making a store with \(count) recordings in \(directory)")
        try Child.run(["rm", "-rf", directory])
        try Child.run(["mkdir", "-p", directory])
        try fill()
        try SmallFile.createPrivate(whole, holding: [])
    }

    private func fill() throws {
        let store = try Store.open(cleanDirectory)
        defer { store.close() }
        let lateCount = min(10_000, count / 2)
        try start(0..<count - lateCount, in: store)
        try store.checkpoint()
        try start(count - lateCount..<count, in: store)
        try Child.run(["cp", "-a", cleanDirectory, crashedDirectory])
    }

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
