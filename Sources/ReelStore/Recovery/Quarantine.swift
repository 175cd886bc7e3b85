import ReelCodec
import ReelFormat
import ReelSystem

/// Keeps damaged bytes beside the log, for whoever wants to try more: `<segment>-<offset>.bin` and a note in JSON. Nothing
/// reads them again; an admin removes them. FORMAT.md §14 "Repair".
struct Quarantine {
    private static let pieceSizeBytes: UInt64 = 1 << 20

    let paths: StorePaths
    let fileSystem: any FileSystem

    /// Makes durable copies. A copy that is there from a repair that was broken off is made anew.
    func keep(_ regions: [(region: DamagedRegion, segment: Segment)], _ losses: [Loss], at now: Int64)
        throws(SystemError)
    {
        guard !regions.isEmpty else { return }
        try fileSystem.createDirectory(paths.quarantine)
        for (region, segment) in regions {
            let base = paths.quarantined(segment.number, region.range.lowerBound)
            try put("\(base).bin") { (file) throws(SystemError) in
                var start = region.range.lowerBound
                while start < region.range.upperBound {
                    let count = min(Quarantine.pieceSizeBytes, region.range.upperBound - start)
                    try file.write(
                        try segment.source(at: region.range.lowerBound).read(Int(count), at: start),
                        at: start - region.range.lowerBound)
                    start += count
                }
            }
            let note = note(region, losses.filter { $0.copy == "\(base).bin" }, at: now)
            try put("\(base).json") { (file) throws(SystemError) in try file.write(note, at: 0) }
        }
        try fileSystem.syncDirectory(paths.quarantine)
        try fileSystem.syncDirectory(paths.root)
    }

    private func put(_ path: String, _ fill: (any File) throws(SystemError) -> Void) throws(SystemError) {
        let file = try fileSystem.open("\(path).new", .createIfMissing)
        try file.truncate(to: 0)
        try fill(file)
        try file.sync()
        try fileSystem.rename("\(path).new", to: path)
    }

    private func note(_ region: DamagedRegion, _ losses: [Loss], at now: Int64) -> [UInt8] {
        var json = JSONWriter()
        json.object { json in
            json.member("file", region.damage.file)
            json.member("offset", region.range.lowerBound)
            json.member("bytes", region.range.upperBound - region.range.lowerBound)
            json.member("damage", region.damage.description)
            json.member("quarantined_at") { $0.string(CalendarTime.utcText(now)) }
            json.member("losses") { json in
                json.array { json in
                    for loss in losses { json.loss(loss) }
                }
            }
        }
        return json.bytes + [0x0A]
    }
}

extension JSONWriter {
    /// A loss as notes and `reeld verify --repair -o json` tell it.
    package mutating func loss(_ loss: Loss) {
        object { json in
            json.member("kind", loss.kind.rawValue)
            if loss.recording > 0 { json.member("recording", loss.recording) }
            if let id = loss.id { json.member("id", id.description) }
            if !loss.ordinals.isEmpty {
                json.member("first", loss.ordinals.lowerBound)
                json.member("count", UInt64(loss.ordinals.count))
            }
            if let from = loss.fromMicroseconds { json.member("from") { $0.string(CalendarTime.utcText(from)) } }
            if let to = loss.toMicroseconds { json.member("to") { $0.string(CalendarTime.utcText(to)) } }
            if !loss.ordinals.isEmpty { json.member("times_exact", loss.isTimeExact) }
            if let batch = loss.batch { json.member("batch", batch) }
            if let file = loss.file {
                json.member("file", file)
                json.member("offset", loss.offsetBytes)
                json.member("bytes", loss.sizeBytes)
            }
            json.member("copy") { json in
                if let copy = loss.copy { json.string(copy) } else { json.null() }
            }
        }
    }
}
