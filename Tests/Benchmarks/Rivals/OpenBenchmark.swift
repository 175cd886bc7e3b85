import Glibc
import ReelStore
import ReelSystem
import StoreFixtures

/// Opening the store of a million recordings: after a clean stop, and after what a crash can leave. Warm, and cold, as
/// after a boot.
struct OpenBenchmark {
    let setting: Setting

    func scores() throws -> [Score] {
        let made = try ListStore(setting)
        var scores: [Score] = []
        for (state, directory) in made.openings {
            scores.append(try score("\(state), warm", directory, isCold: false))
            scores.append(try score("\(state), cold", directory, isCold: true))
        }
        return scores
    }

    /// Opens a copy: opening repairs what it finds, and closing writes a checkpoint.
    private func score(_ state: String, _ directory: String, isCold: Bool) throws -> Score {
        let copy = try setting.emptyDirectory("list-opened") + "/data"
        try Child.run(["cp", "-a", "--reflink=auto", directory, copy])
        // Else the opening's own syncs would wait for the whole copy to reach the disk.
        try PageCache.write(copy)
        if isCold { try PageCache.drop(copy) }
        let clock = SystemClock()
        let began = (wall: clock.uptimeMicroseconds, cpu: CPUTime.secondsOfThisProcess())
        let store = try Store.open(copy, .test, options: ListStore.options)
        let milliseconds = Double(clock.uptimeMicroseconds - began.wall) / 1000
        let cpuMilliseconds = (CPUTime.secondsOfThisProcess() - began.cpu) * 1000
        setting.note("open: \(state): \(store.report)")
        store.close()
        try Child.run(["rm", "-rf", copy])
        return Score(
            what: "open, \(setting.listedCount) recordings, \(state)",
            ours: "\(milliseconds.text(0)) ms, CPU \(cpuMilliseconds.text(0)) ms", rival: "-", ratio: "-",
            goal: "< 1000 ms", isMet: milliseconds < 1000)
    }
}

/// The page cache's share of a store.
enum PageCache {
    /// Writes a store's files to the disk.
    static func write(_ store: String) throws {
        for path in try files(of: store) { try HostFileSystem().open(path, .existing).sync() }
    }

    /// Takes a store's files out of the page cache; they must have been written.
    static func drop(_ store: String) throws {
        for path in try files(of: store) {
            let descriptor = open(path, O_RDONLY)
            guard descriptor >= 0 else { throw BenchmarkError("\(path) cannot be opened") }
            defer { close(descriptor) }
            guard posix_fadvise(descriptor, 0, 0, POSIX_FADV_DONTNEED) == 0 else {
                throw BenchmarkError("\(path) cannot be dropped from the page cache")
            }
        }
    }

    private static func files(of store: String) throws -> [String] {
        try ["log", "index"].flatMap { name in
            try HostFileSystem().list("\(store)/\(name)").map { "\(store)/\(name)/\($0)" }
        }
    }
}
