import Glibc
import ReelStore
import ReelSystem

/// `reeld verify`.
enum VerifyCommand {
    private static let repairOption = Command.Option(
        "repair", help: "Copy damaged bytes aside, put what is lost on record, and make the store sound again")
    private static let dryRunOption = Command.Option(
        "dry-run", help: "With --repair: only say what it would do")

    private static let certificateOption = Command.Option(
        "certificate", value: "FILE", help: "Check a certificate of erasure instead; no store is needed")
    private static let publicKeyOption = Command.Option(
        "public-key", value: "KEY",
        help: "With --certificate: the store's public key, as 'reeld key public' prints it, or a file with it")

    private static let giveUpKeysOption = Command.Option(
        "give-up-keys", help: "With --repair: erase the recordings whose keys are gone, for good")

    private static let keysOption = Command.Option(
        "keys", value: "DIR", help: "The store's keyring is in DIR, where 'snapshot --with-keys' put it")

    static let verify = Command(
        name: "verify", topic: .store, summary: "Read every byte of the store and tell all damage",
        options: [
            keysOption, repairOption, giveUpKeysOption, dryRunOption, RestoreTest.option, RestoreTest.scratchOption,
            certificateOption, publicKeyOption, OutputForm.option,
        ] + LocalStore.options,
        details: [
            "Checks every frame's checksums, inflates it, reads its events, and sees that no event of a recording is "
                + "missing; then the index. Changes nothing of it without --repair; a daemon may be running.",
            "Exits with 1 when it finds damage, and names file and offset. When it was and what it found is kept in the store's "
                + "directory, for 'reeld doctor', 'reeld stats' and /metrics, and told to the journal where the store is the "
                + "configured one.",
            "With --repair, and no daemon running, damaged bytes are copied to quarantine/ in the store's directory, one "
                + "file a place with a note beside it; the log gets a frame for everything that is lost, so that it stays "
                + "told for ever; then the damaged segments are written anew without it. It says which events of which "
                + "recordings are lost, and of which time. Exits with 0 when the store is sound then; with --dry-run with "
                + "1 when there is something to repair. A repair that was broken off is finished by the next one.",
            "Reading a recording that has lost events still fails; ?damaged=skip and --skip-damaged give the rest. The "
                + "copies in quarantine/ are read by nothing and may be removed; they may hold parts of recordings that "
                + "were erased.",
            "Of an encrypted store the keyring is read, too, and each key in it tried; keys of erased recordings that are still "
                + "there are told. Without the store key only checksums are read, and it is said how much was not opened.",
            "A snapshot is compared with its manifest too, file by file, and it is told when it has expired. --keys=DIR takes "
                + "the keys that 'reeld snapshot --with-keys' copied: only then it is proved that the two belong together "
                + "and every recording in the snapshot can be read.",
            "With --restore-test it restores a snapshot on trial: into a private directory beside it, which is removed again, "
                + "with the newest ledger of erasures, opened as the daemon would, and every recording read whole. It says how "
                + "old the snapshot is, what came back, and how long that took. Sealed segments are links there, and the "
                + "snapshot stays as it is. Without DIR it is the newest in the store's snapshots/. The store itself, and its "
                + "archive, are not touched; events in the archive are not read.",
            "With --certificate it checks what 'reeld erase --certificate' wrote, anywhere and without the store. Whose "
                + "signature it is, only --public-key can prove: without it the key written in the certificate is taken, "
                + "which anybody could have made.",
        ],
        examples: [
            "reeld verify", "reeld verify --store=/srv/copy/reeld",
            "reeld verify --store=/srv/backup/today --keys=/srv/keys/today", "reeld verify --repair --dry-run",
            "reeld verify --restore-test", "reeld verify --restore-test=/srv/backup/today --keys=/srv/keys/today",
            "reeld verify --certificate=zoe.txt --public-key=store.pub",
        ],
        run: { invocation throws(CommandFailure) in
            if let path = invocation.text(certificateOption) {
                guard !invocation.has(repairOption), !invocation.has(LocalStore.option),
                    !invocation.has(keysOption)
                else {
                    throw .usage("--certificate checks a file, and neither repairs nor needs a store")
                }
                try CertificateCheck(path, publicKey: invocation.text(publicKeyOption)).print(
                    invocation.output, try invocation.outputForm())
                return .success
            }
            guard !invocation.has(publicKeyOption) else { throw .usage("--public-key is for --certificate") }
            if invocation.has(RestoreTest.option) { return try restoreTest(invocation) }
            guard !invocation.has(RestoreTest.scratchOption) else { throw .usage("--scratch is for --restore-test") }
            let directory = try LocalStore.existing(invocation)
            let notice = VerifyNotice(directory, journal: VerifyNotice.journal(of: invocation))
            return try telling(notice) { () throws(CommandFailure) in
                invocation.has(repairOption)
                    ? try repair(invocation, directory, notice) : try verify(invocation, directory, notice)
            }
        })

