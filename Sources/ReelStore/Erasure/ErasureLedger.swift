import ReelFormat
import ReelSystem

/// The file `erased.ledger`: every erasure once more, in a file of its own that goes into every backup and outlives any
/// older copy of the store. FORMAT.md §22.
///
/// It follows the log: what a crash kept from it is added from the tombstones when
/// the store is opened.
final class ErasureLedger: Sendable {
    private struct State {
        /// Nil until there is an erasure to write, and after a failure: the file is then written anew as a whole.
        var file: (any File)?
        /// Of what is sound and durable.
        var lengthBytes: UInt64 = 0
        var chain: UInt32 = 0
        /// In the log, and not yet here.
        var pending: [Tombstone] = []
    }

    private let paths: StorePaths
    private let store: StoreID
    private let fileSystem: any FileSystem
    private let state: Monitor<State>

    /// What opening found.
    struct Opening {
        var ledger: ErasureLedger
        /// By their numbers from 1: made anew, as far as tombstones tell what they said.
        var damagedLines: [Int] = []
        /// What the ledger says was erased and the log has no tombstone of: an older log than the ledger, or tombstones
        /// that have expired.
        var untold: [LedgerLine] = []
    }

    private init(_ paths: StorePaths, _ store: StoreID, _ fileSystem: any FileSystem, _ state: State) {
        self.paths = paths
        self.store = store
        self.fileSystem = fileSystem
        self.state = Monitor(state)
    }

    /// Reads the ledger, and brings it up to the log.
    ///
    /// - Parameter tombstones: all that the log tells of.
    /// - Throws: what reading met. What cannot be written now is written before the next erasure is answered.
    static func open(
        _ paths: StorePaths, _ store: StoreID, _ tombstones: [UInt64: Tombstone], _ fileSystem: any FileSystem
    ) throws(SystemError) -> Opening {
        let file = try existing(paths, fileSystem)
        let bytes = try file.map { (file) throws(SystemError) in
            try file.read(Int(clamping: try file.sizeBytes()), at: 0)
        }
        var text = LedgerText(decoding: bytes ?? [])
        // A line of another store is as good as none.
        let foreign = text.lines.contains { $0.store != store }
        text.lines.removeAll { $0.store != store }
        let known = Set(text.lines.map(\.recording))
        var state = State()
        state.pending = tombstones.values
            .filter { !known.contains(LedgerRecording(number: $0.recording, id: $0.id)) }.sorted { $0.lsn < $1.lsn }
        let isWhole = text.damagedLines.isEmpty && !foreign
        if isWhole {
            state.file = file
            state.lengthBytes = UInt64(text.wholeSizeBytes)
            state.chain = text.chain
            // What is torn was never answered for.
            if text.tornSizeBytes > 0 { try? file?.truncate(to: state.lengthBytes) }
        }
        let ledger = ErasureLedger(paths, store, fileSystem, state)
        if !isWhole {
            try? ledger.replace(text.lines.map(\.tombstone))
        } else if !state.pending.isEmpty {
            try? ledger.append([])
        }
        let untold = text.lines.filter { tombstones[$0.tombstone.recording]?.id != $0.tombstone.id }
        return Opening(ledger: ledger, damagedLines: text.damagedLines, untold: untold)
    }

    private static func existing(_ paths: StorePaths, _ fileSystem: any FileSystem) throws(SystemError) -> (any File)? {
        do {
            return try fileSystem.open(paths.ledger, .existing)
        } catch {
            guard error.isMissing else { throw error }
            return nil
        }
    }

    /// Whether the log has erasures that are not here.
    var isBehind: Bool { state.withLock { !$0.pending.isEmpty } }

    /// Adds erasures, with those that an earlier call could not add, and makes them durable.
    ///
    /// - Throws: what the disk said; they are added with the next ones then, or at the next opening.
    func append(_ tombstones: [Tombstone]) throws(SystemError) {
        try state.withLock { (state) throws(SystemError) in
            state.pending += tombstones
            guard !state.pending.isEmpty else { return }
            var bytes: [UInt8] = []
            var chain = state.chain
            for tombstone in state.pending {
                LedgerLine(store: store, tombstone: tombstone).append(to: &bytes, chain: &chain)
            }
            if let file = state.file {
                try write(bytes, to: file, &state)
            } else {
                // Nothing may be added to a file whose last write or sync failed: what is sound of it is copied.
                let old = try ErasureLedger.existing(paths, fileSystem)
                let sound = try old?.read(Int(state.lengthBytes), at: 0) ?? []
                try begin(sound + bytes, &state)
            }
            state.chain = chain
            state.pending = []
        }
    }

    /// Takes over lines of another copy of this ledger, of recordings that this store never had: an older copy that is put
    /// back one day may have them.
    func adopt(_ lines: [LedgerLine]) throws(SystemError) {
        let known = Set(LedgerText(decoding: try text()).lines.map(\.recording))
        let missing = lines.filter { !known.contains($0.recording) }
        if !missing.isEmpty { try append(missing.map(\.tombstone)) }
    }

    private func write(_ bytes: [UInt8], to file: any File, _ state: inout State) throws(SystemError) {
        do {
            try file.write(bytes, at: state.lengthBytes)
            try file.sync()
            state.lengthBytes += UInt64(bytes.count)
        } catch {
            state.file = nil
            throw error
        }
    }

    /// Makes the whole file anew, with what is missing in it.
    private func replace(_ tombstones: [Tombstone]) throws(SystemError) {
        try state.withLock { (state) throws(SystemError) in
            let all = tombstones + state.pending
            state.pending = all
            state.lengthBytes = 0
            state.chain = 0
        }
        try append([])
    }

    /// Puts a file with these bytes in the ledger's place.
    private func begin(_ bytes: [UInt8], _ state: inout State) throws(SystemError) {
        let draft = paths.ledger + ".new"
        // Not the draft of a try that failed: a sync of that file may have failed.
        try fileSystem.unlinkIfThere(draft)
        let file = try fileSystem.open(draft, .new)
        try file.write(bytes, at: 0)
        try file.sync()
        try fileSystem.rename(draft, to: paths.ledger)
        try fileSystem.syncDirectory(paths.root)
        state.file = file
        state.lengthBytes = UInt64(bytes.count)
    }

    /// The whole ledger as it is now, for a copy.
    func text() throws(SystemError) -> [UInt8] {
        try state.withLock { (state) throws(SystemError) in
            guard state.lengthBytes > 0, let file = try ErasureLedger.existing(paths, fileSystem) else { return [] }
            return try file.read(Int(state.lengthBytes), at: 0)
        }
    }
}
