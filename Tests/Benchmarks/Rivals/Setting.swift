import Glibc
import ReelSystem

/// What all benchmarks of a run share.
struct Setting: Sendable {
    let corpus: Corpus
    let recordingsDirectory: String
    /// On a disk: what is durable there must be.
    let workDirectory: String
    /// The program under test; nil leaves out what needs a daemon.
    let daemon: String?
    let roundCount: Int
    /// Raw bytes each round of ingest writes.
    let ingestSizeBytes: Int
    /// Recordings in the store that is listed.
    let listedCount: Int
    /// How long wrk runs each time.
    let wrkSeconds: Int

    /// A new empty directory; what was there before is removed.
    func emptyDirectory(_ name: String) throws -> String {
        let path = "\(workDirectory)/\(name)"
        try Child.run(["rm", "-rf", path])
        try Child.run(["mkdir", "-p", path])
        return path
    }

    /// Tells how it goes, on standard error.
    func note(_ text: String) { StandardErrorSink.write(text + "\n") }
}
