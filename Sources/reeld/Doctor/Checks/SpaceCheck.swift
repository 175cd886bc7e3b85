import ReelStore

extension Check {
    /// Whether there is room, and what holds the rest of it.
    static let space = Check(name: "space") { scene in
        guard let disk = scene.disk else {
            return scene.store.place.isMissing
                ? [] : [.unseen("\(scene.store.directory): its file system may not be asked")]
        }
        let keepFree = scene.limits(disk).keepFreeBytes
        let free = "\(HumanText.size(disk.freeBytes)) free of \(HumanText.size(disk.totalBytes))"
        let holders = holders(scene, disk)
        // The reserve is empty while it serves the cure.
        let isReserveSpent = scene.daemon.figures?.count("free_bytes") == 0
        if disk.freeBytes < 1 << 20 || isReserveSpent {
            return [
                .broken(
                    "the disk is full, writers are refused: \(free)\(holders)",
                    "make room, or let recordings go earlier by [retention]; 'reeld stats' says what retention waits for"
                )
            ]
        }
        guard disk.freeBytes >= keepFree else {
            return [
                .look(
                    "\(free), and \(HumanText.size(keepFree)) are to stay free (retention.keep_free)\(holders)",
                    "the oldest recordings go for it; make room where others than reeld take it")
            ]
        }
        let reserve = (scene.daemon.figures?.count("reserve_bytes") ?? scene.store.reserveBytes)
            .map { ", \(HumanText.size($0)) in reserve for a full disk's cure" }
        return [.well("\(free), \(HumanText.size(keepFree)) to stay free\(reserve ?? "")\(holders)")]
    }

    private static func holders(_ scene: Scene, _ disk: Disk) -> String {
        // Who may not look into the store knows of the log alone, and not what the others take.
        guard !scene.store.identity.isDenied else {
            return scene.logBytes.map { "; held by log \(HumanText.size($0)) and others" } ?? ""
        }
        let own = scene.store.holdings.reduce(0) { $0 + $1.sizeBytes }
        let used = disk.totalBytes - min(disk.totalBytes, disk.freeBytes + (scene.store.reserveBytes ?? 0))
        let texts = scene.store.holdings.prefix(4).map { "\($0.name) \(HumanText.size($0.sizeBytes))" }
        let others = used > own ? ["others \(HumanText.size(used - own))"] : []
        return "; held by " + (texts + others).joined(separator: ", ")
    }

    /// What retention waits for.
    static let retention = Check(name: "retention") { scene in
        guard let waits = scene.daemon.figures?["retention_waits"]?.string else { return [] }
        return [.look(waits, "until then the disk may fill")]
    }
}

/// The store's file system.
struct Disk: Sendable, Equatable {
    var freeBytes: UInt64
    var totalBytes: UInt64
}

extension Scene {
    /// Nil where it may not be asked.
    var disk: Disk? {
        guard let free = store.freeBytes, let total = store.totalBytes else { return nil }
        return Disk(freeBytes: free, totalBytes: total)
    }

    /// What [retention] comes to there.
    func limits(_ disk: Disk) -> (sizeMaxBytes: UInt64?, keepFreeBytes: UInt64) {
        settings.storeOptions.retention.limits(
            logBytes: logBytes ?? 0, freeBytes: disk.freeBytes, totalBytes: disk.totalBytes)
    }
}
