import Glibc
import ReelCodec
import ReelFormat
import ReelSystem

/// A directory that is made under its name and `.new`, with a manifest of what is in it, and has its name once it is whole.
struct SnapshotDraft {
    private static let pieceSizeBytes = 1 << 20

    /// Where it is to be.
    let path: String
    private let draft: String
    /// Of these some files lie in a directory of their own.
    private let directories: [String]
    private let fileSystem: any FileSystem
    private let isCancelled: @Sendable () -> Bool
    private(set) var manifest: SnapshotManifest
    private(set) var isPublished = false

    /// - Parameter directories: of which some files lie in one.
    init(
        _ path: String, _ manifest: SnapshotManifest, directories: [String] = [], _ fileSystem: any FileSystem,
        isCancelled: @escaping @Sendable () -> Bool
    ) {
        self.path = path
        draft = path + ".new"
        self.manifest = manifest
        self.directories = directories
        self.fileSystem = fileSystem
        self.isCancelled = isCancelled
    }

    // MARK: Beginning

    /// Refuses a place where somebody's files are. What a try that a crash ended has left is none.
    func requireRoom() throws(SnapshotError) {
        do {
            guard try names(in: path).isEmpty else { throw SnapshotError.notEmpty(path) }
            let isOurs = try names(in: draft).allSatisfy { directories.contains($0) || isName($0) }
            let areOurs = try directories.allSatisfy { try names(in: "\(draft)/\($0)").allSatisfy(isName) }
            guard isOurs, areOurs else { throw SnapshotError.notEmpty(draft) }
        } catch let error as SnapshotError {
            throw error
        } catch let error as SystemError {
            throw .system(error)
        } catch {
            preconditionFailure("no other error is thrown: \(error)")
        }
    }

    /// Whether a snapshot, or a keyring, has files of that name.
    private func isName(_ name: String) -> Bool {
        let known = ["store", "erased.ledger", SnapshotManifest.fileName]
        return known.contains(name) || StorePaths.number(of: name, suffix: ".seg") != nil
            || StorePaths.number(of: name, suffix: StorePaths.markerSuffix) != nil
            || RingHeader(fileName: name, store: manifest.store) != nil
    }

    /// Makes the directory, empty.
    func begin() throws(SystemError) {
        try fileSystem.createDirectory(draft)
        for name in directories { try fileSystem.createDirectory("\(draft)/\(name)") }
        try removeFiles(at: draft)
    }

    // MARK: Filling

    /// Gives a file that is never written to again a second name; where that cannot be, copies it.
    ///
    /// - Parameters:
    ///   - path: where the file is now.
    ///   - keepsHoles: a copy has none of the file's zeros.
    ///   - isStill: asked behind the link, whether the path leads to that file.
    /// - Returns: whether it is the same file.
    mutating func link(
        _ source: any File, at path: String, _ sizeBytes: UInt64, as name: String, keepsHoles: Bool = false,
        isStill: () -> Bool = { true }
    ) throws(SystemError) -> Bool {
        do {
            try fileSystem.link(path, to: "\(draft)/\(name)")
        } catch {
            // Another file system, too many names, or gone since.
            try copy(source, sizeBytes, as: name, keepsHoles: keepsHoles)
            return false
        }
        guard isStill() else {
            try fileSystem.unlink("\(draft)/\(name)")
            try copy(source, sizeBytes, as: name, keepsHoles: keepsHoles)
            return false
        }
        try enter(name)
        return true
    }

