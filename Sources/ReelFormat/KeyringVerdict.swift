/// What both copies of a slot together say. FORMAT.md §21 "Reading both copies".
package enum KeyringVerdict: Equatable, Sendable {
    /// Never written: a recording of that number has no key yet.
    case empty
    /// The slot, and the copies that must be given it.
    case sound(KeyringSlot, repairs: [RingCopy])
    /// Both say something and neither of it is sound, or one was damaged and the other never written.
    case lost
    /// Two different keys, which no order of writes can leave: neither is written over, and either may open frames.
    case conflict(first: KeyringSlot, second: KeyringSlot)

    /// Judges by the copies alone; who knows of a tombstone destroys the key again, whatever the verdict.
    package init(first: KeyringSlot.Reading, second: KeyringSlot.Reading) {
        switch (first, second) {
        case (.empty, .empty): self = .empty
        case (.sound(let one), .sound(let other)): self = KeyringVerdict.judge(one, other)
        case (.sound(let slot), _): self = .sound(slot, repairs: [.second])
        case (_, .sound(let slot)): self = .sound(slot, repairs: [.first])
        case (.unsound, _), (_, .unsound): self = .lost
        }
    }

    private static func judge(_ one: KeyringSlot, _ other: KeyringSlot) -> KeyringVerdict {
        if one == other { return .sound(one, repairs: []) }
        switch (one.content, other.content) {
        // Destroyed wins over live always, and the earlier destruction over the later.
        case (.destroyed(let time), .destroyed(let otherTime)):
            return time <= otherTime ? .sound(one, repairs: [.second]) : .sound(other, repairs: [.first])
        case (.destroyed, .live): return .sound(one, repairs: [.second])
        case (.live, .destroyed): return .sound(other, repairs: [.first])
        case (.live, .live): return .conflict(first: one, second: other)
        }
    }
}
