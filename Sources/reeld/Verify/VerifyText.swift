import ReelCodec
import ReelFormat
import ReelStore
import ReelSystem

/// What `reeld verify` prints, for people or programs.
struct VerifyText {
    private let output: Output
    private let directory: String
    private let form: OutputForm
    /// The keyring's directory, where the command line names one.
    private let keys: String?

    init(_ output: Output, _ directory: String, _ form: OutputForm, keys: String? = nil) {
        self.keys = keys
        self.output = output
        self.directory = directory
        self.form = form
    }

    func print(_ report: VerifyReport, _ snapshot: SnapshotVerifier.Report? = nil) throws(CommandFailure) {
        if form == .json {
            return try writeJSON { $0.verification(report, snapshot) }
        }
        try writeFindings(report)
        for fault in snapshot?.faults ?? [] { try output.write("\(fault)\n") }
        if report.hasKeyring, report.damage.isEmpty {
            try output.write("\(keys ?? "\(directory)/keys"): \(keyring(report))\n")
        }
        if let manifest = snapshot?.manifest { try output.write("\(directory): \(text(of: manifest))\n") }
        try output.write("\(directory): \(sentence(report, snapshot))\n")
    }

    /// The verdict and the figures.
    func sentence(_ report: VerifyReport, _ snapshot: SnapshotVerifier.Report? = nil) -> String {
        "\(verdict(report, snapshot)): \(figures(report))"
    }

    func print(_ report: RepairReport, isDryRun: Bool) throws(CommandFailure) {
        if form == .json { return try writeJSON { $0.repair(report) } }
        guard report.isNeeded else {
            try output.write("\(directory): nothing to repair: \(figures(report.before))\n")
            return
        }
        for damage in report.before.damage { try output.write("\(damage)\n") }
        for bytes in report.quarantined {
            try output.write(
                "\(HumanText.size(bytes.sizeBytes)) \(isDryRun ? "would be copied" : "copied") to \(bytes.copy)\n")
        }
        for loss in report.losses { try output.write("\(text(of: loss))\n") }
        let given = isDryRun ? "would be given up" : "given up"
        try output.write("\(HumanText.plural(report.lostEventCount, "event")) \(given)\n")
        guard let after = report.after else {
            try output.write("\(directory): nothing was changed; repeat this without --dry-run\n")
            return
        }
        try writeFindings(after)
        try output.write("\(directory): \(verdict(after)): \(figures(after))\n")
    }

    private func keyring(_ report: VerifyReport) -> String {
        let destroyed = report.destroyedKeyCount > 0 ? ", and \(report.destroyedKeyCount) destroyed" : ""
        let proof = report.unopenedFrameCount == 0 ? "each opens" : "not tried, for want of the store key"
        return "the keyring: \(plural(report.keyCount, "key"))\(destroyed); \(proof)"
    }

    private func text(of manifest: SnapshotManifest) -> String {
        let archived = UInt64(manifest.archivedSegments.count)
        let without =
            archived > 0 ? ", without the events of \(HumanText.plural(archived, "segment")) in the archive" : ""
        let made = "a snapshot of \(CalendarTime.utcText(manifest.madeMicroseconds))\(without)"
        guard let expires = manifest.expiresMicroseconds else { return made }
        return manifest.hasExpired(at: SystemClock().wallMicroseconds)
            ? "\(made), expired on \(CalendarTime.utcText(expires)): remove it with 'reeld snapshot --prune'"
            : "\(made), to be kept until \(CalendarTime.utcText(expires))"
    }

    private func writeFindings(_ report: VerifyReport) throws(CommandFailure) {
        for damage in report.damage { try output.write("\(damage)\n") }
        for gap in report.gaps { try output.write("recording \(gap.recording): \(events(gap.ordinals)) are lost\n") }
        for number in report.lostRecordings {
            try output.write("recording \(number): the index tells of it, and none of its frames is there\n")
        }
        for gap in report.givenUp {
            try output.write("recording \(gap.recording): \(events(gap.ordinals)) were lost and given up before\n")
        }
        if report.unaccountedCount > 0 {
            try output.write("\(HumanText.unaccounted(report.unaccountedCount))\n")
        }
        if report.unopenedFrameCount > 0 {
            let frames = HumanText.plural(UInt64(report.unopenedFrameCount), "encrypted frame")
            let hint = report.hasKeyring ? "" : "; --keys=DIR names the directory of the keys"
            try output.write(
                "not opened, for want of a key: \(frames), of which only the checksums were read\(hint)\n")
        }
        if report.unreadFrameCount > 0 {
            try output.write(
                "not read, as the archive is away or none is configured: the events of "
                    + "\(HumanText.plural(UInt64(report.unreadFrameCount), "frame"))\n")
        }
        if report.unfinishedBytes > 0 {
            try output.write(
                "\(HumanText.size(report.unfinishedBytes)) behind the last frame: being written, or cut off by a crash\n"
            )
        }
    }

    private func verdict(_ report: VerifyReport, _ snapshot: SnapshotVerifier.Report? = nil) -> String {
        if let faults = snapshot?.faults, !faults.isEmpty {
            let files = "not as it was made: \(plural(faults.count, "file"))"
            return report.isSound ? files : "\(files); \(verdict(report))"
        }
        guard report.isSound else {
            return "damaged: \(plural(report.damage.count, "place")), \(plural(report.gaps.count, "gap")), "
                + "\(plural(report.lostRecordings.count, "recording")) lost"
        }
        let lost = report.givenUpEventCount
        return lost == 0 ? "sound" : "sound, \(HumanText.plural(lost, "event")) known to be lost"
    }

