import ReelCodec
import ReelFormat
import ReelSystem

/// The directory on another file system that holds the events of old segments, and whether it is there. FORMAT.md §25.
///
/// What is there is told by a file of its own: the empty directory that is left where a disk is not mounted has none, and
/// nothing is ever written there.
package final class Archive: Sendable {
    static let identityName = "archive"

    private struct State {
        var directory: String?
        /// Whether the store has ever used an archive: from then on it is never begun anew elsewhere.
        var isInUse: Bool
        /// Why it cannot be used; nil while it can, or nobody has looked yet.
        var trouble: String?
        var hasLooked = false
        /// Segments with a marker in `log/`.
        var marked: Set<UInt64> = []
        /// Segments that are gone, and their copies not yet.
        var discarded: Set<UInt64> = []
    }

    let fileSystem: any FileSystem
    private let store: StoreID
    private let storePath: String
    private let note: @Sendable (StoreEvent) -> Void
    private let state: Monitor<State>

    init(
        _ directory: String?, of identity: StoreIdentity, _ paths: StorePaths, _ fileSystem: any FileSystem,
        note: @escaping @Sendable (StoreEvent) -> Void = { _ in }
    ) {
        self.fileSystem = fileSystem
        store = identity.store
        storePath = paths.root
        self.note = note
        let isInUse = identity.incompatibleFeatures & StoreIdentity.archiveFeature != 0
        state = Monitor(State(directory: directory, isInUse: isInUse))
    }

    // MARK: Where

    /// The configured one; nil where there is none.
    var directory: String? { state.withLock { $0.directory } }

    /// Takes over another place.
    func use(_ directory: String?) {
        state.withLock { state in
            guard state.directory != directory else { return }
            state.directory = directory
            state.trouble = nil
            state.hasLooked = false
        }
    }

    /// This store's part of the directory.
    private func root(in directory: String) -> String { "\(directory)/\(store.hexadecimal)" }

    func path(of marker: ArchiveMarker, in directory: String) -> String {
        "\(root(in: directory))/\(marker.fileName)"
    }

    private var identity: [UInt8] { Array("reeld archive 1\nstore \(store.hexadecimal)\n".utf8) }

    // MARK: There or not

    /// Whether the archive can be read now. A change is told once.
    @discardableResult
    func look() -> Bool {
        guard let directory else { return false }
        return settle(trouble(in: directory), in: directory)
    }

    /// What keeps it from being used, as last seen.
    var trouble: String? { state.withLock { $0.trouble } }

    private func settle(_ trouble: String?, in directory: String) -> Bool {
        let event: StoreEvent? = state.withLock { state in
            // Somebody has set another place meanwhile.
            guard state.directory == directory else { return nil }
            defer {
                state.trouble = trouble
                state.hasLooked = true
            }
            switch (state.trouble, trouble) {
            case (nil, let trouble?): return .archiveOffline(directory: directory, reason: trouble)
            case (.some, nil): return .archiveOnline(directory: directory)
            default: return nil
            }
        }
        if let event { note(event) }
        return trouble == nil
    }

    private func trouble(in directory: String) -> String? {
        let path = "\(root(in: directory))/\(Archive.identityName)"
        do throws(SystemError) {
            let bytes = try fileSystem.open(path, .readOnly).read(identity.count + 1, at: 0)
            return bytes == identity ? nil : "\(path) is of another store"
        } catch {
            guard error.isMissing else { return "\(error)" }
            return "there is no \(path): nothing is mounted there, or the directory is another one than it was"
        }
    }

    // MARK: Reading

    /// Opens the copy of a segment.
    ///
    /// - Throws: `.archiveOffline`; `.damaged` where the archive is there, and the copy is not.
    func open(_ marker: ArchiveMarker) throws(StoreError) -> any File {
        guard let directory else { throw .archiveOffline(directory: nil) }
        do throws(SystemError) {
            return try fileSystem.open(path(of: marker, in: directory), .readOnly)
        } catch {
            throw explained(error)
        }
    }

    /// What an error met in the archive means: that it is away, or that the disk there failed.
    func explained(_ error: SystemError) -> StoreError {
        guard look() else { return .archiveOffline(directory: directory) }
        guard error.isMissing else { return .system(error) }
        return .damaged(Corruption(file: error.path, offsetBytes: 0, kind: .archivedCopyMissing))
    }

    /// - Throws: `.archiveOffline` where events cannot be read now.
    func require() throws(StoreError) {
        guard look() else { throw .archiveOffline(directory: directory) }
    }

    // MARK: Writing

    /// Sees to it that copies can be written: on the first use the archive is begun.
    ///
    /// - Returns: the directory for copies; nil where the archive is away or must not be used, which is told.
    func prepare() -> String? {
        guard let directory else { return nil }
        if state.withLock({ $0.isInUse }) || trouble(in: directory) == nil {
            return look() ? root(in: directory) : nil
        }
        let trouble: String?
        do throws(SystemError) { trouble = try begin(in: directory) } catch { trouble = "\(error)" }
        return settle(trouble, in: directory) ? root(in: directory) : nil
    }

    /// - Returns: why it must not be begun there.
    private func begin(in directory: String) throws(SystemError) -> String? {
        let device = try fileSystem.deviceNumber(directory)
        guard device != (try fileSystem.deviceNumber(storePath)) else {
            return "\(directory) is on the store's own file system: nothing is mounted there"
        }
        let root = root(in: directory)
        try fileSystem.createDirectory(root)
        let path = "\(root)/\(Archive.identityName)"
        let file = try fileSystem.openDerived(path + ".new")
        try file.truncate(to: 0)
        try file.write(identity, at: 0)
        try file.sync()
        try fileSystem.rename(path + ".new", to: path)
        try fileSystem.syncDirectory(root)
        try fileSystem.syncDirectory(directory)
        return nil
    }

    /// Takes note that the file `store` says so.
    func noteInUse() { state.withLock { $0.isInUse = true } }

    var isInUse: Bool { state.withLock { $0.isInUse } }

    // MARK: Markers

    /// What the markers in `log/` say, when the store is opened.
    func note(marked: some Sequence<UInt64>, discarded: some Sequence<UInt64>) {
        state.withLock { state in
            state.marked.formUnion(marked)
            state.discarded.formUnion(discarded)
        }
    }

    func noteMarked(_ number: UInt64) { state.withLock { _ = $0.marked.insert(number) } }

    func isMarked(_ number: UInt64) -> Bool { state.withLock { $0.marked.contains(number) } }

    /// Takes note that segments have gone.
    func noteDiscarded(_ numbers: [UInt64]) {
        state.withLock { state in
            state.marked.subtract(numbers)
            state.discarded.formUnion(numbers)
        }
    }

    /// Segments that are gone, and their copies not yet.
    var discarded: [UInt64] { state.withLock { $0.discarded.sorted() } }

    func forget(_ numbers: [UInt64]) { state.withLock { $0.discarded.subtract(numbers) } }
}
