import ReelStore

/// How long the room lasts at a rate.
struct Forecast: Equatable, Sendable {
    /// Days until the log has taken all the room that it may take.
    var daysUntilFull: Double
    /// How old recordings become then before they go for room.
    var daysKept: Double

    /// - Parameters:
    ///   - growth: bytes a day; not 0.
    ///   - log: bytes it takes now.
    ///   - room: bytes it may grow by.
    init(growth: UInt64, log: UInt64, room: UInt64) {
        daysUntilFull = Double(room) / Double(growth)
        daysKept = Double(log) / Double(growth) + daysUntilFull
    }
}

extension Check {
    /// What is near enough to be told where nothing goes by age.
    private static let daysNear = 180.0

    /// Whether the disk holds what retention is to keep.
    static let forecast = Check(name: "forecast") { scene in
        guard let growth = growth(scene), let log = scene.logBytes, let disk = scene.disk else {
            return scene.store.identity.isDenied && scene.daemon.figures == nil
                ? [.unseen("how fast the log grows may not be seen")]
                : scene.disk == nil ? [] : [.well("nothing can be said yet: the log does not go back a day")]
        }
        let seconds = growth.windowMicroseconds / 1_000_000
        let rate = "\(HumanText.size(growth.bytesPerDay)) a day, as in the last \(days(Double(seconds) / 86_400))"
        guard growth.bytesPerDay > 0 else {
            return [.well("next to nothing came in the last \(days(Double(seconds) / 86_400))")]
        }
        let limits = scene.limits(disk)
        var room = disk.freeBytes - min(disk.freeBytes, limits.keepFreeBytes)
        if let sizeMax = limits.sizeMaxBytes { room = min(room, sizeMax - min(sizeMax, log)) }
        return [judge(scene, Forecast(growth: growth.bytesPerDay, log: log, room: room), rate, growth, limits)]
    }

    private static func judge(
        _ scene: Scene, _ forecast: Forecast, _ rate: String, _ growth: GrowthRate,
        _ limits: (sizeMaxBytes: UInt64?, keepFreeBytes: UInt64)
    ) -> Finding {
        let isLimited = limits.sizeMaxBytes != nil || limits.keepFreeBytes > 0
        let end =
            isLimited
            ? "recordings then go after \(days(forecast.daysKept)), for room" : "writers are refused then"
        let advice = "make room, move old events to an [archive], or lower retention.max_age to what is to be kept"
        let full = "at this rate (\(rate)) the disk fills in \(days(forecast.daysUntilFull))"
        let age = Double(scene.settings.retention.maxAge.microseconds) / 86_400_000_000
        // What is here of a recording, where its events go to an archive before it goes itself.
        let kept =
            scene.archive == nil
            ? age : min(age > 0 ? age : .infinity, Double(scene.settings.archive.after.microseconds) / 86_400_000_000)
        guard kept > 0 else {
            return forecast.daysUntilFull < daysNear
                ? .look("\(full), and nothing goes by age: \(end)", advice)
                : .well("\(rate): room for \(days(forecast.daysUntilFull)); nothing goes by age")
        }
        guard forecast.daysKept < kept else {
            return .well(
                "\(rate): \(days(kept)) take \(HumanText.size(UInt64(Double(growth.bytesPerDay) * kept))), and there is room"
            )
        }
        let keeper =
            scene.archive == nil || kept == age
            ? "retention keeps \(days(kept))" : "the archive takes events after \(days(kept))"
        return .look("\(full), \(keeper): \(end)", advice)
    }

    private static func growth(_ scene: Scene) -> GrowthRate? {
        if let rate = scene.store.glance?.growth { return rate }
        guard let figures = scene.daemon.figures, let perDay = figures.count("growth_per_day_bytes"),
            let seconds = figures["growth_seen_seconds"]?.integer, seconds > 0
        else { return nil }
        let window = Int64(seconds) * 1_000_000
        return GrowthRate(
            sizeBytes: UInt64(Double(perDay) * Double(seconds) / 86_400), windowMicroseconds: window)
    }

    private static func days(_ days: Double) -> String {
        days < 2 ? "\(Int(days * 24)) h" : "\(Int(min(days, 100_000))) days"
    }
}
