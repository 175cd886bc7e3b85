import ReelCodec
import ReelFormat
import ReelSystem

/// The data keys of a sealed store: makes them ahead of their recordings, gives them out, destroys them for good.
/// FORMAT.md §21.
///
/// Any thread may ask for a key; only the writer's thread makes keys.
final class Keyring: Sendable {
    /// Keys held unwrapped at most; each is 32 bytes of locked memory.
    private static let heldMax = 8_192
    /// Blocks of 32 keys made at once while starts come fast; so many fill a page.
    private static let blockMax: UInt64 = Ring.slotCount / Ring.blockSlotCount
    /// Pages that are synced at the same time: the disk takes eight syncs in the time of two.
    private static let pagesAtOnce = 8
    /// Keys that lasted less than this were too few: twice as many are made the next time.
    private static let soonMicroseconds: Int64 = 1_000_000

    /// What new keys belong to.
    let rings: RingSet
    private let files: RingFiles
    /// Who only verifies heals nothing.
    private let isReadOnly: Bool
    private let clock: any Clock
    private let note: @Sendable (StoreEvent) -> Void
    /// By version of the data keys.
    private let wrappers: [UInt64: Pool<KeyWrapper>]
    private let held = Monitor(Held())
    /// Held while slots are written.
    private let changing = Monitor(Changing())

    private struct Name: Hashable {
        var recording: UInt64
        var keyID: UInt64
    }

    private struct Held {
        var keys: [Name: SecretBytes] = [:]
        /// Recordings whose keys were destroyed, or are about to be, since the store was opened.
        var destroyed: [UInt64: Int64] = [:]
    }

    private struct Changing {
        /// Every number up to here that was not given out when the store was opened has a key, or is unusable.
        var madeThrough: UInt64 = 0
        var unusable: Set<UInt64> = []
        var blockCount: UInt64 = 1
        var madeMicroseconds = Int64.min
    }

    /// - Parameters:
    ///   - keyIDs: every version of the data keys that frames may name.
    init(
        _ key: StoreKey, _ rings: RingSet, keyIDs: Set<UInt64>, files: RingFiles, isReadOnly: Bool = false,
        clock: any Clock, note: @escaping @Sendable (StoreEvent) -> Void = { _ in }
    ) {
        self.rings = rings
        self.files = files
        self.isReadOnly = isReadOnly
        self.clock = clock
        self.note = note
        var wrappers: [UInt64: Pool<KeyWrapper>] = [:]
        for keyID in keyIDs.union([rings.keyID]) {
            let set = RingSet(store: rings.store, keyID: keyID, generation: rings.generation)
            wrappers[keyID] = Pool { makeWrapper(key, set) }
        }
        self.wrappers = wrappers
    }

    /// The versions of data keys there are.
    var keyIDs: [UInt64] { wrappers.keys.sorted() }

    private func set(_ keyID: UInt64) -> RingSet {
        RingSet(store: rings.store, keyID: keyID, generation: rings.generation)
    }

    // MARK: Looking up

    /// A recording's data key.
    ///
    /// - Parameter keyID: its version; nil the current one.
    func key(of recording: UInt64, keyID: UInt64? = nil) throws(KeyFault) -> SecretBytes {
        let name = Name(recording: recording, keyID: keyID ?? rings.keyID)
        let found = held.withLock { (destroyed: $0.destroyed[recording], key: $0.keys[name]) }
        if let microseconds = found.destroyed { throw .destroyed(microseconds: microseconds) }
        if let key = found.key { return key }
        let key = try read(name)
        return try held.withLock { held throws(KeyFault) in
            // Destroyed since it was read: it must not be held again.
            if let microseconds = held.destroyed[recording] { throw .destroyed(microseconds: microseconds) }
            if held.keys.count >= Keyring.heldMax { held.keys = [:] }
            held.keys[name] = key
            return key
        }
    }

    private func read(_ name: Name) throws(KeyFault) -> SecretBytes {
        guard let wrappers = wrappers[name.keyID] else { throw .missing }
        var verdict: KeyringVerdict
        do {
            verdict = try files.verdict(of: name.recording, in: set(name.keyID))
            // A write in progress looks like damage for a moment: judged again with nobody writing, and healed.
            if !verdict.isClean { verdict = try heal(name) }
        } catch {
            throw .system(error)
        }
        switch verdict {
        case .empty: throw .missing
        case .lost: throw .lost
        case .sound(let slot, _):
            switch slot.content {
            case .destroyed(let microseconds): throw .destroyed(microseconds: microseconds)
            case .live(_, let wrapped):
                return try wrappers.borrow { (wrapper) throws(KeyFault) in
                    do { return try wrapper.unwrap(wrapped, of: name.recording) } catch { throw KeyFault.forged }
                }
            }
        case .conflict: throw .conflict
        }
    }

