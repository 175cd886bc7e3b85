import Glibc
import ReelCodec
import ReelFormat
import ReelSystem

/// Looks at every slot of a keyring; with the key it tries each wrapped key, too.
struct KeyringSurvey {
    /// What the log says, for who has read it.
    struct Log {
        /// Those with frames. A slot that nobody has is free, whatever it holds.
        var recordings: Set<UInt64>
        var erased: Set<UInt64>
        /// Of the store the keyring is to be for.
        var identity: StoreIdentity
    }

    /// A daemon destroys a key right after the tombstone is durable: so often its slot is looked at again.
    private static let lookCount = 20
    private static let pauseMicroseconds: UInt32 = 100_000

    private let paths: StorePaths
    private let fileSystem: any FileSystem
    private let files: RingFiles
    private let rings: RingSet
    private let key: StoreKey?

    init(_ paths: StorePaths, _ fileSystem: any FileSystem, _ rings: RingSet, key: StoreKey?) {
        self.paths = paths
        self.fileSystem = fileSystem
        self.rings = rings
        self.key = key
        files = RingFiles(paths, fileSystem, isReadOnly: true)
    }

    /// What one copy of a slot lost and the other has is no damage: the next opening, or reading, heals it.
    ///
    /// - Parameter log: nil where it was not read: then every slot is somebody's, and nothing was erased.
    func run(_ log: Log? = nil) throws -> KeyringReport {
        var report = KeyringReport()
        guard try fileSystem.hasKeyring(paths) else {
            // A snapshot has its keyring elsewhere.
            if try !fileSystem.list(paths.root).contains(SnapshotManifest.fileName) {
                report.damage.append(Corruption(file: paths.keys, offsetBytes: 0, kind: .ring))
            }
            return report
        }
        report.isThere = true
        if let log, try !IdentityFile(paths, fileSystem).isCopy(of: log.identity) {
            report.damage.append(Corruption(file: paths.identityCopy, offsetBytes: 0, kind: .identityCopy))
        }
        let headers = try files.list(of: rings.store)
        let current = Set(headers.filter { $0.rings.generation == rings.generation }.map(\.first))
        var leftAlive: [Found] = []
        var keyless = log?.recordings ?? []
        for header in current.sorted(by: { $0.fileName < $1.fileName }) {
            for found in try survey(header, log, &report) {
                keyless.remove(found.recording)
                if !found.isDestroyed, log?.erased.contains(found.recording) == true { leftAlive.append(found) }
            }
        }
        for found in try stillAlive(leftAlive) { report.damage.append(corruption(found, .keyOfErased)) }
        // Where the key is there, each frame that does not open tells of it.
        if key == nil, let log { noteMissing(keyless.subtracting(log.erased), &report) }
        for header in headers where header.rings.generation != rings.generation {
            if !current.contains(header.counterpart(in: rings)) {
                report.damage.append(
                    Corruption(file: paths.ring(header), offsetBytes: 0, kind: .ringOfAnotherGeneration))
            }
        }
        return report
    }

    /// A slot that is not empty.
    private struct Found {
        var recording: UInt64
        /// Of the first copy.
        var ring: RingHeader
        var isDestroyed = false
    }

    private func survey(_ header: RingHeader, _ log: Log?, _ report: inout KeyringReport) throws -> [Found] {
        if try !files.isWhole(header), try !files.isWhole(header.other) {
            report.damage.append(Corruption(file: paths.ring(header), offsetBytes: 0, kind: .ring))
        }
        let wrapper = try key.map { key in try KeyWrapper(key, header.rings) }
        let recordings = Ring.recordings(of: header.page)
        var all: [Found] = []
        for (recording, pair) in zip(recordings, try files.slots(of: recordings, in: header.rings)) {
            var found = Found(recording: recording, ring: header)
            switch KeyringVerdict(first: pair.first, second: pair.second) {
            case .empty: continue
            case .sound(let slot, _):
                if case .live(_, let wrapped) = slot.content {
                    report.keyCount += 1
                    let opens = wrapper.map { (try? $0.unwrap(wrapped, of: recording)) != nil } ?? true
                    if !opens { report.damage.append(corruption(found, .keyDamaged)) }
                } else {
                    report.destroyedCount += 1
                    found.isDestroyed = true
                }
            case .lost, .conflict:
                // A slot that nobody has, of a key that was being made, is free.
                if log?.recordings.contains(recording) ?? true {
                    report.damage.append(corruption(found, .keyDamaged))
                }
            }
            all.append(found)
        }
        return all
    }

    /// Those that stay as they are, while a daemon may be destroying some of them.
    private func stillAlive(_ suspects: [Found]) throws -> [Found] {
        var left = suspects
        for _ in 0..<KeyringSurvey.lookCount where !left.isEmpty {
            usleep(KeyringSurvey.pauseMicroseconds)
            // Opened anew: the daemon may have put another file in a ring's place.
            let files = RingFiles(paths, fileSystem, isReadOnly: true)
            left = try left.filter { found in
                guard case .sound(let slot, _) = try files.verdict(of: found.recording, in: found.ring.rings) else {
                    return false
                }
                return !slot.isDestroyed
            }
        }
        return left
    }

    private func noteMissing(_ recordings: Set<UInt64>, _ report: inout KeyringReport) {
        for recording in recordings.sorted() {
            let ring = RingHeader(rings: rings, page: Ring.page(of: recording), copy: .first)
            report.damage.append(corruption(Found(recording: recording, ring: ring), .keyMissing))
        }
    }

    private func corruption(_ found: Found, _ kind: Corruption.Kind) -> Corruption {
        Corruption(file: paths.ring(found.ring), offsetBytes: Ring.offset(of: found.recording), kind: kind)
    }
}

/// What is in a keyring.
package struct KeyringReport: Sendable, Equatable {
    /// Of a snapshot it may be elsewhere.
    package var isThere = false
    package var keyCount = 0
    package var destroyedCount = 0
    package var damage: [Corruption] = []
}

extension FileSystem {
    /// Whether the directory of a store's keyring is there.
    func hasKeyring(_ paths: StorePaths) throws(SystemError) -> Bool {
        do {
            _ = try list(paths.keys)
            return true
        } catch {
            guard error.isMissing else { throw error }
            return false
        }
    }
}
