import ReelCodec
import ReelFormat
import ReelStore
import ReelSystem
import SimulatedDisk

/// Says what is wrong with how a store takes damage: events that were never sent, losses that nobody tells, damage that
/// verify does not find.
struct DamageJudge: Sendable {
    /// A clock that stands still.
    struct StillClock: Clock {
        var wallMicroseconds: Int64 { 1_800_000_100_000_000 }
        var isSynchronised: Bool { true }
        var uptimeMicroseconds: Int64 { 1_000_000_000 }
    }

    /// The sound store.
    let image: DiskImage
    private let sound: StoreReading
    private let count: UInt64
    /// An open recording and one whose id is known, for writing on.
    private let writable: UInt64
    private let encryption: StoreEncryption
    var isSealed: Bool { if case .off = encryption { false } else { true } }

    init(_ golden: GoldenImage) throws {
        image = golden.disk
        count = golden.count
        writable = golden.writable
        encryption = golden.encryption
        let store = try DamageJudge.open(SimulatedDisk(image), encryption)
        sound = StoreReading(store, count: count)
        store.close()
        guard sound.faults.isEmpty, sound.openDamage.isEmpty else { throw JudgeFault(text: "\(sound.faults)") }
    }

    static func open(_ disk: SimulatedDisk, _ encryption: StoreEncryption) throws -> Store {
        var options = StoreOptions()
        options.compaction.isAutomatic = false
        return try Store.open(GoldenImage.root, encryption, options: options, fileSystem: disk, clock: StillClock())
    }

    /// What is wrong; empty where all is as it must be.
    ///
    /// - Parameter isDeep: whether the store is opened too, and not verified only.
    func problems(_ damage: DamageCase, isDeep: Bool = true) -> [String] {
        var damaged = image
        damage.apply(&damaged.files)
        var problems = verify(damage, SimulatedDisk(damaged))
        if isDeep { problems += open(damage, SimulatedDisk(damaged)) }
        return problems
    }

    // MARK: Verify

    private func verify(_ damage: DamageCase, _ disk: SimulatedDisk) -> [String] {
        let report: VerifyReport
        do throws(OpenError) {
            report = try StoreVerifier(GoldenImage.root, encryption, fileSystem: disk).run()
        } catch {
            switch damage.outcome {
            case .refused(let file) where "\(error)".contains(file): return []
            case .healedAndTold(let file) where "\(error)".contains(file): return []
            default: return ["verify ends with \(error)"]
            }
        }
        switch damage.outcome {
        case .refused: return ["verify does not mind it"]
        case .told(let file, let offset):
            let isTold = report.damage.contains { $0.file == file && $0.offsetBytes <= UInt64(offset) }
            return isTold ? [] : ["verify does not tell of \(file):\(offset): \(report.damage)"]
        case .healedAndTold(let file): return report.damage.contains { $0.file == file } ? [] : ["verify does not tell"]
        case .untouched: return report.isSound ? [] : ["verify finds \(report.damage) \(report.gaps)"]
        case .healed, .unchangedOrTold, .tailMayBeGone: return []
        }
    }

    // MARK: Open

    private func open(_ damage: DamageCase, _ disk: SimulatedDisk) -> [String] {
        let store: Store
        do {
            store = try DamageJudge.open(disk, encryption)
        } catch {
            switch damage.outcome {
            case .refused(let file):
                return "\(error)".contains(file) ? [] : ["refused without the file's name: \(error)"]
            case .untouched, .healed, .healedAndTold: return ["refused: \(error)"]
            case .told, .unchangedOrTold, .tailMayBeGone:
                // A refusal must say where to look.
                return "\(error)".contains(GoldenImage.root) ? [] : ["refused without a place: \(error)"]
            }
        }
        defer { store.close() }
        if case .refused = damage.outcome { return ["it is opened"] }
        let reading = StoreReading(store, count: count)
        var problems = reading.faults
        switch damage.outcome {
        case .untouched, .healed, .healedAndTold: problems += differences(reading)
        case .told, .unchangedOrTold: problems += silentLosses(reading, mayLoseTail: false)
        case .tailMayBeGone: problems += silentLosses(reading, mayLoseTail: true)
        case .refused: break
        }
        if case .tailMayBeGone = damage.outcome { return problems }
        return problems + writeOn(store, reading)
    }

