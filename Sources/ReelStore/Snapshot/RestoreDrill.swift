import ReelFormat
import ReelSystem

/// Restores a snapshot on trial: into a directory of its own, opened as a daemon would, every recording read whole, and all
/// removed again. The snapshot stays as it is: what the trial could write to is a copy.
package struct RestoreDrill {
    /// What came back.
    package struct Report: Sendable, Equatable {
        package var recordingCount: UInt64 = 0
        package var eventCount: UInt64 = 0
        /// What was erased since the snapshot, and the ledger erased again.
        package var erasedAgainCount: UInt64 = 0
        /// Recordings that could not be read whole, as events of theirs are in an archive, which a snapshot has not.
        package var archivedRecordingCount: UInt64 = 0
        package var linkedCount = 0
        package var copiedBytes: UInt64 = 0
        /// What did not come back as the snapshot says, each a sentence with its place.
        package var faults: [String] = []
    }

    package enum Failure: Error, Sendable {
        /// Files that are not as the manifest says: nothing was tried.
        case damaged([String])
        case open(OpenError)
        case ledger(LedgerError, path: String)
        /// The scratch directory is another trial's, at this moment.
        case inUse(String)
        case noRoom(String, neededBytes: UInt64, freeBytes: UInt64)
        case cancelled
        case system(SystemError)
    }

    private let snapshot: FoundSnapshot
    private let keys: String?
    private let ownLedger: String?
    private let otherLedger: String?
    private let scratch: TrialDirectory
    private let fileSystem: any FileSystem
    private let isCancelled: @Sendable () -> Bool

    /// - Parameters:
    ///   - keys: the directory with the snapshot's keys; nil for one without encryption.
    ///   - ownLedger: the ledger of the store as it is now, which takes the place of the snapshot's.
    ///   - otherLedger: one that is applied to the opened store, as a daemon does with the configured one.
    ///   - scratch: where it is tried; made, and removed afterwards. On the snapshot's file system nothing large is copied.
    ///   - isCancelled: asked now and then.
    package init(
        _ snapshot: FoundSnapshot, keys: String?, ownLedger: String? = nil, otherLedger: String? = nil,
        scratch: String, fileSystem: any FileSystem = HostFileSystem(),
        isCancelled: @escaping @Sendable () -> Bool = { false }
    ) {
        self.snapshot = snapshot
        self.keys = keys
        self.ownLedger = ownLedger
        self.otherLedger = otherLedger
        self.scratch = TrialDirectory(scratch, fileSystem)
        self.fileSystem = fileSystem
        self.isCancelled = isCancelled
    }

    /// - Parameter progress: told the recordings read, and how many there are.
    package func run(
        _ encryption: StoreEncryption, clock: any Clock = SystemClock(),
        progress: (UInt64, UInt64) -> Void = { _, _ in }
    ) throws(Failure) -> Report {
        try verify(now: clock.wallMicroseconds)
        let lock = try begin()
        defer {
            scratch.remove()
            withExtendedLifetime(lock) {}
        }
        var report = Report()
        try restore(&report)
        // Told for both ledgers.
        let erased = Monitor<UInt64>(0)
        let store = try open(encryption, clock) { event in
            if case .ledgerApplied(_, let numbers) = event { erased.withLock { $0 += UInt64(numbers.count) } }
        }
        defer { store.close() }
        if let path = otherLedger {
            do throws(LedgerError) { try store.applyLedger(path) } catch { throw .ledger(error, path: path) }
        }
        report.erasedAgainCount = erased.withLock { $0 }
        try read(store, &report, progress)
        return report
    }

    // MARK: Before

    /// Every file as it was made; of keys, too.
    private func verify(now: Int64) throws(Failure) {
        let found: SnapshotVerifier.Report?
        do throws(SystemError) {
            found = try SnapshotVerifier(snapshot.directory, keys: keys, fileSystem: fileSystem).run(now: now)
        } catch {
            throw .system(error)
        }
        let faults = found?.faults ?? ["\(snapshot.directory): there is no snapshot any more"]
        guard faults.isEmpty else { throw .damaged(faults) }
        try checkCancelled()
    }

    private func begin() throws(Failure) -> any File {
        do throws(SystemError) { return try scratch.begin() } catch {
            throw error.isHeldByAnother ? .inUse(scratch.path) : .system(error)
        }
    }

    private func checkCancelled() throws(Failure) { if isCancelled() { throw .cancelled } }

    // MARK: Restoring

    private func restore(_ report: inout Report) throws(Failure) {
        let links = try linkable()
        let size = snapshot.manifest.files.reduce(0) { $0 + (links.contains($1.name) ? 0 : $1.sizeBytes) }
        try requireRoom(size)
        for file in snapshot.manifest.files {
            try checkCancelled()
            let from = "\(snapshot.directory)/\(file.name)"
            do throws(SystemError) {
                if links.contains(file.name), (try? fileSystem.link(from, to: scratch.store(file.name))) != nil {
                    report.linkedCount += 1
                } else {
                    report.copiedBytes += try scratch.copy(from, as: file.name)
                }
            } catch {
                throw .system(error)
            }
        }
        if let keys { try copyKeys(keys, &report) }
        // The store's own one is the newest, and takes the place of the snapshot's, as in a real restoring.
        guard let ownLedger else { return }
        do throws(SystemError) { report.copiedBytes += try scratch.copy(ownLedger, as: "erased.ledger") } catch {
            throw .system(error)
        }
    }

    /// A keyring is written to when it is opened: always a copy.
    private func copyKeys(_ keys: String, _ report: inout Report) throws(Failure) {
        do throws(SystemError) {
            try fileSystem.createDirectory(scratch.store("keys"))
            for name in try fileSystem.list(keys).sorted() where name != SnapshotManifest.fileName {
                report.copiedBytes += try scratch.copy("\(keys)/\(name)", as: "keys/\(name)")
            }
        } catch {
            throw .system(error)
        }
    }

    /// Segments that are never written to again: all but the last hot one, which the opened store goes on with.
    private func linkable() throws(Failure) -> Set<String> {
        do {
            guard try fileSystem.deviceNumber(snapshot.directory) == fileSystem.deviceNumber(scratch.path) else {
                return []
            }
            var names: Set<String> = []
            var lastHot: (number: UInt64, name: String)?
            for file in snapshot.manifest.files {
                let name = String(file.name.dropFirst("log/".count))
                guard file.name.hasPrefix("log/"), let number = StorePaths.number(of: name, suffix: ".seg") else {
                    continue
                }
                names.insert(file.name)
                let segment = Segment(
                    number: number, file: try fileSystem.open("\(snapshot.directory)/\(file.name)", .readOnly),
                    store: snapshot.manifest.store, sealer: .none)
                let state = try StatePayload(decoding: try segment.frame(at: 0).member)
                if !state.isCompacted, state.segment == number, number >= lastHot?.number ?? 0 {
                    lastHot = (number, file.name)
                }
            }
            // Where nothing tells which it is, none is shared.
            guard let lastHot else { return [] }
            names.remove(lastHot.name)
            return names
        } catch let error as SystemError {
            throw .system(error)
        } catch {
            return []
        }
    }

    private func requireRoom(_ sizeBytes: UInt64) throws(Failure) {
        // The index that is made, and what the file system itself needs.
        let needed = sizeBytes + sizeBytes / 16 + 8 << 20
        let free: UInt64
        do throws(SystemError) { free = try fileSystem.freeBytes(scratch.path) } catch { throw .system(error) }
        guard free >= needed else { throw .noRoom(scratch.path, neededBytes: needed, freeBytes: free) }
    }

    // MARK: Reading

    /// As a daemon does, but that nothing happens in it by itself, and that the archive is left alone: what is tried here must
    /// not move or remove anything there.
    private func open(
        _ encryption: StoreEncryption, _ clock: any Clock, note: @escaping @Sendable (StoreEvent) -> Void
    ) throws(Failure) -> Store {
        try checkCancelled()
        var options = StoreOptions()
        options.compaction.isAutomatic = false
        options.retention.isAutomatic = false
        options.reserveSizeBytes = 0
        do throws(OpenError) {
            return try Store.open(
                scratch.storePath, encryption, options: options, fileSystem: fileSystem, clock: clock,
                note: note)
        } catch {
            throw .open(error)
        }
    }

    private func read(
        _ store: Store, _ report: inout Report, _ progress: (UInt64, UInt64) -> Void
    ) throws(Failure) {
        for damage in store.report.damage { report.faults.append("\(damage)") }
        let figures = store.statistics
        if figures.startedRecordingCount != snapshot.manifest.recordingCount {
            report.faults.append(
                "the snapshot says that \(snapshot.manifest.recordingCount) recordings were started by then, and "
                    + "\(figures.startedRecordingCount) are known in what came back")
        }
        if figures.lastLSN < snapshot.manifest.lsn {
            report.faults.append(
                "the snapshot goes up to entry \(snapshot.manifest.lsn) of the log, and what came back to \(figures.lastLSN)"
            )
        }
        for number in 1..<figures.startedRecordingCount + 1 {
            try checkCancelled()
            try read(number, store, &report)
            progress(number, figures.startedRecordingCount)
        }
        if report.recordingCount + report.archivedRecordingCount != figures.recordingCount, report.faults.isEmpty {
            report.faults.append(
                "\(figures.recordingCount) recordings should be there, and \(report.recordingCount) could be read")
        }
    }

    private func read(_ number: UInt64, _ store: Store, _ report: inout Report) throws(Failure) {
        do throws(StoreError) {
            let snapshot = try store.snapshot(number)
            // What was given up before is lost in the store as well. Nothing else is damaged: each file has its checksum.
            let isGivenUp = snapshot.gaps.allSatisfy(\.isGivenUp)
            let reader = SpliceReader(snapshot, coding: .identity, skipsDamaged: isGivenUp && !snapshot.gaps.isEmpty)
            while try reader.nextPiece() != nil { try checkCancelledInside() }
            report.recordingCount += 1
            report.eventCount += snapshot.row.eventCount - min(snapshot.row.eventCount, snapshot.row.lostEventCount)
        } catch {
            switch error {
            case .unknownRecording, .erased, .expired: return
            case .archiveOffline: report.archivedRecordingCount += 1
            case .closing: throw .cancelled
            default: report.faults.append("recording \(number): \(error)")
            }
        }
    }

    private func checkCancelledInside() throws(StoreError) { if isCancelled() { throw .closing } }
}