    /// Failures are told where others look for them, too.
    private static func telling(
        _ notice: VerifyNotice, _ work: () throws(CommandFailure) -> ExitCode
    ) throws(CommandFailure) -> ExitCode {
        do throws(CommandFailure) { return try work() } catch {
            // Those say nothing of the store.
            if ![.usage, .closedPipe].contains(error.exitCode) { notice.tell(error) }
            throw error
        }
    }

    private static func restoreTest(_ invocation: Invocation) throws(CommandFailure) -> ExitCode {
        guard !invocation.has(repairOption), !invocation.has(dryRunOption) else {
            throw .usage("--restore-test tries a snapshot, and repairs nothing")
        }
        let named = try invocation.text(keysOption).map { (path) throws(CommandFailure) in try AbsolutePath.of(path) }
        let store = try LocalStore.directory(invocation)
        let notice = VerifyNotice(store, journal: VerifyNotice.journal(of: invocation))
        return try telling(notice) { () throws(CommandFailure) in
            let test = try RestoreTest(invocation, keys: named)
            return try test.run(VerifyNotice(test.directory, journal: VerifyNotice.journal(of: invocation)))
        }
    }

    /// The store's key. A key file that no command line names is read as the store's user: it is his.
    static func encryption(
        of directory: String, _ invocation: Invocation, isOptional: Bool
    ) throws(CommandFailure) -> StoreEncryption? {
        guard StoreKeys.isConfigured(invocation) else {
            return try StoreKeys.ofStore(directory, invocation, isOptional: isOptional)
        }
        return try LocalStore.asOwner(of: directory) { () throws(CommandFailure) in
            try StoreKeys.ofStore(directory, invocation, isOptional: isOptional)
        }
    }

    private static func verify(
        _ invocation: Invocation, _ directory: String, _ notice: VerifyNotice
    ) throws(CommandFailure) -> ExitCode {
        if invocation.has(dryRunOption) { throw .usage("--dry-run is for --repair") }
        let form = try invocation.outputForm()
        let keys = try keyring(invocation, of: directory)
        let report = try verify(
            directory, keys: keys, archive: LocalStore.archive(invocation),
            encryption(of: directory, invocation, isOptional: true))
        let snapshot = try verifySnapshot(directory, keys: keys)
        let text = VerifyText(invocation.output, directory, form, keys: keys)
        try text.print(report, snapshot)
        let isSound = report.isSound && snapshot?.faults.isEmpty ?? true
        if snapshot == nil {
            notice.tell(report, of: try LocalStore.identity(invocation).store, text.sentence(report))
        } else {
            notice.tell(isSound: isSound, text.sentence(report, snapshot))
        }
        return isSound ? .success : .failure
    }

    private static func repair(
        _ invocation: Invocation, _ directory: String, _ notice: VerifyNotice
    ) throws(CommandFailure) -> ExitCode {
        guard !invocation.has(keysOption) else {
            throw .usage("--repair works on a store with its keyring in place; leave out --keys")
        }
        let form = try invocation.outputForm()
        let isDryRun = invocation.has(dryRunOption)
        try LocalStore.becomeOwner(of: directory)
        try requireWritable(directory)
        let encryption = try StoreKeys.ofStore(directory, invocation) ?? .off
        let report = try repair(
            directory, encryption, archive: LocalStore.archive(invocation), isDryRun: isDryRun,
            givesUpKeys: invocation.has(giveUpKeysOption))
        if !report.erasedForLostKeys.isEmpty, form == .table {
            let count = HumanText.plural(UInt64(report.erasedForLostKeys.count), "recording")
            try invocation.output.write("\(count) erased, their keys being gone\n")
        }
        let text = VerifyText(invocation.output, directory, form)
        try text.print(report, isDryRun: isDryRun)
        let last = report.after ?? report.before
        if !isDryRun { notice.tell(last, of: try LocalStore.identity(invocation).store, text.sentence(last)) }
        return (report.after?.isSound ?? !report.isNeeded) ? .success : .failure
    }

