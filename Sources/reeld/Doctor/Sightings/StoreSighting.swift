import Glibc
import ReelFormat
import ReelStore
import ReelSystem

/// The store's directory from outside: nothing in it is opened for writing, and no lock is taken.
struct StoreSighting: Sendable {
    var directory: String
    var place: Sight<FileStatus>
    /// Nil: there is no store in it yet.
    var identity: Sight<StoreIdentity?>
    /// Why its identity is no good, and what to do.
    var identityTrouble: String?
    var glance: StoreGlance?
    /// Files that belong to somebody else than the directory does: who has the store open cannot use them.
    var foreignFiles: [String] = []
    var snapshots: Sight<[FoundSnapshot]>
    var freeBytes: UInt64?
    var totalBytes: UInt64?
    var reserveBytes: UInt64?
    var holdings: [Holding] = []

    init(_ directory: String, now: Int64) {
        self.directory = directory
        let fileSystem = HostFileSystem()
        place = Sight { () throws(SystemError) in try FileStatus(of: directory) }
        // Who may not list it is not told that a file in it is missing.
        let names = Sight { () throws(SystemError) in try fileSystem.list(directory) }
        snapshots = Sight { () throws(SystemError) in try FoundSnapshot.all(in: "\(directory)/snapshots") }
        freeBytes = try? fileSystem.freeBytes(directory)
        totalBytes = try? fileSystem.totalBytes(directory)
        switch names {
        case .there: identity = .there(nil)
        case .missing: identity = .missing
        case .denied: identity = .denied
        case .failed(let error): identity = .failed(error)
        }
        guard names.value != nil else { return }
        reserveBytes = StoreGlance.reserveBytes(directory)
        do throws(OpenError) {
            identity = .there(try Store.identity(of: directory))
        } catch {
            identityTrouble = LocalStore.failure(error).message
        }
        if let owner = place.value?.ownerID { foreignFiles = Self.files(below: directory, notOf: owner) }
        holdings = Holding.all(in: directory)
        if case .there(let identity?) = identity {
            glance = try? StoreGlance(directory, identity, now: now)
        }
    }

    /// The ones that a daemon opens; what lies in snapshots/ is nobody's but the admin's.
    private static func files(below directory: String, notOf owner: UInt32) -> [String] {
        var found: [String] = []
        for place in [directory, "\(directory)/log", "\(directory)/index", "\(directory)/keys"] {
            for name in (try? SmallFile.names(in: place)) ?? [] where name != "lost+found" {
                let path = "\(place)/\(name)"
                if let status = try? FileStatus(of: path, followsLinks: false), status.ownerID != owner {
                    found.append(path)
                }
            }
        }
        return found
    }
}

/// Something in the store's directory that takes room.
struct Holding: Sendable, Equatable {
    var name: String
    var sizeBytes: UInt64

    /// The largest first.
    static func all(in directory: String) -> [Holding] {
        var holdings: [Holding] = []
        for name in ["log", "index", "keys", "snapshots", "quarantine", "tmp"] {
            // What a snapshot shares with the log takes no room of its own, as long as the log has it too.
            let size = allocatedBytes("\(directory)/\(name)", countsLinks: name != "snapshots")
            if size > 0 { holdings.append(Holding(name: name, sizeBytes: size)) }
        }
        return holdings.sorted { $0.sizeBytes > $1.sizeBytes }
    }

    private static func allocatedBytes(_ directory: String, countsLinks: Bool) -> UInt64 {
        var sum: UInt64 = 0
        for name in (try? SmallFile.names(in: directory)) ?? [] {
            let path = "\(directory)/\(name)"
            guard let status = try? FileStatus(of: path, followsLinks: false) else { continue }
            switch status.kind {
            case .directory: sum += allocatedBytes(path, countsLinks: countsLinks)
            case .regular where countsLinks || status.linkCount == 1: sum += status.allocatedBytes
            default: break
            }
        }
        return sum
    }
}
