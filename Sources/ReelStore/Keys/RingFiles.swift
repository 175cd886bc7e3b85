import Glibc
import ReelFormat
import ReelSystem

/// The files of a keyring: what both copies of slots say, and changes of them in the order that leaves a good copy at
/// every crash. Any thread reads; one at a time writes a page, which is its caller's care.
final class RingFiles: Sendable {
    /// Open at a time; a store of a million recordings has two thousand.
    private static let openMax = 128

    private let paths: StorePaths
    private let fileSystem: any FileSystem
    private let mode: OpenMode
    private let opened = Monitor<[String: Copy]>([:])
    /// Files with a write or sync that failed. They get no other byte: a new file takes their place.
    private let suspect = Monitor<Set<String>>([])

    /// A file, and whether it begins with the header its name asks for.
    private struct Copy {
        var file: any File
        var isHeaderSound: Bool
    }

    init(_ paths: StorePaths, _ fileSystem: any FileSystem, isReadOnly: Bool = false) {
        mode = isReadOnly ? .readOnly : .existing
        self.paths = paths
        self.fileSystem = fileSystem
    }

    // MARK: Reading

    /// What the two copies of a run of slots say.
    ///
    /// - Parameter recordings: of one page.
    /// - Returns: a pair a recording; one that ends before is unsound, one that is not there says what the other does.
    func slots(
        of recordings: ClosedRange<UInt64>, in rings: RingSet
    ) throws(SystemError) -> [(first: KeyringSlot.Reading, second: KeyringSlot.Reading)] {
        let page = Ring.page(of: recordings.lowerBound)
        let first = try read(RingHeader(rings: rings, page: page, copy: .first), recordings)
        let second = try read(RingHeader(rings: rings, page: page, copy: .second), recordings)
        let none = Array(repeating: KeyringSlot.Reading.empty, count: recordings.count)
        return Array(zip(first ?? second ?? none, second ?? first ?? none)).map { ($0.0, $0.1) }
    }

    func verdict(of recording: UInt64, in rings: RingSet) throws(SystemError) -> KeyringVerdict {
        let pair = try slots(of: recording...recording, in: rings)[0]
        return KeyringVerdict(first: pair.first, second: pair.second)
    }

    func isThere(page: UInt64, of rings: RingSet) throws(SystemError) -> Bool {
        for copy in RingCopy.allCases where try open(RingHeader(rings: rings, page: page, copy: copy)) != nil {
            return true
        }
        return false
    }

    private func read(
        _ header: RingHeader, _ recordings: ClosedRange<UInt64>
    ) throws(SystemError) -> [KeyringSlot.Reading]? {
        guard let copy = try open(header) else { return nil }
        let size = recordings.count * KeyringSlot.sizeBytes
        let bytes = try copy.file.read(size, at: Ring.offset(of: recordings.lowerBound))
        let span = bytes.span
        return recordings.map { recording in
            let at = Int(recording - recordings.lowerBound) * KeyringSlot.sizeBytes
            guard at + KeyringSlot.sizeBytes <= bytes.count else { return .unsound }
            let slot = KeyringSlot.read(span.bytes.extracting(at..<at + KeyringSlot.sizeBytes), of: recording)
            // A ring that came from elsewhere must not take keys away.
            if case .sound(let sound) = slot, sound.isDestroyed, !copy.isHeaderSound { return .unsound }
            return slot
        }
    }

    private func open(_ header: RingHeader) throws(SystemError) -> Copy? {
        let name = header.fileName
        if let copy = opened.withLock({ $0[name] }) { return copy }
        let file: any File
        do { file = try fileSystem.open(paths.ring(header), mode) } catch {
            if error.isMissing { return nil }
            throw error
        }
        let bytes = try file.read(RingHeader.sizeBytes, at: 0)
        let copy = Copy(file: file, isHeaderSound: RingHeader(decoding: bytes.span.bytes) == header)
        opened.withLock { opened in
            if opened.count >= RingFiles.openMax { opened = [:] }
            opened[name] = copy
        }
        return copy
    }

