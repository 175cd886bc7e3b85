import ReelCodec
import ReelFormat
import ReelSystem

/// Makes a damaged store sound again, with no daemon running: copies what is damaged aside, puts on record what is lost,
/// and writes the segments anew without it. FORMAT.md §14 "Repair" has the order, in which a crash at any point loses
/// nothing more and the next repair finishes the work.
package struct StoreRepair {
    private let directory: String
    private let encryption: StoreEncryption
    private let archive: String?
    private let paths: StorePaths
    private let fileSystem: any FileSystem
    private let clock: any Clock

    package init(
        _ directory: String, _ encryption: StoreEncryption = .off, archive: String? = nil,
        fileSystem: any FileSystem = HostFileSystem(),
        clock: any Clock = SystemClock()
    ) {
        self.directory = directory
        self.encryption = encryption
        self.archive = archive
        paths = StorePaths(root: directory)
        self.fileSystem = fileSystem
        self.clock = clock
    }

    /// - Parameters:
    ///   - isDryRun: only says what would be done.
    ///   - progress: told the bytes read and the bytes there are, now and then.
    /// - Throws: why the store cannot be read or opened, `.locked` where a daemon has it, or what failed on the way: then
    ///   nothing is lost that was not lost before.
    package func run(
        isDryRun: Bool, givesUpKeys: Bool = false, progress: (UInt64, UInt64) -> Void = { _, _ in }
    ) throws(RepairError) -> RepairReport {
        do {
            return try repair(isDryRun: isDryRun, givesUpKeys: givesUpKeys, progress: progress)
        } catch let error as RepairError {
            throw error
        } catch let error as OpenError {
            throw .open(error)
        } catch let error as StoreError {
            throw .store(error)
        } catch let error as SystemError {
            throw .store(.system(error))
        } catch {
            preconditionFailure("no other error is thrown: \(error)")
        }
    }

    private func repair(
        isDryRun: Bool, givesUpKeys: Bool, progress: (UInt64, UInt64) -> Void
    ) throws -> RepairReport {
        // Before the lock is made: in a directory of somebody else's nothing is left behind.
        _ = try IdentityFile(paths, fileSystem).unlockedReadOnly(by: encryption)
        var report = RepairReport()
        if givesUpKeys, !isDryRun { report.erasedForLostKeys = try giveUpKeys() }
        let plan: RepairPlan
        let erased: Set<UInt64>
        do {
            let lock = try fileSystem.open(paths.lock, .createIfMissing)
            do { try lock.lock() } catch { throw OpenError.locked(path: paths.root) }
            let survey = try StoreVerifier(
                directory, encryption, archive: archive, fileSystem: fileSystem, clock: clock
            ).survey(
                progress: progress)
            report.before = survey.report
            erased = survey.erasedByRow
            if let lost = survey.report.damage.first(where: { $0.isOfKeys }), !givesUpKeys {
                throw RepairError.keys(lost)
            }
            plan = try RepairPlan(survey, paths, fileSystem)
            report.losses = plan.losses.map(\.loss)
            report.quarantined = plan.regions.map { region, segment in
                QuarantinedBytes(
                    damage: region.damage, sizeBytes: UInt64(region.range.count),
                    copy: "\(paths.quarantined(segment.number, region.range.lowerBound)).bin")
            }
            guard !isDryRun, report.isNeeded else { return report }
            try Quarantine(paths: paths, fileSystem: fileSystem)
                .keep(plan.regions, report.losses, at: clock.wallMicroseconds)
            // The store takes the lock itself; until it does, nothing that a daemon could do undoes the copies.
            withExtendedLifetime(lock) {}
        }
        report.rewrittenSegments = try carryOut(plan, erased)
        if plan.hasIndexDamage {
            var options = options
            options.rebuildsIndex = true
            try Store.open(directory, encryption, options: options, fileSystem: fileSystem, clock: clock).close()
            report.hasRebuiltIndex = true
        }
        report.after = try StoreVerifier(directory, encryption, archive: archive, fileSystem: fileSystem, clock: clock)
            .run()
        return report
    }

    private var options: StoreOptions {
        var options = StoreOptions()
        options.compaction.isAutomatic = false
        options.archive.directory = archive
        return options
    }

    /// Erases the recordings whose keys are gone, as nothing of them will be read again.
    private func giveUpKeys() throws -> [UInt64] {
        var options = options
        options.acceptsLostKeys = true
        let store = try Store.open(directory, encryption, options: options, fileSystem: fileSystem, clock: clock)
        defer { store.close() }
        guard let keyring = store.context.sealer.keyring else { return [] }
        var erased: [UInt64] = []
        for number in 1..<store.context.view.nextRecording where isLost(number, keyring, store.context) {
            _ = try store.context.wait { .erase(EraseRequest(number, overridingHold: true), $0) }
            erased.append(number)
        }
        return erased
    }

    private func isLost(_ number: UInt64, _ keyring: Keyring, _ context: StoreContext) -> Bool {
        guard context.view.tombstone(of: number) == nil, (try? context.view.frames(of: number).isEmpty) == false else {
            return false
        }
        do throws(KeyFault) {
            _ = try keyring.key(of: number)
            return false
        } catch {
            switch error {
            case .missing, .lost, .conflict, .forged: return true
            case .destroyed, .system, .noRandomness: return false
            }
        }
    }

    /// - Returns: the segments that were written anew.
    private func carryOut(_ plan: RepairPlan, _ erased: Set<UInt64>) throws -> [UInt64] {
        let store = try Store.open(directory, encryption, options: options, fileSystem: fileSystem, clock: clock)
        defer { store.close() }
        let context = store.context
        // Nothing is ever appended to a damaged segment.
        if plan.rewrites[context.view.state.withLock({ $0.activeSegment.number })] != nil {
            _ = try context.wait { .rotate($0) }
        }
        for number in erased.sorted() { _ = try context.wait { .erase(EraseRequest(number), $0) } }
        // On record before the damaged bytes go: else a crash between leaves a gap that nothing explains.
        for (loss, record) in plan.losses {
            guard var record else { continue }
            if loss.kind == .metadata { record.metadata = SalvagedMetadata(context).metadata(of: loss.recording) }
            let complete = record
            try context.wait { .giveUp(complete, $0) }
        }
        // Counters then speak of what can still be read, as those of an index made anew do. Before the damage goes, which
        // is what a next repair would find its work by.
        for number in plan.recordings.sorted() { try foldAnew(number, context) }
        try context.removeTables(of: plan.missingSegments)
        try removeMarkers(of: plan.missingSegments, context)
        var rewritten: [UInt64] = []
        for number in plan.rewrites.keys.sorted() {
            let sealed = context.view.state.withLock { $0.sealed.first { $0.segment.number == number } }
            if let sealed {
                _ = try Compactor(context, leavingOut: plan.rewrites).compact([sealed])
                rewritten.append(number)
            } else {
                // Of another store, or nothing in it is sound: its copy is whole.
                try fileSystem.unlinkIfThere(paths.marker(number))
                try fileSystem.unlinkIfThere(paths.segment(number))
                try fileSystem.syncDirectory(paths.log)
            }
        }
        return rewritten
    }
}

/// Of segments that are gone. What the archive has of them stays there, as nobody will know of it.
private func removeMarkers(of segments: [UInt64], _ context: StoreContext) throws(SystemError) {
    for number in segments { try context.fileSystem.unlinkIfThere(context.paths.marker(number)) }
    try context.fileSystem.syncDirectory(context.paths.log)
}

/// Makes a recording's row anew; one of which nothing was ever in this log has none.
private func foldAnew(_ number: UInt64, _ context: StoreContext) throws(StoreError) {
    do {
        try context.wait { .repair(number, $0) }
    } catch {
        guard case .unknownRecording = error else { throw error }
    }
}

/// Why a repair ended early. What it had done by then is sound, and repeating it finishes the work.
package enum RepairError: Error, Sendable {
    case open(OpenError)
    case store(StoreError)
    /// Keys are gone, which a copy of `keys/` would bring back: nothing was changed.
    case keys(Corruption)
}
