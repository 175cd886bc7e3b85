import ReelFormat
import ReelStore
import ReelSystem
import StoreFixtures

/// Listing, filtering and searching a million recordings, and what their store takes of memory.
struct ListBenchmark {
    private static let repetitionCount = 300

    let setting: Setting

    func scores() throws -> [Score] {
        let made = try ListStore(setting)
        var scores: [Score] = []
        let before = PrivateMemory.ofThisProcess()
        let store = try Store.open(made.cleanDirectory, .test, options: ListStore.options)
        defer { store.close() }
        for (what, goal, query) in queries {
            scores.append(listScore(store, "list of \(setting.listedCount): \(what)", goalMilliseconds: goal, query))
        }
        let after = PrivateMemory.ofThisProcess()
        let megabytes = Double(after.ownBytes - before.ownBytes) / 1e6
        let mapped = Double(after.mappedBytes - before.mappedBytes) / 1e6
        setting.note("list: \(mapped.text(0)) MB of the page cache are mapped")
        scores.append(
            Score(
                what: "memory of its own, \(setting.listedCount) recordings opened and listed",
                ours: "\(megabytes.text(1)) MB", rival: "-", ratio: "-", goal: "< 100 MB", isMet: megabytes < 100))
        return scores
    }

    private var queries: [(String, Double, RecordingQuery)] {
        func equal(_ field: FilterField, _ value: String) -> RecordingQuery {
            var query = RecordingQuery()
            query.equalities = [.init(field: field, value: value)]
            return query
        }
        var ended = RecordingQuery()
        ended.statuses = [.ended]
        var errors = RecordingQuery()
        errors.content = [.error]
        var text = RecordingQuery()
        text.text = "ünterwegs"
        var common = RecordingQuery()
        common.text = "refund"
        return [
            ("newest 50", 5, RecordingQuery()), ("rare user", 50, equal(.user, ListStore.rareUser)),
            ("user who is not there", 50, equal(.user, "nobody")), ("common tag", 50, equal(.tag, ListStore.commonTag)),
            ("rare url word", 50, equal(.urlWord, ListStore.rareWord)),
            ("common url word", 50, equal(.urlWord, "checkout")), ("status none has", 50, ended),
            ("flag none has", 50, errors), ("text, rare, a page", 50, text), ("text, common, a page", 50, common),
        ]
    }

    private func listScore(
        _ store: Store, _ what: String, goalMilliseconds: Double, _ query: RecordingQuery
    ) -> Score {
        let clock = SystemClock()
        var times = Rounds()
        var count = 0
        var pageCount = 0
        // Each repetition reads page by page, as a person scrolls; what ends early for its time is followed too.
        while times.values.count < ListBenchmark.repetitionCount {
            var below: UInt64?
            for _ in 0..<(query.text.isEmpty ? 1 : 20) {
                let began = clock.uptimeMicroseconds
                let page = store.list(query, below: below, limit: 50)
                times.add(Double(clock.uptimeMicroseconds - began) / 1000)
                count += page.recordings.count
                pageCount += 1
                below = page.next
                if below == nil { break }
            }
        }
        let p99 = times.percentile(99)
        setting.note("\(what): \(Double(count) / Double(pageCount)) a page, max \(times.greatest.text(1)) ms")
        return Score(
            what: what, ours: "p50 \(times.median.text(2)) ms, p99 \(p99.text(2)) ms", rival: "-", ratio: "-",
            goal: "p99 < \(goalMilliseconds.text(0)) ms", isMet: p99 < goalMilliseconds)
    }
}

/// Memory that a process alone has need of.
enum PrivateMemory {
    /// The index is mapped, and the kernel counts mapped pages of a file as private while only one process maps them;
    /// but they are the page cache's, and given up when others need the room. So two figures.
    struct Reading {
        /// Heap, stacks, written pages of the program.
        var ownBytes = 0
        /// Clean pages of mapped files.
        var mappedBytes = 0
    }

    static func ofThisProcess() -> Reading {
        let text = (try? SmallFile.read("/proc/self/smaps_rollup", sizeMaxBytes: 1 << 16)) ?? []
        var reading = Reading()
        for line in String(decoding: text, as: UTF8.self).split(separator: "\n") {
            let fields = line.split(separator: " ")
            guard fields.count > 1, let kilobytes = Int(fields[1]) else { continue }
            switch fields[0] {
            case "Anonymous:": reading.ownBytes += kilobytes * 1024
            case "Private_Clean:": reading.mappedBytes += kilobytes * 1024
            default: break
            }
        }
        return reading
    }
}
