import ReelStore
import ReelSystem

extension Check {
    /// Whether snapshots in the store's own snapshots/ are past their date.
    static let snapshots = Check(name: "snapshots") { scene in
        let place = "\(scene.store.directory)/snapshots"
        switch scene.store.snapshots {
        case .denied: return [.unseen("\(place) may not be looked at")]
        case .failed(let error): return [.look("\(error)", "mend the disk")]
        case .missing: return []
        case .there(let snapshots):
            guard let newest = snapshots.last else { return [] }
            let expired = snapshots.filter { $0.manifest.hasExpired(at: scene.clock.now) }
            if let first = expired.first {
                return [
                    .look(
                        "\(HumanText.plural(UInt64(expired.count), "snapshot")) past the date, as \(first.directory): what was "
                            + "erased since is still in it",
                        "reeld snapshot --prune \(place)")
                ]
            }
            let made = CalendarTime.utcText(newest.manifest.madeMicroseconds)
            return [
                .well(
                    "\(HumanText.plural(UInt64(snapshots.count), "snapshot")) in \(place), the newest of \(made); copies "
                        + "elsewhere are not looked at")
            ]
        }
    }
}