    private func figures(_ report: VerifyReport) -> String {
        "\(plural(report.segmentCount, "segment")), \(HumanText.size(report.sizeBytes)), "
            + "\(plural(report.frameCount, "frame")), \(plural(report.recordingCount, "recording")), "
            + "\(HumanText.plural(report.eventCount, "event"))"
    }

    private func text(of loss: Loss) -> String {
        let who = loss.recording == 0 ? "" : "recording \(loss.recording)" + (loss.id.map { " (\($0))" } ?? "")
        let place = loss.file.map { " at \($0):\(loss.offsetBytes)" } ?? ""
        switch loss.kind {
        case .events: return "lost: \(who): \(events(loss.ordinals))\(times(of: loss))\(batch(of: loss))\(place)"
        case .metadata: return "lost: \(who): its newest metadata; what else tells of it took its place\(place)"
        case .unknown: return "damaged: \(HumanText.size(loss.sizeBytes))\(place) of which nothing is known"
        }
    }

    private func events(_ ordinals: Range<UInt64>) -> String {
        let last = ordinals.upperBound - 1
        return last == ordinals.lowerBound ? "event \(last)" : "events \(ordinals.lowerBound) to \(last)"
    }

    private func times(of loss: Loss) -> String {
        let from = loss.fromMicroseconds.map(CalendarTime.localText)
        let to = loss.toMicroseconds.map(CalendarTime.localText)
        return switch (from, to) {
        case (let from?, let to?) where loss.isTimeExact: " of \(from) to \(to)"
        case (let from?, let to?): " between \(from) and \(to)"
        case (let from?, nil): " after \(from)"
        case (nil, let to?): " before \(to)"
        case (nil, nil): ""
        }
    }

    private func batch(of loss: Loss) -> String { loss.batch.map { ", batch \($0)" } ?? "" }

    private func plural(_ count: some BinaryInteger, _ noun: String) -> String {
        HumanText.plural(UInt64(count), noun)
    }

    private func writeJSON(_ body: (inout JSONWriter) -> Void) throws(CommandFailure) {
        var json = JSONWriter()
        body(&json)
        try output.write(json.bytes)
        try output.write("\n")
    }
}

extension JSONWriter {
    fileprivate mutating func snapshot(_ report: SnapshotVerifier.Report) {
        object { json in
            json.member("as_made", report.faults.isEmpty)
            json.member("faults") { json in
                json.array { json in
                    for fault in report.faults { json.string(fault) }
                }
            }
            json.member("expired", report.hasExpired)
            guard let manifest = report.manifest else { return }
            json.member("store", manifest.store.hexadecimal)
            json.member("lsn", manifest.lsn)
            json.member("made") { $0.time(manifest.madeMicroseconds) }
            json.member("expires") { json in
                if let expires = manifest.expiresMicroseconds { json.time(expires) } else { json.null() }
            }
        }
    }

    fileprivate mutating func verification(_ report: VerifyReport, _ snapshot: SnapshotVerifier.Report? = nil) {
        object { json in
            if let snapshot { json.member("snapshot") { $0.snapshot(snapshot) } }
            json.member("sound", report.isSound)
            json.member("segments", report.segmentCount)
            json.member("bytes", report.sizeBytes)
            json.member("frames", report.frameCount)
            json.member("recordings", report.recordingCount)
            json.member("events", report.eventCount)
            json.member("unopened_frames", report.unopenedFrameCount)
            json.member("archived_frames", report.archivedFrameCount)
            json.member("unread_frames", report.unreadFrameCount)
            json.member("keys", report.keyCount)
            json.member("destroyed_keys", report.destroyedKeyCount)
            json.member("unaccounted", report.unaccountedCount)
            json.member("unfinished_bytes", report.unfinishedBytes)
            json.member("damage") { json in
                json.array { json in
                    for damage in report.damage { json.damage(damage) }
                }
            }
            json.member("gaps") { $0.gaps(report.gaps) }
            json.member("lost_recordings") { json in
                json.array { json in
                    for number in report.lostRecordings { json.integer(number) }
                }
            }
            json.member("given_up") { $0.gaps(report.givenUp) }
        }
    }

    fileprivate mutating func repair(_ report: RepairReport) {
        object { json in
            json.member("before") { $0.verification(report.before) }
            json.member("quarantined") { json in
                json.array { json in
                    for bytes in report.quarantined {
                        json.object { json in
                            json.member("damage") { $0.damage(bytes.damage) }
                            json.member("bytes", bytes.sizeBytes)
                            json.member("copy", bytes.copy)
                        }
                    }
                }
            }
            json.member("losses") { json in
                json.array { json in
                    for loss in report.losses { json.loss(loss) }
                }
            }
            json.member("rewritten_segments") { json in
                json.array { json in
                    for number in report.rewrittenSegments { json.integer(number) }
                }
            }
            json.member("rebuilt_index", report.hasRebuiltIndex)
            json.member("after") { json in
                if let after = report.after { json.verification(after) } else { json.null() }
            }
        }
    }

    private mutating func damage(_ damage: Corruption) {
        object { json in
            json.member("file", damage.file)
            json.member("offset", damage.offsetBytes)
            json.member("what", damage.description)
        }
    }

    private mutating func gaps(_ gaps: [VerifyReport.Gap]) {
        array { json in
            for gap in gaps {
                json.object { json in
                    json.member("recording", gap.recording)
                    json.member("first", gap.ordinals.lowerBound)
                    json.member("count", UInt64(gap.ordinals.count))
                }
            }
        }
    }
}