    // MARK: Writing

    /// Carries out steps on a page of which at least one file is there.
    ///
    /// - Throws: what failed. The next try begins with a new file in the place of the one that failed.
    func carryOut(_ steps: [KeyringStep], page: UInt64, of rings: RingSet) throws(SystemError) {
        for copy in RingCopy.allCases {
            let header = RingHeader(rings: rings, page: page, copy: copy)
            let file = try open(header)
            if file == nil || suspect.withLock({ $0.contains(header.fileName) }) { try remake(header) }
        }
        for step in steps {
            switch step {
            case .write(let copy, let offsetBytes, let bytes):
                try change(RingHeader(rings: rings, page: page, copy: copy)) { file throws(SystemError) in
                    try file.write(bytes, at: offsetBytes)
                }
            case .sync(let copy):
                try change(RingHeader(rings: rings, page: page, copy: copy)) { file throws(SystemError) in
                    try file.sync()
                }
            }
        }
    }

    private func change(_ header: RingHeader, _ body: (any File) throws(SystemError) -> Void) throws(SystemError) {
        let file = try there(header)
        do throws(SystemError) { try body(file) } catch {
            suspect.withLock { _ = $0.insert(header.fileName) }
            throw error
        }
    }

    /// Makes one file of a page anew from what both say, durably.
    func remake(_ header: RingHeader) throws(SystemError) {
        let own = try bytes(of: header)
        let other = try bytes(of: header.other)
        guard let base = other ?? own else { throw SystemError(ENOENT, "open", paths.ring(header)) }
        // What is unsound in both stays as it is: it is not for this to say that there never was a key.
        let rest = base.prefix(Ring.sizeBytes).dropFirst(RingHeader.sizeBytes)
        var bytes = header.encoded() + rest
        bytes += Array(repeating: 0, count: Ring.sizeBytes - bytes.count)
        let slots = Ring.read(own ?? [], expecting: header).slots
        let others = Ring.read(other ?? [], expecting: header.other).slots
        RingFiles.merge(slots, others, of: header.page, into: &bytes)
        try make(header, bytes)
        try fileSystem.syncDirectory(paths.keys)
        suspect.withLock { _ = $0.remove(header.fileName) }
    }

    /// Whether each of a page's two files is the other one: somebody has changed their names.
    func isSwapped(_ first: RingHeader) throws(SystemError) -> Bool {
        for header in [first, first.other] {
            guard let bytes = try bytes(of: header), bytes.count == Ring.sizeBytes,
                RingHeader(decoding: bytes.span.bytes) == header.other
            else { return false }
        }
        return true
    }

    /// Makes both files of a page anew, each from the one that has its name now. A crash between leaves the first one whole,
    /// with all that both said, and the other to be made from it.
    func unswap(_ first: RingHeader) throws(SystemError) {
        guard let own = try bytes(of: first.other), let other = try bytes(of: first) else {
            throw SystemError(ENOENT, "open", paths.ring(first))
        }
        let slots = Ring.read(own, expecting: first).slots
        let others = Ring.read(other, expecting: first.other).slots
        for (header, content) in [(first, own), (first.other, other)] {
            var bytes = content
            RingFiles.merge(slots, others, of: first.page, into: &bytes)
            try make(header, bytes)
            try fileSystem.syncDirectory(paths.keys)
        }
    }

    /// Writes what both copies together say; what is unsound in both, or in conflict, stays as it is.
    private static func merge(
        _ slots: [KeyringSlot.Reading], _ others: [KeyringSlot.Reading], of page: UInt64, into bytes: inout [UInt8]
    ) {
        for (index, recording) in Ring.recordings(of: page).enumerated() {
            guard case .sound(let slot, _) = KeyringVerdict(first: slots[index], second: others[index]) else {
                continue
            }
            let at = Int(Ring.offset(of: recording))
            bytes.replaceSubrange(at..<at + KeyringSlot.sizeBytes, with: slot.encoded())
        }
    }

