import Glibc
import ReelFormat
import ReelStore
import ReelSystem

/// Leaves word of a verification where others look for it: in the store's directory, and in the journal.
struct VerifyNotice {
    private static let journalSocket = "/run/systemd/journal/socket"

    private let directory: String
    /// Nil where the journal is not for this.
    private let journal: (any JournalSink)?
    private let clock: any Clock
    private let beganMicroseconds: Int64

    /// Begins to measure.
    ///
    /// - Parameter journal: told what was found; `journal(of:)` has the usual one.
    init(_ directory: String, journal: (any JournalSink)?, clock: any Clock = SystemClock()) {
        self.directory = directory
        self.journal = journal
        self.clock = clock
        beganMicroseconds = clock.uptimeMicroseconds
    }

    /// The journal is for the machine's own store: a copy that somebody looks at is nothing to report. Under a service
    /// everything is.
    static func journal(of invocation: Invocation) -> (any JournalSink)? {
        let sink = journalSinkOfStandardError()
        if sink is JournaldSink { return sink }
        guard !invocation.has(LocalStore.option), access(journalSocket, W_OK) == 0 else { return nil }
        return JournaldSink()
    }

    /// How long it took so far.
    var durationMicroseconds: Int64 { clock.uptimeMicroseconds - beganMicroseconds }

    /// What was found in the store.
    ///
    /// - Parameter store: nil leaves nothing in the directory: of what is no store in use.
    func tell(_ report: VerifyReport, of store: StoreID?, _ sentence: String) {
        if let store {
            let record = report.record(
                of: store, finishedMicroseconds: clock.wallMicroseconds, durationMicroseconds: durationMicroseconds)
            leave(record)
        }
        tell(isSound: report.isSound, sentence)
    }

    func tell(isSound: Bool, _ sentence: String) {
        journal?.write(
            LogMessage(
                isSound ? .verified : .verifyFailed, "\(directory): \(sentence)",
                [.file(directory), .milliseconds(durationMicroseconds / 1000)]))
    }

    /// It could not be done.
    func tell(_ failure: CommandFailure) {
        journal?.write(LogMessage(.verifyFailed, "could not be verified: \(failure.message)", [.file(directory)]))
    }

    /// What was found is true also where no word of it can be left.
    private func leave(_ record: VerificationRecord) {
        do {
            try LocalStore.becomeOwner(of: directory)
            try VerificationWord(directory).leave(record)
        } catch let error as SystemError where error.isDenied {
            StandardErrorSink.write(
                "no word of this was left for 'reeld doctor': \(error); run it as the store's user, or root\n")
        } catch {
            StandardErrorSink.write("no word of this was left for 'reeld doctor': \(error)\n")
        }
    }
}
