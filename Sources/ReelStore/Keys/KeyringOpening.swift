import ReelCodec
import ReelFormat
import ReelSystem

/// Puts the files of a keyring right before their store is opened: what one copy lost comes from the other, what a
/// rotation left goes. FORMAT.md §21 "Recovery of a sealed store".
struct KeyringOpening {
    private let paths: StorePaths
    private let fileSystem: any FileSystem
    private let rings: RingSet
    private let note: @Sendable (StoreEvent) -> Void

    init(
        _ paths: StorePaths, _ fileSystem: any FileSystem, _ rings: RingSet,
        note: @escaping @Sendable (StoreEvent) -> Void
    ) {
        self.paths = paths
        self.fileSystem = fileSystem
        self.rings = rings
        self.note = note
    }

    /// - Parameter key: the right one.
    func run(_ key: StoreKey, clock: any Clock) throws(SystemError) -> Keyring {
        let files = RingFiles(paths, fileSystem)
        try fileSystem.createDirectory(paths.keys)
        try files.removeDrafts()
        let headers = try files.list(of: rings.store)
        let current = headers.filter { $0.rings.generation == rings.generation }
        for header in Set(current.map(\.first)).sorted(by: { $0.fileName < $1.fileName }) { try heal(header, files) }
        try removeVoid(headers.filter { $0.rings.generation != rings.generation }, files)
        return Keyring(
            key, rings, keyIDs: Set(current.map(\.rings.keyID)), files: files, clock: clock, note: note)
    }

    /// A keyring as it lies there, for who changes nothing.
    func readOnly(_ key: StoreKey, clock: any Clock) throws(SystemError) -> Keyring {
        let files = RingFiles(paths, fileSystem, isReadOnly: true)
        let isThere = try fileSystem.hasKeyring(paths)
        let current = isThere ? try files.list(of: rings.store).filter { $0.rings.generation == rings.generation } : []
        return Keyring(
            key, rings, keyIDs: Set(current.map(\.rings.keyID)), files: files, isReadOnly: true, clock: clock)
    }

    /// Makes one file of a page anew from the other where it is not there, short or not what its name says.
    private func heal(_ first: RingHeader, _ files: RingFiles) throws(SystemError) {
        let second = first.other
        let (isFirstWhole, isSecondWhole) = (try files.isWhole(first), try files.isWhole(second))
        switch (isFirstWhole, isSecondWhole) {
        case (true, true): return
        case (true, false): try remake(second, files)
        case (false, true): try remake(first, files)
        case (false, false) where try files.isSwapped(first):
            try files.unswap(first)
            for header in [first, second] { note(.ringHealed(path: paths.ring(header))) }
        case (false, false): return note(.damage(Corruption(file: paths.ring(first), offsetBytes: 0, kind: .ring)))
        }
    }

    private func remake(_ header: RingHeader, _ files: RingFiles) throws(SystemError) {
        try files.remake(header)
        note(.ringHealed(path: paths.ring(header)))
    }

    /// Rings of another generation: a rotation that was not switched, or not finished. They go only where the generation
    /// that counts has the same page whole: else `store` is older than the keyring, and theirs are the only keys.
    private func removeVoid(_ headers: [RingHeader], _ files: RingFiles) throws(SystemError) {
        var void: [RingHeader] = []
        for header in headers {
            let first = header.counterpart(in: rings)
            if try files.isWhole(first), try files.isWhole(first.other) {
                void.append(header)
            } else {
                note(.damage(Corruption(file: paths.ring(header), offsetBytes: 0, kind: .ringOfAnotherGeneration)))
            }
        }
        try files.remove(void)
    }
}

extension RingHeader {
    /// Of the first copy of the same page.
    var first: RingHeader { RingHeader(rings: rings, page: page, copy: .first) }
    /// The first copy of the page that counts where this one is of another generation. What a deep rotation that was not
    /// switched has made has no page of its version yet: then it is the present version's.
    func counterpart(in current: RingSet) -> RingHeader {
        var rings = current
        rings.keyID = min(self.rings.keyID, current.keyID)
        return RingHeader(rings: rings, page: page, copy: .first)
    }

    /// Of the other copy.
    var other: RingHeader { RingHeader(rings: rings, page: page, copy: copy.other) }
}