    private func there(_ header: RingHeader) throws(SystemError) -> any File {
        guard let copy = try open(header) else { throw SystemError(ENOENT, "open", paths.ring(header)) }
        return copy.file
    }

    /// Makes a page's two files with their first slots in them.
    ///
    /// - Throws: what failed; what was begun is made anew by the next try.
    func makePage(_ page: UInt64, of rings: RingSet, _ slots: [KeyringSlot]) throws(SystemError) {
        for copy in RingCopy.allCases {
            let header = RingHeader(rings: rings, page: page, copy: copy)
            var bytes = Ring.empty(header)
            for slot in slots {
                let at = Int(Ring.offset(of: slot.recording))
                bytes.replaceSubrange(at..<at + KeyringSlot.sizeBytes, with: slot.encoded())
            }
            try make(header, bytes)
        }
        try fileSystem.syncDirectory(paths.keys)
    }

    /// Makes one file of a ring, in the place of whatever bears its name; durable once `keys/` is synced.
    func make(_ header: RingHeader, _ bytes: [UInt8]) throws(SystemError) {
        let path = paths.ring(header)
        let draft = path + ".new"
        let file = try fileSystem.openDerived(draft)
        do {
            try file.truncate(to: 0)
            try file.write(bytes, at: 0)
            try file.sync()
        } catch {
            // As far as that goes; the next opening removes it.
            try? fileSystem.unlink(draft)
            throw error
        }
        try fileSystem.rename(draft, to: path)
        opened.withLock { _ = $0.removeValue(forKey: header.fileName) }
    }

    /// All bytes of a file; nil where it is not there.
    func bytes(of header: RingHeader) throws(SystemError) -> [UInt8]? {
        guard let copy = try open(header) else { return nil }
        return try copy.file.read(Ring.sizeBytes + 1, at: 0)
    }

    /// The length of a file; nil where it is not there.
    func sizeBytes(of header: RingHeader) throws(SystemError) -> UInt64? { try open(header)?.file.sizeBytes() }

    /// Whether a file has its full length and begins with its own header.
    func isWhole(_ header: RingHeader) throws(SystemError) -> Bool {
        guard try sizeBytes(of: header) == UInt64(Ring.sizeBytes) else { return false }
        return try isHeaderSound(header)
    }

    /// Whether a file begins with the header its name asks for.
    func isHeaderSound(_ header: RingHeader) throws(SystemError) -> Bool { try open(header)?.isHeaderSound ?? false }

    /// Overwrites rings, so that no key is left in their blocks, and removes them.
    func remove(_ headers: [RingHeader]) throws(SystemError) {
        guard !headers.isEmpty else { return }
        for header in headers {
            let path = paths.ring(header)
            let file = try fileSystem.open(path, .existing)
            try file.write([UInt8](repeating: 0, count: Int(try file.sizeBytes())), at: 0)
            try file.sync()
            try fileSystem.unlink(path)
            opened.withLock { _ = $0.removeValue(forKey: header.fileName) }
        }
        try fileSystem.syncDirectory(paths.keys)
    }

    /// The rings that are there, whatever their version and generation.
    func list(of store: StoreID) throws(SystemError) -> [RingHeader] {
        try fileSystem.list(paths.keys).compactMap { RingHeader(fileName: $0, store: store) }
            .sorted { $0.fileName < $1.fileName }
    }

    /// Removes what a crash left half made; and of keys that were put back from beside a snapshot what says that they expire.
    func removeDrafts() throws(SystemError) {
        for name in try fileSystem.list(paths.keys)
        where name.hasSuffix(".new") || name == SnapshotManifest.fileName {
            try fileSystem.unlink("\(paths.keys)/\(name)")
        }
    }
}
