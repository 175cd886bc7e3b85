import ReelSystem

/// A file that holds room and nothing else, so that a full disk does not block its own cure: erasing, removing and
/// compacting take it when they find none. Until it is whole again nobody else may write.
///
/// On a file system that compresses, or gives every write a new place, room cannot be held so, and this promises nothing.
final class SpaceReserve: Sendable {
    private static let mebibyte: UInt64 = 1 << 20

    private struct State {
        var file: (any File)?
        var heldBytes: UInt64 = 0
        /// It was given away and not made again.
        var isSpent = false
    }

    private let path: String
    private let root: String
    private let fileSystem: any FileSystem
    private let wantedBytes: UInt64
    private let state = Monitor(State())

    /// - Parameter wantedBytes: at most; a file system of less than sixteen times that gives a sixteenth of itself. Below
    ///   1 MiB there is no reserve.
    init(_ paths: StorePaths, _ fileSystem: any FileSystem, wantedBytes: UInt64) {
        path = paths.reserve
        root = paths.root
        self.fileSystem = fileSystem
        let total = wantedBytes > 0 ? (try? fileSystem.totalBytes(paths.root)) ?? 0 : 0
        self.wantedBytes = min(wantedBytes, total / 16) / SpaceReserve.mebibyte * SpaceReserve.mebibyte
    }

    /// Makes the file, or as much of it as there is room for, where that is not done. What fails is tried again.
    ///
    /// A new one is not to take the last room there is; one that was given away takes back what is left of its room.
    func make() {
        guard wantedBytes > 0 else { return }
        state.withLock { state in
            guard state.heldBytes < wantedBytes, let free = try? fileSystem.freeBytes(root) else { return }
            let file: any File
            do {
                file = try state.file ?? fileSystem.open(path, .createIfMissing)
                if state.file == nil { state.heldBytes = min(try file.sizeBytes(), wantedBytes) }
            } catch {
                return
            }
            state.file = file
            guard let size = size(of: state, freeBytes: free) else { return }
            do {
                try file.allocate(size)
                state.heldBytes = size
                state.isSpent = false
            } catch {
                try? file.truncate(to: state.heldBytes)
            }
        }
    }

    private func size(of state: State, freeBytes: UInt64) -> UInt64? {
        let missing = wantedBytes - state.heldBytes
        guard missing > 0 else { return nil }
        if freeBytes >= 2 * missing { return wantedBytes }
        guard state.isSpent, freeBytes >= wantedBytes / 2 + SpaceReserve.mebibyte else { return nil }
        return min(wantedBytes, (freeBytes / SpaceReserve.mebibyte - 1) * SpaceReserve.mebibyte)
    }

    /// Gives the room away.
    ///
    /// - Returns: whether there was any.
    func release() -> Bool {
        state.withLock { state in
            guard state.heldBytes > 0, let file = state.file else { return false }
            do { try file.truncate(to: 0) } catch { return false }
            state.heldBytes = 0
            state.isSpent = true
            return true
        }
    }

    /// Whether what came of it is for the cure alone.
    var isSpent: Bool { state.withLock { $0.isSpent } }

    var heldBytes: UInt64 { state.withLock { $0.heldBytes } }
}
