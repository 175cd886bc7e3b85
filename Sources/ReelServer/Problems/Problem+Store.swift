import ReelFormat
import ReelStore
import ReelSystem

/// What the store refuses or cannot do, in the API's words.
extension Problem {
    /// - Parameters:
    ///   - name: the recording as the client named it.
    ///   - token: makes the write token of a successor: whom it is told to has proved the old recording's.
    init(_ error: StoreError, recording name: String, token: (RecordingReference) -> String) {
        switch error {
        case .unknownRecording: self = .unknownRecording(name)
        case .erased(let time):
            self.init(.erased, "Recording \(name) was erased; nothing of it is left.", .erased(time))
        case .expired(let cause):
            self.init(
                .expired, "Recording \(name) has expired: retention removed it (\(cause.sentence)).",
                .reason(cause.name))
        case .ended(let reason, let time):
            self.init(
                .recordingEnded, "Recording \(name) has ended (\(reason.sentence)). Start another one.",
                .reason(reason.rawValue), .ended(time))
        case .full(let successor):
            self.init(
                .recordingFull, "Recording \(name) is full. Send this batch and later ones to its successor.",
                .successor(number: successor.number, id: successor.id.description, token: token(successor)))
        case .batchConflict(let first):
            self.init(
                .batchConflict, "Batch \(first.batch) of this writer was stored with other events.",
                .first(first.firstOrdinal), .count(Int(first.eventCount)))
        case .batchTooOld(let oldest):
            self.init(
                .batchTooOld, "Batch numbers of this writer below \(oldest) are forgotten, so a repeat cannot be told.",
                .oldest(oldest))
        case .queueFull: self.init(.queueFull, "More batches wait for the disk than may. Send this one again.")
        case .outcomeUnknown:
            self.init(
                .outcomeUnknown,
                "The disk failed while this was written; it may or may not be there. A numbered batch can be sent "
                    + "again without harm.")
        case .diskFull: self.init(.diskFull, "Nothing was stored. Make room, or lower what is kept.")
        case .readOnly:
            self.init(.readOnly, "The disk failed twice; the store only serves what it has until it is restarted.")
        case .closing: self = .stopping
        case .held:
            self.init(
                .held,
                "Recording \(name) is pinned (kept on purpose). Unpin it first, or erase it with an override that says why."
            )
        case .ledgerFailed(let error):
            self.init(
                .ledgerFailed,
                "Recording \(name) is erased, but the ledger of erasures could not be written (\(error.reason)). Send this "
                    + "again, so that it is.")
        case .overLimit(let wait):
            self.init(
                .overLimit,
                "Nothing was stored. \(wait.sentence) Unpin or erase some, or raise [retention] max_size or lower "
                    + "keep_free.", .reason(wait.name))
        case .retentionWaits(let wait): self.init(.retentionWaits, wait.sentence, .reason(wait.name))
        case .staleChunkTable(let generation):
            self.init(
                .staleChunkTable, "The recording was compacted since. Fetch the chunk table again.",
                .generation(generation))
        case .unknownChunk:
            self.init(.unknownChunk, "No chunk of recording \(name) begins there. The chunk table lists them.")
        case .archiveOffline(let directory?):
            self.init(
                .archiveOffline,
                "The events of recording \(name) are in the archive, and \(directory) does not have it now. Mount it there; no "
                    + "restart is needed.")
        case .archiveOffline(nil):
            self.init(
                .archiveOffline,
                "The events of recording \(name) are in an archive, and none is configured. Name its directory in [archive] dir."
            )
        case .damaged(let damage):
            self.init(
                .damaged, "\(damage)", .file(damage.file), .offset(Int(clamping: damage.offsetBytes)))
        case .system(let error): self.init(.storageFailed, "\(error)")
        case .eraseIncomplete:
            self.init(
                .eraseIncomplete,
                "Recording \(name) is erased, and nobody gets it any more; but the disk failed before its key was destroyed. "
                    + "Erase it again to have that done; a restart does it, too.")
        case .noKey: self.init(.storageFailed, "The store was opened without its key.")
        case .noRandomness: self.init(.storageFailed, "The kernel gives no random bytes to make an id of.")
        }
    }

    /// Why the store stopped writing. Everybody may ask, so the file is told by its name and not by its place.
    static func readOnly(_ cause: SystemError) -> Problem {
        let name = cause.path.split(separator: "/").last ?? ""
        return Problem(
            .readOnly,
            "The disk failed twice, at last in \(cause.call) of \(name): \(cause.reason). The store only serves what it has "
                + "until the disk is mended and the daemon restarted.")
    }

    static func unknownRecording(_ name: String) -> Problem {
        Problem(.unknownRecording, "There is no recording \(name).")
    }

    static var stopping: Problem {
        Problem(.stopping, "The daemon is stopping. Send this again once it is back.")
    }

    static var busy: Problem { Problem(.busy, "More requests wait than may. Send this one again.") }
}

extension ExpiryCause {
    fileprivate var sentence: String {
        switch self {
        case .age: "it was as old as a recording may become"
        case .size: "it was among the oldest, and the log as large as it may become"
        case .freeSpace: "it was among the oldest, and the disk had to keep room"
        case .unknown: "why is not known to this program"
        }
    }
}

extension EndReason {
    fileprivate var sentence: String {
        switch self {
        case .request: "it was asked to"
        case .lease: "no event came for long"
        case .length: "it was as long as a recording may be"
        case .size: "it was as large as a recording may be"
        }
    }
}