    private func heal(_ name: Name) throws(SystemError) -> KeyringVerdict {
        try changing.withLock { _ throws(SystemError) in
            let rings = set(name.keyID)
            let verdict = try files.verdict(of: name.recording, in: rings)
            let steps = KeyringPlan.repair([verdict])
            guard !steps.isEmpty, !isReadOnly else { return verdict }
            do throws(SystemError) {
                try files.carryOut(steps, page: Ring.page(of: name.recording), of: rings)
                note(.keyHealed(recording: name.recording))
            } catch {
                note(.keyringFailed(error))
            }
            return verdict
        }
    }

    /// Whether the recording has, or had, a key in any version.
    func knows(_ recording: UInt64) throws(SystemError) -> Bool {
        for keyID in keyIDs {
            if case .empty = try files.verdict(of: recording, in: set(keyID)) { continue }
            return true
        }
        return false
    }

    // MARK: Making

    /// The first number from `number` on that has a key, durable in both copies. Waits for the disk where keys have to be
    /// made, which happens once for many.
    ///
    /// - Throws: what the disk said; nothing was made then that a later try would not find.
    func firstUsable(from number: UInt64) throws(KeyFault) -> UInt64 {
        try changing.withLock { changing throws(KeyFault) in
            var number = number
            while true {
                if number > changing.madeThrough { try make(from: number, &changing) }
                guard changing.unusable.contains(number) else { return number }
                number += 1
            }
        }
    }

    private func make(from number: UInt64, _ changing: inout Changing) throws(KeyFault) {
        let now = clock.uptimeMicroseconds
        let isSoon = changing.madeThrough > 0 && now - changing.madeMicroseconds < Keyring.soonMicroseconds
        changing.blockCount = isSoon ? min(2 * changing.blockCount, Keyring.blockMax) : 1
        let page = Ring.page(of: number)
        let last = min(
            Ring.block(of: number).lowerBound + changing.blockCount * Ring.blockSlotCount - 1,
            Ring.recordings(of: page).upperBound)
        try make(number...last, page, &changing)
        changing.madeThrough = last
        changing.madeMicroseconds = now
    }

    private func make(
        _ numbers: ClosedRange<UInt64>, _ page: UInt64, _ changing: inout Changing
    ) throws(KeyFault) {
        do {
            var slots: [KeyringSlot] = []
            var keys: [Name: SecretBytes] = [:]
            let found = try files.slots(of: numbers, in: rings)
            for (number, pair) in zip(numbers, found) {
                // Torn in one copy and never written in the other: nobody was given that number.
                let isFree =
                    (pair.first == .empty && pair.second == .unsound)
                    || (pair.first == .unsound && pair.second == .empty)
                switch isFree ? .empty : KeyringVerdict(first: pair.first, second: pair.second) {
                case .empty:
                    let key = try SecretBytes.random(count: XAES256GCM.keySizeBytes)
                    slots.append(try makeSlot(of: number, key))
                    keys[Name(recording: number, keyID: rings.keyID)] = key
                case .sound(let slot, let repairs) where !slot.isDestroyed && opens(slot):
                    // Made before, by a try that failed or that a crash ended.
                    if !repairs.isEmpty { slots.append(slot) }
                case .lost, .conflict, .sound:
                    // Who had that number is unknown here: it gets no second key.
                    changing.unusable.insert(number)
                    note(.keyUnusable(recording: number))
                }
            }
            if try files.isThere(page: page, of: rings) {
                try files.carryOut(KeyringPlan.write(slots), page: page, of: rings)
            } else {
                try files.makePage(page, of: rings, slots)
            }
            held.withLock { held in
                if held.keys.count + keys.count > Keyring.heldMax { held.keys = [:] }
                held.keys.merge(keys) { $1 }
            }
        } catch let error as SystemError {
            throw .system(error)
        } catch {
            throw .noRandomness
        }
    }

    private func makeSlot(of number: UInt64, _ key: SecretBytes) throws(CryptoError) -> KeyringSlot {
        guard let wrappers = wrappers[rings.keyID] else { preconditionFailure("the current version has a wrapper") }
        let wrapped = try wrappers.borrow { (wrapper) throws(CryptoError) in try wrapper.wrap(key, of: number) }
        return KeyringSlot(recording: number, .live(microseconds: clock.wallMicroseconds, wrapped))
    }

