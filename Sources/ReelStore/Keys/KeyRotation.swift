import ReelCodec
import ReelFormat
import ReelSystem

/// Gives a sealed store another key, with no daemon running: every data key is wrapped anew, and not a byte of the log is
/// touched. FORMAT.md §21 "Order of writing" 7 has the order, in which a crash leaves the store under one of the two keys.
///
/// Deep, for a key that leaked, every recording gets a new data key, too, which its frames are sealed with when they are
/// written anew (`Store.rekey`).
package struct KeyRotation {
    private let paths: StorePaths
    private let fileSystem: any FileSystem
    private let clock: any Clock

    package init(
        _ directory: String, fileSystem: any FileSystem = HostFileSystem(), clock: any Clock = SystemClock()
    ) {
        paths = StorePaths(root: directory)
        self.fileSystem = fileSystem
        self.clock = clock
    }

    /// - Returns: what was wrapped anew; `isRepeat` where the store had the new key already, as after a crash behind the
    ///   switch: then only what was left of the old one is removed.
    /// - Throws: `.wrongKey` where neither is the store's, `.locked`, `.notEncrypted`, what the disk said. Under which of the two
    ///   keys the store is then, opening it tells.
    package func run(
        from old: StoreEncryption, to new: StoreEncryption, isDeep: Bool = false,
        note: @escaping @Sendable (StoreEvent) -> Void = { _ in }
    ) throws(OpenError) -> RotationReport {
        try OpenError.from { try rotate(from: old, to: new, isDeep: isDeep, note) }
    }

    private func rotate(
        from old: StoreEncryption, to new: StoreEncryption, isDeep: Bool,
        _ note: @escaping @Sendable (StoreEvent) -> Void
    ) throws -> RotationReport {
        let lock = try fileSystem.open(paths.lock, .existing)
        do { try lock.lock() } catch {
            throw error.isHeldByAnother ? OpenError.locked(path: paths.root) : .system(error)
        }
        defer { withExtendedLifetime(lock) {} }
        let file = IdentityFile(paths, fileSystem)
        var report = RotationReport()
        let store: UnlockedStore
        do {
            guard let found = try file.unlocked(by: old, note: note) else {
                throw OpenError.notAStore(path: paths.root)
            }
            store = found
        } catch OpenError.wrongKey(let path, let written, let given) {
            guard let record = try file.read().keyRecord, let key = try new.key(for: record)?.key,
                key.fingerprint == record.fingerprint, let found = try file.unlocked(by: new, note: note),
                let rings = found.rings
            else { throw OpenError.wrongKey(path: path, written: written, given: given) }
            _ = try KeyringOpening(paths, fileSystem, rings, note: note).run(key, clock: clock)
            report.isRepeat = true
            return report
        }
        guard let record = store.identity.keyRecord, let rings = store.rings, let sealed = store.sealed,
            let (newKey, source) = try new.key(for: nil)
        else { throw OpenError.notEncrypted(path: paths.root) }
        // Heals what one copy lost, and removes what an earlier try left.
        _ = try KeyringOpening(paths, fileSystem, rings, note: note).run(sealed.key, clock: clock)

        let files = RingFiles(paths, fileSystem)
        let headers = try files.list(of: rings.store)
        var next = rings
        next.generation += 1
        if isDeep { next.keyID += 1 }
        for header in Set(headers.map(\.first)).sorted(by: { $0.fileName < $1.fileName }) {
            try rewrap(header, files, sealed.key, newKey, &report)
            if isDeep, header.rings.keyID == rings.keyID { try makeNew(header, files, newKey, next, &report) }
        }
        try fileSystem.syncDirectory(paths.keys)

        // The bits of the file as it is now: retention may have set one.
        var identity = store.identity
        identity.keyRecord = try StoreKeyRecord(
            generation: next.generation, keyID: next.keyID, key: newKey, source: source, store: identity.store,
            secrets: sealed.secrets, changedMicroseconds: clock.wallMicroseconds)
        // The switch.
        try file.write(identity)
        try files.remove(headers)
        report.written = record.fingerprint
        report.given = newKey.fingerprint
        return report
    }

    /// Makes a page's two files of the next generation: each slot as it is, its key wrapped under the new store key.
    private func rewrap(
        _ first: RingHeader, _ files: RingFiles, _ old: StoreKey, _ new: StoreKey, _ report: inout RotationReport
    ) throws {
        var target = first.rings
        target.generation += 1
        let (opener, wrapper) = (try KeyWrapper(old, first.rings), try KeyWrapper(new, target))
        // The same key in both copies stays the same.
        var wrapped: [[UInt8]: WrappedKey] = [:]
        for header in [first, first.other] {
            guard var bytes = try files.bytes(of: header) else { continue }
            let slots = Ring.read(bytes, expecting: header).slots
            bytes.replaceSubrange(
                0..<RingHeader.sizeBytes,
                with: RingHeader(rings: target, page: header.page, copy: header.copy).encoded())
            for (recording, reading) in zip(Ring.recordings(of: header.page), slots) {
                // What is destroyed stays so; what is unsound is not for a rotation to judge.
                guard case .sound(let slot) = reading, case .live(let microseconds, let key) = slot.content else {
                    continue
                }
                if wrapped[key.sealed] == nil, let secret = try? opener.unwrap(key, of: recording) {
                    wrapped[key.sealed] = try wrapper.wrap(secret, of: recording)
                    report.keyCount += 1
                }
                guard let anew = wrapped[key.sealed] else { continue }
                let at = Int(Ring.offset(of: recording))
                bytes.replaceSubrange(
                    at..<at + KeyringSlot.sizeBytes,
                    with: KeyringSlot(recording: recording, .live(microseconds: microseconds, anew)).encoded())
            }
            try files.make(RingHeader(rings: target, page: header.page, copy: header.copy), bytes)
        }
    }

    /// Makes a page of new data keys, one for each recording that has one now.
    private func makeNew(
        _ first: RingHeader, _ files: RingFiles, _ key: StoreKey, _ rings: RingSet, _ report: inout RotationReport
    ) throws {
        let wrapper = try KeyWrapper(key, rings)
        var slots: [KeyringSlot] = []
        let recordings = Ring.recordings(of: first.page)
        for (recording, pair) in zip(recordings, try files.slots(of: recordings, in: first.rings)) {
            guard case .sound(let slot, _) = KeyringVerdict(first: pair.first, second: pair.second) else { continue }
            switch slot.content {
            case .destroyed: slots.append(slot)
            case .live:
                let wrapped = try wrapper.wrap(
                    try SecretBytes.random(count: XAES256GCM.keySizeBytes), of: recording)
                slots.append(
                    KeyringSlot(recording: recording, .live(microseconds: clock.wallMicroseconds, wrapped)))
            }
        }
        try files.makePage(first.page, of: rings, slots)
    }
}

/// What a rotation did.
package struct RotationReport: Sendable, Equatable {
    /// Data keys wrapped anew.
    package var keyCount = 0
    /// The store was under the new key before.
    package var isRepeat = false
    package var written: KeyFingerprint?
    package var given: KeyFingerprint?
}
