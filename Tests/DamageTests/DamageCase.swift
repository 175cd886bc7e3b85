/// One way to damage a store, and what may come of it.
struct DamageCase: Sendable {
    enum Outcome: Sendable {
        /// What was hit means nothing: everything is as before, and verify calls it sound.
        case untouched
        /// What was hit is derived: everything is as before, whatever verify says.
        case healed
        /// There is a copy: everything is as before, and verify tells of this file, or is refused by an error that names it.
        case healedAndTold(file: String)
        /// Verify tells of this file, at this offset or before; what is lost is told by whoever reads it.
        case told(file: String, offset: Int)
        /// All is as before, or what is not is told when it is read, listed or opened.
        case unchangedOrTold
        /// The store is refused, by an error that names the file.
        case refused(file: String)
        /// No event is wrong; the newest may be missing without a word, as nothing tells them from writes that were never
        /// acked: what would have told was hit too.
        case tailMayBeGone
    }

    var name: String
    var outcome: Outcome
    var apply: @Sendable (inout [String: [UInt8]]) -> Void

    init(_ name: String, _ outcome: Outcome, _ apply: @escaping @Sendable (inout [String: [UInt8]]) -> Void) {
        self.name = name
        self.outcome = outcome
        self.apply = apply
    }

    /// One bit changed.
    static func flip(_ file: String, _ offset: Int, bit: Int, _ outcome: Outcome) -> DamageCase {
        DamageCase("\(file): bit \(bit) of byte \(offset)", outcome) { files in
            // Another damage may have cut it off before.
            guard offset < files[file]?.count ?? 0 else { return }
            files[file]?[offset] ^= 1 << UInt8(bit)
        }
    }

    /// The bytes from an offset on are gone.
    static func cut(_ file: String, to size: Int, _ outcome: Outcome) -> DamageCase {
        DamageCase("\(file) cut to \(size) bytes", outcome) { $0[file] = Array($0[file]?.prefix(size) ?? []) }
    }

    /// A range became zeros.
    static func zero(_ file: String, _ range: Range<Int>, _ outcome: Outcome) -> DamageCase {
        DamageCase("\(file): bytes \(range) zeroed", outcome) { files in
            let size = files[file]?.count ?? 0
            for offset in range.clamped(to: 0..<size) { files[file]?[offset] = 0 }
        }
    }

    /// Both, one after the other.
    func and(_ other: DamageCase, _ outcome: Outcome) -> DamageCase {
        let (first, second) = (apply, other.apply)
        return DamageCase("\(name) and \(other.name)", outcome) { files in
            first(&files)
            second(&files)
        }
    }
}
