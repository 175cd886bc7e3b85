import ReelCodec
import ReelFormat
import ReelSystem

/// Looks at every slot of a keyring; with the key it tries each wrapped key, too.
struct KeyringSurvey {
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

    /// Puts what it finds into the survey's report. What one copy lost and the other has is no damage: the next opening,
    /// or reading, heals it.
    func run(_ log: inout LogSurvey) throws {
        let names = try fileSystem.list(paths.root)
        guard names.contains("keys") else {
            // A snapshot has its keyring elsewhere.
            let isSnapshot = names.contains(SnapshotManifest.fileName)
            return isSnapshot ? () : log.note(Corruption(file: paths.keys, offsetBytes: 0, kind: .ring))
        }
        let headers = try files.list(of: rings.store)
        let current = Set(headers.filter { $0.rings.generation == rings.generation }.map(\.first))
        for header in current.sorted(by: { $0.fileName < $1.fileName }) { try survey(header, &log) }
        for header in headers where header.rings.generation != rings.generation {
            var first = header.first
            first.rings.generation = rings.generation
            if !current.contains(first) {
                log.note(Corruption(file: paths.ring(header), offsetBytes: 0, kind: .ringOfAnotherGeneration))
            }
        }
    }

    private func survey(_ header: RingHeader, _ log: inout LogSurvey) throws {
        let other = header.other
        if try !files.isHeaderSound(header), try !files.isHeaderSound(other) {
            log.note(Corruption(file: paths.ring(header), offsetBytes: 0, kind: .ring))
        }
        let wrapper = try key.map { key in try KeyWrapper(key, header.rings) }
        let recordings = Ring.recordings(of: header.page)
        for (recording, pair) in zip(recordings, try files.slots(of: recordings, in: header.rings)) {
            switch KeyringVerdict(first: pair.first, second: pair.second) {
            case .empty: continue
            case .sound(let slot, _):
                guard case .live(_, let wrapped) = slot.content else {
                    log.noteKey(isDestroyed: true)
                    continue
                }
                log.noteKey(isDestroyed: false)
                guard let wrapper else { continue }
                if (try? wrapper.unwrap(wrapped, of: recording)) == nil { note(recording, header, &log) }
            case .lost, .conflict: note(recording, header, &log)
            }
        }
    }

    private func note(_ recording: UInt64, _ header: RingHeader, _ log: inout LogSurvey) {
        log.note(
            Corruption(file: paths.ring(header), offsetBytes: Ring.offset(of: recording), kind: .keyDamaged))
    }
}
