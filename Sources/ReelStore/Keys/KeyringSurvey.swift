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

    /// What one copy lost and the other has is no damage: the next opening, or reading, heals it.
    ///
    /// - Parameter isKnown: whether the log has frames of a recording; a slot that nobody has is free, whatever it holds.
    func run(isKnown: (UInt64) -> Bool = { _ in true }) throws -> KeyringReport {
        var report = KeyringReport()
        let names = try fileSystem.list(paths.root)
        guard names.contains("keys") else {
            // A snapshot has its keyring elsewhere.
            if !names.contains(SnapshotManifest.fileName) {
                report.damage.append(Corruption(file: paths.keys, offsetBytes: 0, kind: .ring))
            }
            return report
        }
        let headers = try files.list(of: rings.store)
        let current = Set(headers.filter { $0.rings.generation == rings.generation }.map(\.first))
        for header in current.sorted(by: { $0.fileName < $1.fileName }) { try survey(header, isKnown, &report) }
        for header in headers where header.rings.generation != rings.generation {
            if !current.contains(header.counterpart(in: rings)) {
                report.damage.append(
                    Corruption(file: paths.ring(header), offsetBytes: 0, kind: .ringOfAnotherGeneration))
            }
        }
        return report
    }

    private func survey(
        _ header: RingHeader, _ isKnown: (UInt64) -> Bool, _ report: inout KeyringReport
    ) throws {
        let other = header.other
        if try !files.isHeaderSound(header), try !files.isHeaderSound(other) {
            report.damage.append(Corruption(file: paths.ring(header), offsetBytes: 0, kind: .ring))
        }
        let wrapper = try key.map { key in try KeyWrapper(key, header.rings) }
        let recordings = Ring.recordings(of: header.page)
        for (recording, pair) in zip(recordings, try files.slots(of: recordings, in: header.rings)) {
            switch KeyringVerdict(first: pair.first, second: pair.second) {
            case .empty: continue
            case .sound(let slot, _):
                guard case .live(_, let wrapped) = slot.content else {
                    report.destroyedCount += 1
                    continue
                }
                report.keyCount += 1
                guard let wrapper else { continue }
                if (try? wrapper.unwrap(wrapped, of: recording)) == nil { note(recording, header, &report) }
            case .lost, .conflict: if isKnown(recording) { note(recording, header, &report) }
            }
        }
    }

    private func note(_ recording: UInt64, _ header: RingHeader, _ report: inout KeyringReport) {
        report.damage.append(
            Corruption(file: paths.ring(header), offsetBytes: Ring.offset(of: recording), kind: .keyDamaged))
    }
}

/// What is in a keyring.
package struct KeyringReport: Sendable, Equatable {
    package var keyCount = 0
    package var destroyedCount = 0
    package var damage: [Corruption] = []
}
