import Glibc
import ReelFormat
import Testing

/// The order in which both copies of a ring are written, on a disk that stops at every step and tears what was not synced.
@Suite struct KeyringCrashTests {
    /// How a write that was not synced lies on the disk after a power cut.
    enum Tear: CaseIterable, Sendable {
        case kept, undone, garbage
        /// Each sector by chance.
        case mixed
    }

    /// Two files, and what of them a sync has made certain.
    private struct Disk {
        var written: [[UInt8]]
        var durable: [[UInt8]]

        init(_ rings: [[UInt8]]) {
            written = rings
            durable = rings
        }

        mutating func run(_ step: KeyringStep) {
            switch step {
            case .write(let copy, let offset, let bytes):
                let index = Int(copy.rawValue)
                written[index].replaceSubrange(Int(offset)..<Int(offset) + bytes.count, with: bytes)
            case .sync(let copy): durable[Int(copy.rawValue)] = written[Int(copy.rawValue)]
            }
        }

        /// What may be found after a power cut: blocks of 4,096 bytes that have bytes not synced are torn, as the kernel writes
        /// such blocks whole and a disk may write them in pieces.
        func afterPowerCut(_ tear: Tear, _ random: inout SeededGenerator) -> [[UInt8]] {
            var rings = durable
            for index in rings.indices {
                for block in stride(from: 0, to: rings[index].count, by: 4096) {
                    let range = block..<block + 4096
                    guard written[index][range] != durable[index][range] else { continue }
                    for sector in stride(from: block, to: block + 4096, by: 512) {
                        let range = sector..<sector + 512
                        switch tear == .mixed ? (Tear.allCases.randomElement(using: &random) ?? .kept) : tear {
                        case .kept: rings[index].replaceSubrange(range, with: written[index][range])
                        case .garbage: rings[index].replaceSubrange(range, with: Array(repeating: 0xEE, count: 512))
                        case .undone, .mixed: break
                        }
                    }
                }
            }
            return rings
        }
    }

    private let rings = RingSet(store: Samples.store, keyID: 1, generation: 1)

    private func live(_ recording: UInt64) -> KeyringSlot {
        let sealed = (0..<48).map { UInt8(truncatingIfNeeded: recording &* 31 &+ $0) }
        return KeyringSlot(
            recording: recording, .live(microseconds: 1, WrappedKey(nonce: Nonce(first: recording), sealed: sealed)))
    }

    private func gone(_ recording: UInt64) -> KeyringSlot {
        KeyringSlot(recording: recording, .destroyed(microseconds: 2))
    }

    private func fresh() -> Disk {
        Disk(RingCopy.allCases.map { Ring.empty(RingHeader(rings: rings, page: 0, copy: $0)) })
    }

    private func verdicts(_ found: [[UInt8]]) -> [KeyringVerdict] {
        let copies = RingCopy.allCases.map {
            Ring.read(found[Int($0.rawValue)], expecting: RingHeader(rings: rings, page: 0, copy: $0)).slots
        }
        return zip(copies[0], copies[1]).map { KeyringVerdict(first: $0, second: $1) }
    }

    private func seeded() -> (UInt64, SeededGenerator) {
        let text = getenv("REELD_SEED").map { String(cString: $0) }
        let seed = text.flatMap { UInt64($0) } ?? .random(in: .min ... .max)
        return (seed, SeededGenerator(seed: seed))
    }

    /// Runs the steps and stops at each of them in every way; `check` gets what is found then and how many steps were done.
    private func crashEverywhere(
        _ disk: Disk, _ steps: [KeyringStep], check: ([KeyringVerdict], Int, String) -> Void
    ) {
        var (seed, random) = seeded()
        for tear in Tear.allCases {
            for _ in 0..<(tear == .mixed ? 4 : 1) {
                var disk = disk
                for done in 0...steps.count {
                    if done > 0 { disk.run(steps[done - 1]) }
                    let found = verdicts(disk.afterPowerCut(tear, &random))
                    check(found, done, "\(tear) after \(done) of \(steps.count) steps, REELD_SEED=\(seed)")
                }
            }
        }
    }

    private func filled(_ recordings: ClosedRange<UInt64>) -> Disk {
        var disk = fresh()
        for step in KeyringPlan.write(recordings.map { live($0) }) { disk.run(step) }
        return disk
    }

    private func count(_ slots: [KeyringSlot]) -> Int { KeyringPlan.write(slots).count }

