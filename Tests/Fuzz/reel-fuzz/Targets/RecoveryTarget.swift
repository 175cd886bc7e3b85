import ReelCodec
import ReelFormat
import ReelSystem

@testable import ReelStore

/// Opening a store whose files are damaged anywhere, by the real recovery. Damage to the index changes nothing that can
/// be seen; damage to the log is told, and what is served is what was stored.
enum RecoveryTarget {
    private static let numbers: ClosedRange<UInt64> = 1...4

    /// What a recording is: its row and summary, or that it is none.
    private enum Found: Equatable {
        case row(RecordingRow, SummarySlot)
        case none
    }

    /// The sound store, its index whole.
    private static let base: (files: [String: [UInt8]], found: [UInt64: Found]) = {
        let fileSystem = MemoryFileSystem(GoldenStore.files)
        let context = claimed("the golden store opens") { try open(fileSystem) }
        var found: [UInt64: Found] = [:]
        for number in numbers {
            found[number] = state(context, number)
            if let document = GoldenStore.documents[number] {
                let text = claimed("a golden recording is read") { try served(context, number, skipsDamaged: false) }
                claim(text == document, "recording \(number) is not the golden one")
            }
        }
        return (fileSystem.contents, found)
    }()

    static func run(_ bytes: [UInt8]) {
        var input = FuzzInput(bytes)
        var files = base.files
        let paths = files.keys.sorted()
        var isLogDamaged = false
        var isIndexDamaged = false
        for _ in 0..<1 + input.number(below: 3) {
            let path = paths[input.number(below: paths.count)]
            let isOfIndex = path.hasPrefix("\(GoldenStore.root)/index/")
            isIndexDamaged = isIndexDamaged || isOfIndex
            isLogDamaged = isLogDamaged || !isOfIndex
            if input.byte() == 0 {
                files[path] = nil
            } else if var content = files[path] {
                Damage.apply(&input, to: &content)
                files[path] = content
            }
        }
        let context: StoreContext
        do {
            context = try open(MemoryFileSystem(files))
        } catch {
            return claim(isLogDamaged, "a damaged index keeps the store from opening: \(error)")
        }
        for number in numbers {
            if !isLogDamaged { claim(state(context, number) == base.found[number], "recording \(number) differs") }
            check(context, number, isLogDamaged: isLogDamaged, isIndexDamaged: isIndexDamaged)
        }
    }

    private static func check(
        _ context: StoreContext, _ number: UInt64, isLogDamaged: Bool, isIndexDamaged: Bool
    ) {
        let expected = GoldenStore.documents[number] ?? Array("[]".utf8)
        do {
            let document = try served(context, number, skipsDamaged: false)
            // Without the index nobody knows how long the log once was: a shorter one looks like a torn write.
            let isBeginning =
                isLogDamaged && isIndexDamaged
                && (document == Array("[]".utf8) || expected.starts(with: document.dropLast()))
            claim(document == expected || isBeginning, "recording \(number) is served wrongly, and nothing is told")
        } catch {
            claim(isLogDamaged || GoldenStore.documents[number] == nil, "recording \(number) cannot be read: \(error)")
        }
        guard let skipped = try? served(context, number, skipsDamaged: true) else { return }
        let events = Set(slices(expected))
        for event in slices(skipped) { claim(events.contains(event), "an event that was never sent is served") }
    }

    private static func slices(_ document: [UInt8]) -> [[UInt8]] {
        let run = claimed("a document is JSON") { try EventScanner().scan(document, format: .json).run }
        return run.events.map { Array(run.text[$0.offsetBytes..<$0.offsetBytes + $0.sizeBytes]) }
    }

    /// As `Store.open`, without the threads of a store that is written to.
    private static func open(_ fileSystem: MemoryFileSystem) throws -> StoreContext {
        let paths = StorePaths(root: GoldenStore.root)
        let clock = StillClock()
        let (_, store) = try StoreDirectory.open(paths, .off, fileSystem: fileSystem, clock: clock) { _ in }
        let options = StoreOptions()
        let archive = Archive(nil, of: store.identity, paths, fileSystem)
        var recovery = Recovery(
            paths: paths, store: store, sealer: .none, archive: archive, fileSystem: fileSystem, clock: clock,
            options: options, note: { _ in })
        let result = try recovery.run()
        let tombstones = result.view.state.withLock { $0.tombstones }
        let ledger = try ErasureLedger.open(paths, store.identity.store, tombstones, fileSystem).ledger
        return StoreContext(
            options: options, store: store, sealer: .none, paths: paths, fileSystem: fileSystem, clock: clock,
            index: result.index, view: result.view, nextSegment: result.nextSegment, ledger: ledger,
            archive: archive, heartbeat: nil, note: { _ in })
    }

    private static func state(_ context: StoreContext, _ number: UInt64) -> Found {
        guard let state = try? context.committedState(number) else { return .none }
        return .row(state.row, state.summary)
    }

    private static func served(_ context: StoreContext, _ number: UInt64, skipsDamaged: Bool) throws -> [UInt8] {
        let state = try context.committedState(number)
        let isComplete = state.row.lsn <= context.view.appliedLSN
        let snapshot = RecordingSnapshot(
            row: state.row, frames: try context.view.frames(of: number), isComplete: isComplete, log: context.paths.log)
        let reader = SpliceReader(snapshot, coding: .identity, skipsDamaged: skipsDamaged)
        var text: [UInt8] = []
        while let piece = try reader.nextPiece() { text += piece }
        return text
    }
}
