import ReelFormat

/// Damage to one of the two files that say the same of a sealed store's keys: the other one has all of it.
struct KeyDamage {
    let golden: GoldenImage
    let isFull: Bool

    func identities() -> [DamageCase] {
        ["store", "keys/store"].flatMap { name in
            let file = "\(GoldenImage.root)/\(name)"
            let size = golden.size(file)
            return (0..<size).map { .flip(file, $0, bit: $0 % 8, .healedAndTold(file: file)) }
                + stride(from: 0, to: size, by: 64).map { .cut(file, to: $0, .healedAndTold(file: file)) }
                + [
                    .zero(file, 0..<size, .healedAndTold(file: file)),
                    DamageCase("\(file) is gone", .healed) { $0[file] = nil },
                ]
        }
    }

    /// Of each file the part that has keys in it.
    func rings() -> [DamageCase] {
        golden.rings.flatMap { file in
            let size = golden.size(file)
            let used = Int(Ring.offset(of: golden.count + 1))
            return stride(from: 0, to: used, by: isFull ? 1 : 7).map { .flip(file, $0, bit: $0 % 8, .healed) }
                + stride(from: 0, to: used, by: isFull ? 8 : 128).map { .cut(file, to: $0, .healed) }
                + [.zero(file, 0..<size, .healed), DamageCase("\(file) is gone", .healed) { $0[file] = nil }]
        }
    }
}
