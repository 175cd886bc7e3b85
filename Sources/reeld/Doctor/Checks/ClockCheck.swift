import ReelFormat
import ReelSystem

extension Check {
    /// Whether the time is one that recordings can be dated, and removed, by.
    static let clock = Check(name: "clock") { scene in
        let seen = scene.clock
        let now = CalendarTime.utcText(seen.now)
        let advice = "set it right ('timedatectl'): recordings are dated, and removed, by it"
        let created: Int64? =
            if case .there(let identity?) = scene.store.identity { identity.createdMicroseconds } else { nil }
        let newest = max(scene.store.glance?.newestMicroseconds ?? 0, created ?? 0)
        // What is committed at this moment may be a little ahead of when the doctor looked.
        guard seen.now >= newest - 60_000_000 else {
            return [.broken("it is \(now), and the newest of the store is of \(CalendarTime.utcText(newest))", advice)]
        }
        // Before this program was written: a machine without a battery for its clock.
        guard seen.now >= 1_767_225_600_000_000 else { return [.broken("it is \(now)", advice)] }
        guard seen.isSynchronised else {
            return [
                .look(
                    "\(now), and nothing keeps it right",
                    "timedatectl set-ntp true; nothing is removed by age in the first day after a boot without it")
            ]
        }
        return [.well("\(now), kept right by the network")]
    }
}