    /// - Parameter keepsHoles: blocks of zeros are not written.
    mutating func copy(
        _ source: any File, _ sizeBytes: UInt64, as name: String, keepsHoles: Bool = false
    ) throws(SystemError) {
        let file = try fileSystem.open("\(draft)/\(name)", .new)
        var done: UInt64 = 0
        while done < sizeBytes {
            try checkCancelled()
            let count = Int(min(sizeBytes - done, UInt64(SnapshotDraft.pieceSizeBytes)))
            let piece = try source.read(count, at: done)
            guard !piece.isEmpty else { throw SystemError(EIO, "read", source.path) }
            if keepsHoles {
                try SnapshotDraft.writeBlocks(of: piece, at: done, to: file)
            } else {
                try file.write(piece, at: done)
            }
            done += UInt64(piece.count)
        }
        if keepsHoles, try file.sizeBytes() < sizeBytes { try file.truncate(to: sizeBytes) }
        try file.sync()
        try enter(name)
    }

    /// Writes what is not all zeros.
    private static func writeBlocks(
        of piece: [UInt8], at offsetBytes: UInt64, to file: any File
    ) throws(SystemError) {
        let blockBytes = 4096
        for start in stride(from: 0, to: piece.count, by: blockBytes) {
            let block = piece[start..<min(start + blockBytes, piece.count)]
            if block.contains(where: { $0 != 0 }) { try file.write(Array(block), at: offsetBytes + UInt64(start)) }
        }
    }

    mutating func write(_ bytes: [UInt8], as name: String) throws(SystemError) {
        let file = try fileSystem.open("\(draft)/\(name)", .new)
        try file.write(bytes, at: 0)
        try file.sync()
        try enter(name)
    }

    /// What the manifest says beside its files.
    mutating func describe(_ body: (inout SnapshotManifest) -> Void) { body(&manifest) }

    /// Enters a file that is there in the manifest, by what can be read of it.
    private mutating func enter(_ name: String) throws(SystemError) {
        try checkCancelled()
        let (size, checksum) = try SnapshotDraft.measure("\(draft)/\(name)", fileSystem)
        manifest.files.append(SnapshotManifest.File(name: name, sizeBytes: size, checksum: checksum))
    }

    private func checkCancelled() throws(SystemError) {
        if isCancelled() { throw SystemError(ECANCELED, "snapshot", path) }
    }

    /// Size and CRC-32C of a whole file.
    static func measure(_ path: String, _ fileSystem: any FileSystem) throws(SystemError) -> (UInt64, UInt32) {
        let file = try fileSystem.open(path, .readOnly)
        var checksum = CRC32C()
        var done: UInt64 = 0
        var piece: [UInt8] = []
        while true {
            piece.removeAll(keepingCapacity: true)
            try file.read(pieceSizeBytes, at: done, into: &piece)
            if piece.isEmpty { return (done, checksum.value) }
            checksum.update(piece)
            done += UInt64(piece.count)
        }
    }

    // MARK: Ending

    /// Writes the manifest and gives the directory its name, durably.
    mutating func publish() throws(SystemError) {
        let file = try fileSystem.open("\(draft)/\(SnapshotManifest.fileName)", .new)
        try file.write(manifest.encoded(), at: 0)
        try file.sync()
        for name in directories { try fileSystem.syncDirectory("\(draft)/\(name)") }
        try fileSystem.syncDirectory(draft)
        try fileSystem.rename(draft, to: path)
        isPublished = true
        try fileSystem.syncDirectory("\(path)/..")
    }

    /// Removes what was made, as far as that goes: what stays is overwritten by the next try.
    func discard() {
        let root = isPublished ? path : draft
        try? removeFiles(at: root)
        for name in directories { try? fileSystem.removeDirectory("\(root)/\(name)") }
        try? fileSystem.removeDirectory(root)
    }

    private func removeFiles(at root: String) throws(SystemError) {
        for directory in [root] + directories.map({ "\(root)/\($0)" }) {
            for name in try names(in: directory) where isName(name) { try fileSystem.unlink("\(directory)/\(name)") }
        }
    }

    private func names(in directory: String) throws(SystemError) -> [String] {
        do { return try fileSystem.list(directory) } catch {
            guard error.isMissing else { throw error }
            return []
        }
    }
}
