import ReelFormat
import ReelStore
import ReelSystem

extension Journal {
    /// Logs what the store tells of itself: the `note` of `Store.open`.
    func log(_ event: StoreEvent) {
        switch event {
        case .created(let path): log(.storeCreated, "made a new store", .file(path))
        case .opened(let report): log(report)
        case .segmentBegun(let segment): log(.segmentBegun, "began segment \(segment)", .segment(segment))
        case .segmentPoisoned(let segment, let lengthBytes, let cause):
            log(
                .segmentPoisoned,
                "a write to segment \(segment) failed: nothing more is written to it, and a new segment is tried; look "
                    + "for the disk's own errors (dmesg, smartctl)",
                .segment(segment), .file(cause.path), .offset(lengthBytes), .errno(cause), .error(cause))
        case .storeReadOnly(let cause):
            log(
                .storeReadOnly,
                "the disk failed twice: the store takes no more writes, and serves what it has; mend the disk, then "
                    + "restart the daemon",
                .file(cause.path), .errno(cause), .error(cause))
        case .indexWriteFailed(let recording, let cause):
            log(
                .indexWriteFailed, "the index could not be written; the log is whole", .recording(recording),
                .error(cause))
        case .indexFaulted(let path):
            log(
                .indexWriteFailed,
                "a file of the index was cut by somebody; lists are read from the log, slowly, until a restart makes it "
                    + "anew", .file(path))
        case .damage(let corruption): log(corruption)
        case .checkpointFailed(let cause):
            log(.checkpointFailed, "a checkpoint failed; the next start will read more of the log", .error(cause))
        case .compacted(let segments, let before, let after):
            let saved = "\(HumanText.size(before)) became \(HumanText.size(after))"
            log(.compactionFinished, "compacted \(plural(segments.count, "segment")): \(saved)", .size(after))
        case .compactionFailed(let cause):
            log(.compactionFailed, "compaction failed; what it would have replaced is still there", .error(cause))
        case .leaseExpired(let recording):
            log(.recordingIdle, "recording \(recording) went idle: its lease ran out", .recording(recording))
        case .ledgerMadeAnew(let path, let lines):
            log(
                .ledgerMadeAnew,
                "the ledger of erasures was damaged in line \(lines.map { "\($0)" }.joined(separator: ", ")) and has been "
                    + "made anew from what is sound of it and from the log", .file(path))
        case .ledgerFailed(let cause):
            log(
                .ledgerFailed,
                "erased recordings could not be entered in the ledger; they are erased, and are entered with the next ones",
                .file(cause.path), .errno(cause), .error(cause))
        case .snapshotOpened(let manifest):
            log(
                .snapshotOpened,
                "opened the snapshot of \(CalendarTime.utcText(manifest.madeMicroseconds)): it is a store from now on",
                .lsn(manifest.lsn), .count(manifest.recordingCount))
        case .ledgerApplied(let path, let erased):
            log(
                .ledgerApplied,
                "erased \(plural(erased.count, "recording")) again that the ledger says were erased: the store is older",
                .file(path), .count(UInt64(erased.count)), LogField("recordings", NumberRanges.text(erased)))
        case .expired(let removal): log(removal)
        case .segmentsUnlinked(let count, let size):
            log(
                .segmentsUnlinked,
                "removed \(plural(count, "segment")) in which nothing was left: \(HumanText.size(size))",
                .count(UInt64(count)), .size(size))
        case .archived(let receipt):
            log(
                .archived,
                "archived segment \(receipt.segment), \(HumanText.size(receipt.sizeBytes)): "
                    + "\(HumanText.size(receipt.freedBytes)) freed",
                .segment(receipt.segment), .size(receipt.sizeBytes))
        case .archivedRemoved(let count):
            log(
                .archived, "removed \(plural(count, "copy")) of segments that are gone from the archive",
                .count(UInt64(count)))
        case .archiveOffline(let directory, let reason):
            log(
                .archiveOffline,
                "the archive is away (\(reason)): events there are answered with 503 until it is mounted; lists are whole",
                .file(directory))
        case .archiveOnline(let directory): log(.archiveOnline, "the archive is there", .file(directory))
        case .archivingFailed(let cause):
            log(
                .compactionFailed, "archiving failed and is tried again later; nothing was given up for it",
                .error(cause))
        case .retentionWaits(let wait): log(.retentionWaits, wait.sentence, LogField("cause", wait.name))
        case .identityRestored(let path):
            log(.keyringHealed, "the file 'store' was damaged or gone, and was made anew from its copy", .file(path))
        case .ringHealed(let path):
            log(.keyringHealed, "one file of the keyring was damaged, and was made anew from the other", .file(path))
        case .keyHealed(let recording):
            log(
                .keyringHealed,
                "one copy of the key of recording \(recording) was damaged, and was made anew from the other",
                .recording(recording))
        case .keyUnusable(let recording):
            log(
                .keyringHealed,
                "recording \(recording) has a key in the keyring that belongs to another log: no recording gets that number",
                .recording(recording))
        case .keyringFailed(let cause):
            log(
                .keyringFailed,
                "the keyring could not be written: recordings in that page cannot begin, and keys of erased ones may still be "
                    + "there, until the disk is mended and the daemon restarted",
                .file(cause.path), .errno(cause), .error(cause))
        }
    }

    private func log(_ removal: RetentionRemoval) {
        let receipt = removal.receipt
        let limit =
            switch removal.cause {
            case .age: "older than they may become"
            case .size: "the oldest, as the log was larger than it may become"
            case .freeSpace: "the oldest, as the disk had less free than is to be kept"
            case .unknown: "for a cause that has no name"
            }
        log(
            .recordingsExpired,
            "retention removed \(plural(receipt.recordingCount, "recording")), "
                + "\(HumanText.size(receipt.sizeBytes)): \(limit)",
            .count(receipt.recordingCount), .size(receipt.sizeBytes), LogField("cause", removal.cause.name))
    }

    private func plural(_ count: some BinaryInteger, _ noun: String) -> String {
        HumanText.plural(UInt64(count), noun)
    }

    private func log(_ report: OpenReport) {
        // A store without recordings has nothing to be indexed: a new one is not a damaged one.
        if report.rebuiltIndex, report.recordingCount > 0 {
            log(.indexRebuilt, "the index was missing or damaged and has been rebuilt from the log")
        }
        for corruption in report.damage { log(corruption) }
        if report.unaccountedCount > 0 {
            log(.damageFound, HumanText.unaccounted(report.unaccountedCount), .count(report.unaccountedCount))
        }
        var text =
            "opened the store: \(plural(report.segmentCount, "segment")), \(plural(report.recordingCount, "recording"))"
        if report.replayedFrameCount > 0 {
            text += "; \(plural(report.replayedFrameCount, "frame")) taken into the index"
        }
        if report.cutBytes > 0 { text += "; a torn tail of \(report.cutBytes) bytes cut off" }
        log(.storeOpened, text, .count(report.recordingCount))
    }

    private func log(_ corruption: Corruption) {
        log(.damageFound, "\(corruption)", .file(corruption.file), .offset(corruption.offsetBytes))
    }
}