    @Test func newKeysEndangerNoOtherAndAreThereOnceTheFirstCopyIsSynced() {
        let disk = filled(1...32)
        let steps = KeyringPlan.write((33...64).map { live($0) })
        #expect(steps.count == 4)
        crashEverywhere(disk, steps) { found, done, where_ in
            for number in 1...32 as ClosedRange<UInt64> {
                #expect(found[Int(number) - 1] == .sound(live(number), repairs: []), "\(where_): \(number)")
            }
            for number in 33...64 as ClosedRange<UInt64> {
                if done >= 2 { expect(found, number, live(number), where_) }
            }
        }
    }

    /// Also in a block with keys in use, though keys are made by blocks: no slot that was there before is ever lost.
    @Test func slotsInABlockWithOthersEndangerNoneOfThem() {
        let disk = filled(1...30)
        crashEverywhere(disk, KeyringPlan.write([live(31), live(32)])) { found, done, where_ in
            for number in 1...30 as ClosedRange<UInt64> { expect(found, number, live(number), where_) }
            if done >= 2 { expect(found, 31, live(31), where_) }
        }
    }

    @Test func destroyedKeysStayDestroyedAndTheirNeighboursLive() {
        let victims = [2, 3, 30, 40, 96].map { UInt64($0) }
        let disk = filled(1...96)
        let steps = KeyringPlan.write(victims.map { gone($0) })
        #expect(steps.count == 10, "2 and 3 go in one write")
        crashEverywhere(disk, steps) { found, done, where_ in
            for number in 1...96 as ClosedRange<UInt64> where !victims.contains(number) {
                expect(found, number, live(number), where_)
            }
            for number in victims {
                switch found[Int(number) - 1] {
                case .sound(let slot, _) where slot == gone(number): break
                // Not synced yet, so nobody was told; the tombstone has it destroyed again.
                case .sound(let slot, _) where slot == live(number) && done < 5: break
                case let verdict: Issue.record("\(where_): \(number) \(verdict)")
                }
            }
        }
    }

    /// One copy of each sector damaged, by chance, and healed, by a process that may be killed in between.
    @Test func healingLosesNothingAndBringsNoDestroyedKeyBack() {
        let before = filled(1...64)
        var disk = before
        for step in KeyringPlan.write([gone(5), gone(6), gone(40)]) { disk.run(step) }
        var (seed, random) = seeded()
        for round in 0..<12 {
            var damaged = disk
            for sector in stride(from: 4096, to: 4096 + 8192, by: 512) {
                let range = sector..<sector + 512
                let copy = Int.random(in: 0...1, using: &random)
                switch Int.random(in: 0..<3, using: &random) {
                case 0: damaged.written[copy].replaceSubrange(range, with: Array(repeating: 0, count: 512))
                case 1: damaged.written[copy][sector + Int.random(in: 0..<512, using: &random)] ^= 0x10
                // A sector of the time before the keys were destroyed.
                default: damaged.written[copy].replaceSubrange(range, with: before.written[copy][range])
                }
            }
            let steps = KeyringPlan.repair(verdicts(damaged.written))
            // A power cut may tear a block of one copy while the other copy is damaged in another sector of it: two faults at
            // once, which the recovery table calls lost. A killed process tears nothing.
            for done in 0...steps.count {
                if done > 0 { damaged.run(steps[done - 1]) }
                guard done == steps.count || done % 5 == 0 else { continue }
                let found = verdicts(damaged.written)
                for number in 1...64 as ClosedRange<UInt64> {
                    let slot = [5, 6, 40].contains(number) ? gone(number) : live(number)
                    expect(found, number, slot, "round \(round), \(done) steps done, REELD_SEED=\(seed)")
                }
            }
            #expect(damaged.durable == disk.durable, "round \(round), REELD_SEED=\(seed)")
        }
    }

    @Test func aRepairOfNothingIsNoStep() {
        #expect(KeyringPlan.repair(verdicts(fresh().written)) == [])
        #expect(KeyringPlan.repair(verdicts(filled(1...64).written)) == [])
        #expect(KeyringPlan.write([]) == [])
    }

    private func expect(_ found: [KeyringVerdict], _ number: UInt64, _ slot: KeyringSlot, _ where_: String) {
        if case .sound(slot, _) = found[Int(number) - 1] { return }
        Issue.record("\(where_): \(number) is \(found[Int(number) - 1])")
    }
}
