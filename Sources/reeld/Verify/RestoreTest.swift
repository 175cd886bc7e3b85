import Glibc
import ReelCodec
import ReelFormat
import ReelStore
import ReelSystem

/// `reeld verify --restore-test`: restores a snapshot on trial, and says what came back.
struct RestoreTest {
    static let option = Command.Option(
        "restore-test", value: "DIR", isValueOptional: true,
        help: "Restore the snapshot in DIR, or the newest, on trial, and read every recording in it")
    static let scratchOption = Command.Option(
        "scratch", value: "DIR", help: "With --restore-test: try it below DIR instead of beside the snapshot")

    private static let scratchName = ".restore-test"

    private let invocation: Invocation
    private let snapshot: FoundSnapshot
    private let keys: String?
    private let clock = SystemClock()

    /// - Parameter keys: the directory of its keys that the command line names.
    init(_ invocation: Invocation, keys: String?) throws(CommandFailure) {
        self.invocation = invocation
        snapshot = try Self.find(invocation)
        self.keys = try Self.keys(of: snapshot, named: keys)
    }

    /// Where the snapshot is.
    var directory: String { snapshot.directory }

    // MARK: Finding

    private static func find(_ invocation: Invocation) throws(CommandFailure) -> FoundSnapshot {
        let named = invocation.text(option) ?? ""
        let place = named.isEmpty ? "\(try LocalStore.directory(invocation))/snapshots" : try AbsolutePath.of(named)
        do throws(SystemError) {
            if let found = try FoundSnapshot.at(place) { return found }
            if let newest = try FoundSnapshot.all(in: place).last { return newest }
        } catch {
            guard error.isMissing else {
                throw CommandFailure(error.isDenied ? .denied : .failure, "\(error)")
            }
        }
        throw CommandFailure(
            .failure, "\(place): there is no snapshot; make one with 'reeld snapshot', or name one: --restore-test=DIR")
    }

    private static func keys(of snapshot: FoundSnapshot, named: String?) throws(CommandFailure) -> String? {
        let identity: StoreIdentity?
        do throws(OpenError) { identity = try Store.identity(of: snapshot.directory) } catch {
            throw LocalStore.failure(error)
        }
        guard identity?.keyRecord != nil else { return nil }
        let advice = "name the directory that --with-keys made, wherever it is now: --keys=DIR"
        guard let keys = named ?? snapshot.manifest.keysDirectory else {
            throw CommandFailure(.failure, "\(snapshot.directory): its keys were not copied with it; \(advice)")
        }
        guard SmallFile.isDirectory(keys) else {
            throw CommandFailure(.failure, "\(keys): the keys of \(snapshot.directory) are not there; \(advice)")
        }
        return keys
    }

    /// The ledger of the store as it is now; nil where there is none, or the snapshot is another store's.
    private func ownLedger() throws(CommandFailure) -> String? {
        let directory = try LocalStore.directory(invocation)
        guard let identity = (try? Store.identity(of: directory)) ?? nil, identity.store == snapshot.manifest.store
        else {
            return nil
        }
        let path = "\(directory)/erased.ledger"
        return (try? FileStatus(of: path)) == nil ? nil : path
    }

    private func scratch() throws(CommandFailure) -> String {
        if let named = invocation.text(Self.scratchOption) {
            return "\(try AbsolutePath.of(named))/\(Self.scratchName)"
        }
        let parent = "/" + directory.split(separator: "/").dropLast().joined(separator: "/")
        // Beside the snapshot segments are links. Where nobody may write there, as on a mounted backup, they are copies.
        return faccessat(AT_FDCWD, parent, W_OK, AT_EACCESS) == 0
            ? "\(parent)/\(Self.scratchName)" : "/var/tmp/reeld-restore-test-\(CurrentUser.id)"
    }

    // MARK: Trying

