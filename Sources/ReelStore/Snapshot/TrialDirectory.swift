import Glibc
import ReelFormat
import ReelSystem

/// A directory for one restored store: private, held by one process at a time, and gone afterwards. What a killed one left
/// is removed by the next.
struct TrialDirectory {
    private static let pieceSizeBytes = 1 << 20

    let path: String
    private let fileSystem: any FileSystem

    init(_ path: String, _ fileSystem: any FileSystem) {
        self.path = path
        self.fileSystem = fileSystem
    }

    /// Where the store is.
    var storePath: String { "\(path)/store" }

    /// A file of the store.
    func store(_ name: String) -> String { "\(storePath)/\(name)" }

    /// Makes it, empty.
    ///
    /// - Returns: the lock; whoever holds it may use the directory.
    /// - Throws: `isHeldByAnother` where another process has it.
    func begin() throws(SystemError) -> any File {
        try fileSystem.createDirectory(path)
        let lock = try fileSystem.open("\(path)/lock", .createIfMissing)
        try lock.lock()
        try removeAll(in: storePath)
        try fileSystem.createDirectory(storePath)
        try fileSystem.createDirectory(store("log"))
        return lock
    }

    /// - Returns: its size in bytes.
    func copy(_ source: String, as name: String) throws(SystemError) -> UInt64 {
        let from = try fileSystem.open(source, .readOnly)
        let file = try fileSystem.open(store(name), .createIfMissing)
        try file.truncate(to: 0)
        var done: UInt64 = 0
        while true {
            let piece = try from.read(TrialDirectory.pieceSizeBytes, at: done)
            if piece.isEmpty { return done }
            try file.write(piece, at: done)
            done += UInt64(piece.count)
        }
    }

    /// Removes all of it, as far as that goes.
    func remove() {
        try? removeAll(in: storePath)
        try? fileSystem.removeDirectory(storePath)
        // The lock last: until then nobody else makes anything here.
        try? fileSystem.unlink("\(path)/lock")
        try? fileSystem.removeDirectory(path)
    }

    private func removeAll(in directory: String) throws(SystemError) {
        let names: [String]
        do { names = try fileSystem.list(directory) } catch {
            guard error.isMissing else { throw error }
            return
        }
        for name in names {
            let path = "\(directory)/\(name)"
            do { try fileSystem.unlink(path) } catch {
                guard error.isDirectory else { throw error }
                try removeAll(in: path)
                try fileSystem.removeDirectory(path)
            }
        }
    }
}
