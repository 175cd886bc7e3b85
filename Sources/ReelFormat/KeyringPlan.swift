/// What is to be done to a ring's two files, in this order; a step that fails ends it. FORMAT.md §21 "Order of writing".
package enum KeyringStep: Equatable, Sendable {
    /// Writes bytes at an offset of the ring.
    case write(RingCopy, offsetBytes: UInt64, bytes: [UInt8])
    /// Waits until everything written to the copy is on the disk.
    case sync(RingCopy)
}

/// Changes of slots of one page, as steps that leave at every crash one good copy of every slot that had one.
package enum KeyringPlan {
    /// Puts slots into both copies: new keys, or destroyed ones. The first copy is synced before the second is touched, as a
    /// torn write may take all slots of a block with it.
    ///
    /// - Parameter slots: of one page, each recording once.
    package static func write(_ slots: [KeyringSlot]) -> [KeyringStep] {
        steps(RingCopy.allCases.map { ($0, slots) })
    }

    /// Puts each copy right.
    ///
    /// - Parameter verdicts: of slots of one page, each recording once.
    package static func repair(_ verdicts: [KeyringVerdict]) -> [KeyringStep] {
        steps(
            RingCopy.allCases.map { copy in
                let slots = verdicts.compactMap { verdict -> KeyringSlot? in
                    guard case .sound(let slot, let repairs) = verdict, repairs.contains(copy) else { return nil }
                    return slot
                }
                return (copy, slots)
            })
    }

    private static func steps(_ slots: [(RingCopy, [KeyringSlot])]) -> [KeyringStep] {
        slots.flatMap { copy, slots -> [KeyringStep] in
            let writes = runs(of: slots.sorted { $0.recording < $1.recording }).map { run in
                KeyringStep.write(
                    copy, offsetBytes: Ring.offset(of: run[0].recording), bytes: run.flatMap { $0.encoded() })
            }
            return writes.isEmpty ? [] : writes + [.sync(copy)]
        }
    }

    /// Slots that follow each other, so that they go in one write.
    private static func runs(of slots: [KeyringSlot]) -> [[KeyringSlot]] {
        var runs: [[KeyringSlot]] = []
        for slot in slots {
            precondition(
                slots.first.map { Ring.page(of: $0.recording) } == Ring.page(of: slot.recording), "slots of two pages")
            if let last = runs.last?.last, last.recording + 1 == slot.recording {
                runs[runs.count - 1].append(slot)
            } else {
                precondition(runs.last?.last?.recording != slot.recording, "a recording has one slot")
                runs.append([slot])
            }
        }
        return runs
    }
}