    private func differences(_ reading: StoreReading) -> [String] {
        var problems: [String] = []
        if reading.listed != sound.listed { problems.append("the list is another: \(reading.listed.map(\.number))") }
        for (number, recording) in reading.recordings where recording != sound.recordings[number] {
            problems.append("recording \(number) is another")
        }
        return problems
    }

    private func silentLosses(_ reading: StoreReading, mayLoseTail: Bool) -> [String] {
        var problems: [String] = []
        // What was told when the store was opened is in the journal; it may be all that is left to be told of a recording.
        let isToldAtOpen = !reading.openDamage.isEmpty
        for number in 1...count {
            guard let now = reading.recordings[number], let before = sound.recordings[number] else { continue }
            if before.isErased {
                if !now.isErased, !isToldAtOpen, !mayLoseTail { problems.append("recording \(number) is back") }
                continue
            }
            if now.isErased { problems.append("recording \(number) is erased") }
            for (ordinal, event) in now.events.enumerated() {
                guard let event, ordinal >= before.events.count || before.events[ordinal] != event else { continue }
                problems.append("recording \(number): event \(ordinal) was never sent")
                break
            }
            if let document = now.document, document != before.document, !mayLoseTail {
                problems.append("recording \(number) gives another document as if it were whole")
            }
            for (ordinal, event) in before.events.enumerated() where event != nil {
                let isThere = ordinal < now.events.count && now.events[ordinal] != nil
                if isThere || now.told.contains(UInt64(ordinal)) { continue }
                // Nothing is left of it but that something is damaged.
                if mayLoseTail || ((now.isUnknown || now.facts == nil) && isToldAtOpen) { break }
                problems.append("recording \(number): event \(ordinal) is missing in silence")
                break
            }
            if let facts = now.facts, let soundFacts = before.facts, facts.metadata != soundFacts.metadata,
                !isToldAtOpen, !mayLoseTail
            {
                problems.append("recording \(number) has other metadata, in silence")
            }
        }
        problems += silentlyUnlisted(reading, mayLoseTail: mayLoseTail)
        for damage in reading.openDamage + reading.listDamage + reading.recordings.values.flatMap(\.damage)
        where !damage.file.hasPrefix(GoldenImage.root) {
            problems.append("no file is named: \(damage)")
        }
        return problems
    }

    private func silentlyUnlisted(_ reading: StoreReading, mayLoseTail: Bool) -> [String] {
        let numbers = Set(reading.listed.map(\.number))
        if !reading.listDamage.isEmpty || !reading.openDamage.isEmpty || mayLoseTail { return [] }
        return sound.listed.filter { !numbers.contains($0.number) }.map { "recording \($0.number) is not listed" }
    }

    // MARK: Writing on

    /// One more batch: refused with a reason, or stored at an ordinal that was never given.
    private func writeOn(_ store: Store, _ reading: StoreReading) -> [String] {
        let given = sound.recordings[writable]?.facts?.eventCount ?? 0
        let body = Array(#"[{"type":3,"data":{},"timestamp":1}]"#.utf8)
        guard let run = try? EventScanner().scan(body).run else { return ["the test's own batch is no batch"] }
        let answer = Monitor<Result<AppendReceipt, StoreError>?>(nil)
        do throws(StoreError) {
            try store.append(store.prepare(run, writer: nil, batch: nil), to: writable) { result in
                answer.broadcast { $0 = result }
            }
        } catch {
            return ["a batch is not taken: \(error)"]
        }
        switch answer.wait(timeoutMilliseconds: 120_000, until: { $0 }) {
        case .success(let receipt):
            let isKnown = reading.recordings[writable]?.isUnknown == false
            if receipt.firstOrdinal < given, isKnown, reading.openDamage.isEmpty {
                return ["ordinal \(receipt.firstOrdinal) is given again"]
            }
            return []
        case .failure(.damaged), .failure(.unknownRecording): return []
        case .failure(let error): return ["a batch gets \(error)"]
        case nil: return ["a batch gets no answer"]
        }
    }
}

/// A judge that cannot judge.
struct JudgeFault: Error {
    var text: String
}
