import ReelStore

/// Damage to the index of a golden store: it is derived, so none of it may show.
struct IndexDamage {
    let golden: GoldenImage
    /// The same store after it was written on.
    let newer: GoldenImage
    let foreign: GoldenImage
    let isFull: Bool

    func files() -> [DamageCase] {
        var cases: [DamageCase] = []
        for file in golden.index {
            let size = golden.size(file)
            cases.append(DamageCase("\(file) is gone", .healed) { $0[file] = nil })
            for cut in Set([0, 1, 511, 512, 4095, 4096, 4096 + 255, size / 2, size - 1]) where cut < size {
                cases.append(.cut(file, to: cut, .healed))
            }
            cases.append(.zero(file, 0..<size, .healed))
            for start in stride(from: 0, to: min(size, 16 << 10), by: 512) {
                cases.append(.zero(file, start..<start + 512, .healed))
            }
            for (what, tail) in [("zeros", 0 as UInt8), ("garbage", 0xA5)] {
                cases.append(
                    DamageCase("\(file) with \(what) behind it", .healed) {
                        $0[file]? += Array(repeating: tail, count: 5000)
                    })
            }
            for other in golden.index where other != file {
                cases.append(DamageCase("\(file) holds \(other)", .healed) { $0[file] = $0[other] })
            }
            if let bytes = foreign.disk.files[file] {
                cases.append(DamageCase("\(file) is another store's", .healed) { $0[file] = bytes })
            }
        }
        return cases
    }

    /// A bit of every byte that is in use.
    func bits() -> [DamageCase] {
        golden.index.flatMap { file in
            stride(from: 0, to: min(golden.size(file), 8 << 10), by: isFull ? 1 : 29).map { offset in
                .flip(file, offset, bit: offset % 8, .healed)
            }
        }
    }

    /// A file of the index, or all of it, of an earlier moment than the log: what follows is replayed.
    func stale() -> [DamageCase] {
        let index = golden.index
        let older = golden.disk.files.filter { index.contains($0.key) }
        let whole = DamageCase("an older index", .healed) { files in
            for path in files.keys where path.hasPrefix("\(GoldenImage.root)/index/") { files[path] = nil }
            files.merge(older) { $1 }
        }
        return [whole]
            + newer.index.compactMap { file in
                older[file].map { bytes in DamageCase("an older \(file)", .healed) { $0[file] = bytes } }
            }
    }

    /// An index that is ahead of the log, as when only that was restored from a copy: what the log has not is told.
    func ahead() -> [DamageCase] {
        let older = golden.disk.files.filter { $0.key.hasPrefix("\(GoldenImage.root)/log/") }
        let log = DamageCase("an older log", .unchangedOrTold) { files in
            for path in files.keys where path.hasPrefix("\(GoldenImage.root)/log/") { files[path] = nil }
            files.merge(older) { $1 }
        }
        return [log]
            + older.map { path, bytes in DamageCase("an older \(path)", .unchangedOrTold) { $0[path] = bytes } }
    }
}
