import ReelCodec
import ReelFormat
import ReelStore
import ReelSystem
import SimulatedDisk
import StoreFixtures

/// One state of a disk after a crash, opened by the real recovery and judged.
struct StateCheck {
    /// What is looked at beside what the store holds.
    struct Depth: Sendable {
        /// The store is opened once more, and nothing may change.
        var reopens = true
        /// The index is thrown away and made anew, and must be the same.
        var rebuilds = true
        /// Retries, new recordings and batches, a clean stop, and what it leaves.
        var writesOn = true
        /// `reeld verify` reads everything.
        var verifies = true

        /// Each of them for one state in so many.
        static func random(oneIn: Int, _ random: inout SeededGenerator) -> Depth {
            func isChosen() -> Bool { Int.random(in: 0..<oneIn, using: &random) == 0 }
            return Depth(reopens: isChosen(), rebuilds: isChosen(), writesOn: isChosen(), verifies: isChosen())
        }
    }

    private let image: DiskImage
    private let expectation: Expectation
    private let options: StoreOptions
    private(set) var problems: [String] = []
    /// The calls of the recovery, where they were asked for.
    private(set) var trace: [DiskCall] = []

    /// - Parameter isRecording: whether the recovery's calls are wanted, to crash it too.
    init(
        _ image: DiskImage, _ expectation: Expectation, _ options: StoreOptions, depth: Depth, isRecording: Bool = false
    ) {
        self.image = image
        self.expectation = expectation
        self.options = options
        let disk = SimulatedDisk(image, isRecording: isRecording)
        do {
            let store = try open(disk)
            trace = disk.trace
            let recovered = disk.image()
            check(store.report)
            checkLedger(recovered)
            let reading = StateReading(store, expectation)
            problems += reading.problems
            let dump = try store.dump()
            if depth.reopens { try checkSecondOpening(recovered, dump) }
            if depth.rebuilds { try checkRebuilt(recovered, dump) }
            if depth.verifies { try verify(recovered) }
            if depth.writesOn, problems.isEmpty {
                var writing = WritingOn(store, expectation, reading.found)
                problems += try writing.run()
                let last = try store.dump()
                store.close()
                try checkStopped(disk.image(), last)
            } else {
                stop(store, disk)
            }
        } catch {
            problems.append("opening and reading: \(error)")
        }
    }

    private func open(
        _ disk: SimulatedDisk, _ change: (inout StoreOptions) -> Void = { _ in }
    ) throws(OpenError) -> Store {
        var options = options
        change(&options)
        return try Store.open(ScenarioRun.root, .test, options: options, fileSystem: disk, clock: TestClock())
    }

    /// Ends a store's threads without a change to the disk.
    private func stop(_ store: Store, _ disk: SimulatedDisk) {
        disk.powerOff()
        store.close()
    }

    /// A crash is no damage.
    private mutating func check(_ report: OpenReport) {
        for damage in report.damage { problems.append("opening tells of damage: \(damage)") }
    }

    /// What was answered as erased was in the ledger by then; once opened, the ledger has all that is erased.
    private mutating func checkLedger(_ recovered: DiskImage) {
        let path = "\(ScenarioRun.root)/erased.ledger"
        let found = LedgerText(decoding: image.files[path] ?? [])
        let opened = LedgerText(decoding: recovered.files[path] ?? [])
        if !found.damagedLines.isEmpty { problems.append("a crash damaged the ledger in line \(found.damagedLines)") }
        if !opened.damagedLines.isEmpty || opened.tornSizeBytes > 0 { problems.append("the opened ledger is damaged") }
        for recording in expectation.inOrder {
            guard let tombstone = recording.tombstone else { continue }
            if !found.lines.contains(where: { $0.tombstone == tombstone }) {
                problems.append("the ledger lacks recording \(tombstone.recording), whose erasing was acked")
            }
        }
        for line in opened.lines where recordingIsLive(line.tombstone) {
            problems.append("the ledger has recording \(line.tombstone.recording), which nobody asked to erase")
        }
    }

    private func recordingIsLive(_ tombstone: Tombstone) -> Bool {
        !(expectation.recordings[tombstone.id]?.isEraseSent ?? false)
    }

    /// Opening again changes neither a byte nor an answer. No file is excepted.
    private mutating func checkSecondOpening(_ recovered: DiskImage, _ dump: [String]) throws {
        // Recovery goes by the disk alone: where the first one changed nothing, the second one is the first.
        if recovered == image { return }
        let disk = SimulatedDisk(recovered)
        let store = try open(disk)
        check(store.report)
        problems += recovered.differences(to: disk.image()).map { "a second opening changed \($0)" }
        problems += differences(dump, try store.dump()).map { "a second opening dumps \($0)" }
        stop(store, disk)
    }

    private mutating func checkRebuilt(_ recovered: DiskImage, _ dump: [String]) throws {
        let disk = SimulatedDisk(recovered)
        let store = try open(disk) { $0.rebuildsIndex = true }
        check(store.report)
        problems += differences(dump, try store.dump()).map { "the rebuilt index dumps \($0)" }
        stop(store, disk)
        if let archive = options.archive.directory { try checkRebuilt(recovered, dump, without: archive) }
    }

    /// The index needs nothing of the archive.
    private mutating func checkRebuilt(_ recovered: DiskImage, _ dump: [String], without archive: String) throws {
        var image = recovered
        image.files = image.files.filter { !$0.key.hasPrefix("\(archive)/") }
        let disk = SimulatedDisk(image)
        let store = try open(disk) { $0.rebuildsIndex = true }
        check(store.report)
        problems += differences(dump, try store.dump()).map { "the index rebuilt without the archive dumps \($0)" }
        stop(store, disk)
    }

    private mutating func verify(_ recovered: DiskImage) throws {
        let report = try StoreVerifier(
            ScenarioRun.root, .test, archive: options.archive.directory, fileSystem: SimulatedDisk(recovered)
        ).run()
        for damage in report.damage { problems.append("verify tells of damage: \(damage)") }
        for gap in report.gaps { problems.append("verify tells of a gap: \(gap)") }
        for number in report.lostRecordings { problems.append("verify tells that recording \(number) is lost") }
    }

    /// After a clean stop there is nothing to replay.
    private mutating func checkStopped(_ stopped: DiskImage, _ dump: [String]) throws {
        let disk = SimulatedDisk(stopped)
        let store = try open(disk)
        check(store.report)
        if store.report.replayedFrameCount > 0 || store.report.rebuiltIndex {
            problems.append("after a clean stop \(store.report.replayedFrameCount) frames were replayed")
        }
        problems += differences(dump, try store.dump()).map { "after a clean stop the index dumps \($0)" }
        stop(store, disk)
    }
}

/// The lines in which two dumps differ.
private func differences(_ one: [String], _ other: [String]) -> [String] {
    if one == other { return [] }
    return other.difference(from: one).map { change in
        switch change {
        case .insert(let offset, let line, _): "+\(offset) \(line)"
        case .remove(let offset, let line, _): "-\(offset) \(line)"
        }
    }
}
