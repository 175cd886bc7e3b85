import ReelCodec
import ReelFormat
import ReelStore
import ReelSystem

extension Check {
    private static let dayMicroseconds: Int64 = 86_400_000_000
    /// A nightly timer may miss some nights, and the machine be off.
    private static let ageMaxMicroseconds = 8 * dayMicroseconds

    /// When every byte was last read, and what was found.
    static let verify = Check(name: "verify") { scene in
        var findings: [Finding] = []
        if let verify = scene.service?.verify, verify.hasFailed {
            findings.append(
                .broken(
                    "reeld-verify.service failed: \(verify.text("Result")), exit status \(verify.text("ExecMainStatus"))",
                    "journalctl -x -u reeld-verify says why; systemctl start reeld-verify runs it again"))
        }
        if let timer = scene.service?.timer, timer.isThere, !timer.isActive {
            findings.append(
                .look("reeld-verify.timer does not run", "systemctl enable --now reeld-verify.timer"))
        }
        return findings + word(scene)
    }

    private static func word(_ scene: Scene) -> [Finding] {
        guard let word = LastVerification(scene) else {
            guard case .there(let identity?) = scene.store.identity else {
                return scene.store.identity.isDenied && scene.daemon.figures == nil
                    ? [.unseen("what the last verification found may not be seen")]
                    : scene.daemon.figures == nil ? [] : [never]
            }
            let age = scene.clock.now - identity.createdMicroseconds
            return age < 2 * dayMicroseconds
                ? [.well("not yet: the store is younger than two days")] : [never]
        }
        let when = CalendarTime.utcText(word.finishedMicroseconds)
        if word.faultCount > 0 {
            return [
                .broken(
                    "\(HumanText.plural(word.faultCount, "fault")) found \(when)",
                    "'reeld verify' names them; --repair keeps what is sound; a snapshot may have the rest")
            ]
        }
        if scene.clock.now - word.finishedMicroseconds > ageMaxMicroseconds {
            let days = (scene.clock.now - word.finishedMicroseconds) / dayMicroseconds
            return [.look("the last one was \(days) days ago, and found a sound store", "run 'reeld verify'")]
        }
        if word.unopenedFrameCount > 0 {
            let count = HumanText.plural(word.unopenedFrameCount, "frame")
            return [
                .look(
                    "\(when): sound, as far as checksums tell: \(count) not opened for want of the key",
                    "run it with the store's key (reeld-verify.service does)")
            ]
        }
        if word.unreadFrameCount > 0 {
            let count = HumanText.plural(word.unreadFrameCount, "frame")
            return [.look("\(when): sound, but \(count) in the archive not read", "run it with the archive mounted")]
        }
        return [.well("\(when): sound")]
    }

    private static var never: Finding {
        .look("nobody has read the whole store yet", "run 'reeld verify', or systemctl enable --now reeld-verify.timer")
    }
}

/// What a verification left, by the store's file or by the daemon's word for it.
private struct LastVerification {
    var finishedMicroseconds: Int64
    var faultCount: UInt64
    var unopenedFrameCount: UInt64
    var unreadFrameCount: UInt64

    init?(_ scene: Scene) {
        if let record = scene.store.glance?.verification {
            finishedMicroseconds = record.finishedMicroseconds
            faultCount = record.faultCount
            unopenedFrameCount = record.unopenedFrameCount
            unreadFrameCount = record.unreadFrameCount
            return
        }
        guard let figures = scene.daemon.figures,
            let finished = figures["verified"]?.string.flatMap({ TimeText.microseconds($0) })
        else { return nil }
        finishedMicroseconds = finished
        faultCount = figures.count("verified_faults") ?? 0
        unopenedFrameCount = figures.count("verified_unopened_frames") ?? 0
        unreadFrameCount = figures.count("verified_unread_frames") ?? 0
    }
}

extension JSONValue {
    /// A member that counts something; nil where there is none.
    func count(_ name: String) -> UInt64? { self[name]?.integer.flatMap { UInt64(exactly: $0) } }
}
