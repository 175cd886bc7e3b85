import ReelFormat
import ReelSystem

extension Store {
    /// Seals every frame of an older version of the data keys anew and destroys those keys: the end of a deep rotation. For
    /// a store that nobody else writes to. Done again after a crash it goes on where it was.
    ///
    /// - Returns: segments that were written anew.
    /// - Throws: `.damaged` where a frame cannot be opened, and with it the old keys have to stay; what the disk said.
    package func rekey() throws(StoreError) -> Int {
        guard let keyring = context.sealer.keyring, keyring.keyIDs.contains(where: { $0 < keyring.rings.keyID }) else {
            return 0
        }
        if context.view.state.withLock({ !$0.active.entries.isEmpty }) { _ = try context.wait { .rotate($0) } }
        let sealed = context.view.state.withLock { $0.sealed }
        var count = 0
        for segment in sealed where try oldFrame(in: segment, keyring) != nil {
            _ = try Compactor(context).compact([segment])
            count += 1
        }
        for segment in context.view.state.withLock({ $0.sealed }) {
            guard let offset = try oldFrame(in: segment, keyring) else { continue }
            throw .damaged(segment.segment.corruption(offset, .seal))
        }
        do throws(SystemError) { try keyring.removeOldVersions() } catch { throw .system(error) }
        return count
    }

    /// The first frame that is sealed with an older version of its recording's key.
    private func oldFrame(in sealed: SealedSegment, _ keyring: Keyring) throws(StoreError) -> UInt64? {
        for entry in try sealed.allFrames() where entry.flags.contains(.sealed) {
            let header = try sealed.segment.header(at: entry.offsetBytes)
            if header.keyID < keyring.rings.keyID { return entry.offsetBytes }
        }
        return nil
    }
}