    /// The directory that `--keys` names; absolute. Nil where it names none.
    private static func keyring(_ invocation: Invocation, of store: String) throws(CommandFailure) -> String? {
        guard let named = invocation.text(keysOption) else { return nil }
        let path = try AbsolutePath.of(named)
        guard SmallFile.isDirectory(path) else {
            throw CommandFailure(.failure, "\(path): there is no such directory; name the one that --with-keys made")
        }
        guard try LocalStore.identity(invocation).keyRecord != nil else {
            throw CommandFailure(.failure, "\(store): this store is not encrypted and has no keys; leave out --keys")
        }
        return path
    }

    private static func verify(
        _ directory: String, keys: String?, archive: String?, _ encryption: StoreEncryption?
    ) throws(CommandFailure) -> VerifyReport {
        var bar: ProgressBar?
        defer { bar?.clear() }
        do throws(OpenError) {
            return try StoreVerifier(directory, encryption, keys: keys, archive: archive).run { done, total in
                if bar == nil { bar = ProgressBar(total: total) }
                bar?.advance(to: done, "verifying")
            }
        } catch {
            throw failure(error, directory)
        }
    }

    /// Nil for a store that is no snapshot.
    private static func verifySnapshot(
        _ directory: String, keys: String?
    ) throws(CommandFailure) -> SnapshotVerifier.Report? {
        do throws(SystemError) {
            return try SnapshotVerifier(directory, keys: keys).run(now: SystemClock().wallMicroseconds)
        } catch {
            throw failure(.system(error), directory)
        }
    }

    private static func requireWritable(_ directory: String) throws(CommandFailure) {
        for path in [directory, "\(directory)/log"] {
            guard faccessat(AT_FDCWD, path, W_OK, AT_EACCESS) != 0, errno != ENOENT else { continue }
            throw CommandFailure(
                .denied,
                "\(SystemError.last("write", path)); a repair writes to the store: run it as the user the store belongs to"
            )
        }
    }

    private static func repair(
        _ directory: String, _ encryption: StoreEncryption, archive: String?, isDryRun: Bool, givesUpKeys: Bool
    ) throws(CommandFailure) -> RepairReport {
        var bar: ProgressBar?
        defer { bar?.clear() }
        do throws(RepairError) {
            return try StoreRepair(directory, encryption, archive: archive).run(
                isDryRun: isDryRun, givesUpKeys: givesUpKeys
            ) {
                done, total in
                if bar == nil { bar = ProgressBar(total: total) }
                bar?.advance(to: done, "verifying")
            }
        } catch {
            switch error {
            case .open(.locked(let path)):
                throw CommandFailure(.failure, "\(path): a daemon has this store open; stop the daemon first")
            case .open(let cause): throw failure(cause, directory)
            case .keys(let damage):
                throw CommandFailure(
                    .failure,
                    "\(damage); nothing was changed: a copy of keys/ brings it back. Where there is none, --give-up-keys erases "
                        + "the recordings whose keys are gone")
            case .store(.diskFull):
                throw CommandFailure(
                    .failure, "\(directory): the disk is full; make room for copies of what is damaged, and repeat this"
                )
            case .store(.system(let cause)) where cause.isDenied:
                throw CommandFailure(
                    .denied, "\(cause); run the repair as the user the store belongs to; nothing more is lost")
            case .store(let cause):
                throw CommandFailure(
                    .failure, "\(directory): the repair stopped: \(cause); nothing more is lost, repeat it")
            }
        }
    }

    private static func failure(_ error: OpenError, _ directory: String) -> CommandFailure {
        if case .system(let cause) = error, cause.isMissing { return LocalStore.failure(.notAStore(path: directory)) }
        return LocalStore.failure(error)
    }
}