    /// Whether a slot's key opens.
    private func opens(_ slot: KeyringSlot) -> Bool {
        guard case .live(_, let wrapped) = slot.content, let wrappers = wrappers[rings.keyID] else { return false }
        return wrappers.borrow { wrapper in (try? wrapper.unwrap(wrapped, of: slot.recording)) != nil }
    }

    // MARK: Destroying

    /// From here on nobody gets these recordings' keys, while they still lie on the disk.
    func withhold(_ tombstones: [Tombstone]) {
        held.withLock { held in
            for tombstone in tombstones {
                held.destroyed[tombstone.recording] = tombstone.erasedMicroseconds
                for keyID in wrappers.keys {
                    held.keys.removeValue(forKey: Name(recording: tombstone.recording, keyID: keyID))
                }
            }
        }
    }

    /// Overwrites and removes the rings of every version but the current one, which no frame needs any more.
    func removeOldVersions() throws(SystemError) {
        try changing.withLock { _ throws(SystemError) in
            try files.remove(
                try files.list(of: rings.store).filter {
                    $0.rings.generation == rings.generation && $0.rings.keyID < rings.keyID
                })
        }
    }

    /// Destroys the keys of erased recordings in both copies of every version, durably. Their tombstones are durable
    /// already. Those destroyed before cost a look.
    ///
    /// - Throws: what the disk said: some may not be destroyed, which the next opening makes good.
    func destroy(_ tombstones: [Tombstone]) throws(SystemError) {
        withhold(tombstones)
        for keyID in keyIDs {
            let pages = Dictionary(grouping: tombstones) { Ring.page(of: $0.recording) }
                .sorted { $0.key < $1.key }
            // In groups: who needs a new key waits for one of them at most.
            for start in stride(from: 0, to: pages.count, by: Keyring.pagesAtOnce) {
                let group = pages[start..<min(start + Keyring.pagesAtOnce, pages.count)]
                try changing.withLock { _ throws(SystemError) in
                    try Thread.each(of: group, named: "reel-erase") { [self] (page) throws(SystemError) in
                        try destroy(page.value, page: page.key, of: set(keyID))
                    }
                }
            }
        }
    }

    private func destroy(_ tombstones: [Tombstone], page: UInt64, of rings: RingSet) throws(SystemError) {
        let isPageThere = try files.isThere(page: page, of: rings)
        var times: [UInt64: Int64] = [:]
        for tombstone in tombstones { times[tombstone.recording] = tombstone.erasedMicroseconds }
        guard let first = times.keys.min(), let last = times.keys.max() else { return }
        var slots: [KeyringSlot] = []
        for (number, pair) in zip(first...last, try files.slots(of: first...last, in: rings)) {
            guard let microseconds = times[number] else { continue }
            if case .sound(let one) = pair.first, one.isDestroyed, pair.first == pair.second { continue }
            // Also where nothing was ever written: a ring from a backup may have the key.
            slots.append(KeyringSlot(recording: number, .destroyed(microseconds: microseconds)))
        }
        guard !slots.isEmpty else { return }
        if isPageThere {
            try files.carryOut(KeyringPlan.write(slots), page: page, of: rings)
        } else {
            try files.makePage(page, of: rings, slots)
        }
    }
}

/// Why there is no key of a recording.
enum KeyFault: Error, Equatable, Sendable {
    /// It was erased.
    case destroyed(microseconds: Int64)
    /// The keyring never had one: it is older than the log, or a page was lost.
    case missing
    /// Both copies of its slot are damaged.
    case lost
    /// The copies hold two different keys.
    case conflict
    /// What is in its slot does not open under the store's key.
    case forged
    case system(SystemError)
    case noRandomness
}

extension KeyringVerdict {
    /// Whether both copies agree, so that nothing is to be written.
    fileprivate var isClean: Bool {
        switch self {
        case .empty: true
        case .sound(_, let repairs): repairs.isEmpty
        case .lost, .conflict: false
        }
    }
}

// libcrypto without AES, or without memory, is nothing a store could go on with.
private func makeWrapper(_ key: StoreKey, _ rings: RingSet) -> KeyWrapper {
    do { return try KeyWrapper(key, rings) } catch { preconditionFailure("libcrypto: \(error)") }
}