    func run(_ notice: VerifyNotice) throws(CommandFailure) -> ExitCode {
        let place = try scratch()
        // In a directory for everybody somebody else may have made one of that name.
        if let status = try? FileStatus(of: place, followsLinks: false),
            status.ownerID != CurrentUser.id || status.kind != .directory || status.mode & 0o077 != 0
        {
            throw CommandFailure(
                .failure, "\(place): it is not this user's alone; remove it, or take another with --scratch=DIR")
        }
        let configured = (try? ConfigurationLoader.load())?.values.store.ledger ?? ""
        let encryption = try VerifyCommand.encryption(of: directory, invocation, isOptional: false) ?? .off
        let isCancelled = Cancellation.begin()
        let drill = RestoreDrill(
            snapshot, keys: keys, ownLedger: try ownLedger(), otherLedger: configured.isEmpty ? nil : configured,
            scratch: place, isCancelled: isCancelled)
        var bar: ProgressBar?
        defer { bar?.clear() }
        let report: RestoreDrill.Report
        do throws(RestoreDrill.Failure) {
            report = try drill.run(encryption) { done, total in
                if bar == nil { bar = ProgressBar(total: total) }
                bar?.advance(to: done, "restoring")
            }
        } catch {
            bar?.clear()
            throw failure(error)
        }
        bar?.clear()
        let took = notice.durationMicroseconds
        switch try invocation.outputForm() {
        case .json: try invocation.output.writeLine(json(report, took))
        case .table:
            for fault in report.faults { try invocation.output.write(fault.printable + "\n") }
            try invocation.output.write("\(directory): \(sentence(report, took))\n")
        }
        notice.tell(isSound: report.faults.isEmpty, sentence(report, took))
        return report.faults.isEmpty ? .success : .failure
    }

    private func failure(_ error: RestoreDrill.Failure) -> CommandFailure {
        switch error {
        case .damaged(let faults):
            CommandFailure(
                .failure,
                faults.joined(separator: "\n")
                    + "\n\(directory): not restored: \(HumanText.plural(UInt64(faults.count), "file")) "
                    + "not as it was made; make another snapshot, and look for errors of the disk")
        case .open(let cause): LocalStore.failure(cause)
        case .ledger(let cause, let path): LedgerFailure.failure(cause, path)
        case .inUse(let path): CommandFailure(.failure, "\(path): another trial goes on there; wait for its end")
        case .noRoom(let path, let needed, let free):
            CommandFailure(
                .failure,
                "\(path): the trial needs \(HumanText.size(needed)), and \(HumanText.size(free)) are free; name a place with "
                    + "more room: --scratch=DIR")
        case .cancelled: CommandFailure(.failure, "\(directory): stopped; what was restored is removed again")
        case .system(let cause): CommandFailure(cause.isDenied ? .denied : .failure, "\(cause)")
        }
    }

    // MARK: Telling

    private func sentence(_ report: RestoreDrill.Report, _ took: Int64) -> String {
        let made = snapshot.manifest.madeMicroseconds
        let age = HumanText.duration(microseconds: max(0, clock.wallMicroseconds - made))
        let verdict =
            report.faults.isEmpty
            ? "restored" : "restored with \(HumanText.plural(UInt64(report.faults.count), "fault"))"
        let erased = report.erasedAgainCount > 0 ? "; \(report.erasedAgainCount) erased again by the ledger" : ""
        let archived =
            report.archivedRecordingCount > 0
            ? "; \(HumanText.plural(report.archivedRecordingCount, "recording")) with events in the archive not read"
            : ""
        return "\(verdict) on trial: of \(CalendarTime.utcText(made)) (\(age) ago), "
            + "\(HumanText.plural(report.recordingCount, "recording")), \(HumanText.plural(report.eventCount, "event")) read in "
            + "\(HumanText.duration(microseconds: took))\(erased)\(archived)"
    }

    private func json(_ report: RestoreDrill.Report, _ took: Int64) -> JSONValue {
        func number(_ value: some BinaryInteger) -> JSONValue { .number("\(value)") }
        let made = snapshot.manifest.madeMicroseconds
        return .object([
            .init("snapshot", .string(directory)), .init("restored", .bool(report.faults.isEmpty)),
            .init("made", TimeText.text(made).map { .string($0) } ?? .null),
            .init("age_seconds", number(max(0, clock.wallMicroseconds - made) / 1_000_000)),
            .init("recordings", number(report.recordingCount)), .init("events", number(report.eventCount)),
            .init("erased_again", number(report.erasedAgainCount)),
            .init("archived_recordings", number(report.archivedRecordingCount)),
            .init("linked_files", number(report.linkedCount)), .init("copied_bytes", number(report.copiedBytes)),
            .init("duration_ms", number(took / 1000)), .init("faults", .array(report.faults.map { .string($0) })),
        ])
    }
}
