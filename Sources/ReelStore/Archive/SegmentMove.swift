import Glibc
import ReelCodec
import ReelFormat
import ReelSystem

/// Moves the events of one sealed segment to the archive. FORMAT.md §25 has the order; a crash anywhere in it leaves a segment
/// that can be read, and the next try goes on.
struct SegmentMove {
    private static let pieceSizeBytes = 1 << 20
    /// So much waits for the disk at a time.
    private static let unsyncedMaxBytes: UInt64 = 8 << 20

    /// What came of it.
    enum Outcome {
        case moved(ArchiveReceipt)
        /// There is nothing in it that would free room.
        case nothingToGain
        /// Damaged bytes stay where they were found.
        case damaged(Corruption)
    }

    private let context: StoreContext
    private let sealed: SealedSegment
    /// The store's part of the archive.
    private let root: String
    private let pace: CompactionPace?

    private var number: UInt64 { sealed.segment.number }
    private var fileSystem: any FileSystem { context.fileSystem }

    init(_ sealed: SealedSegment, to root: String, _ context: StoreContext) {
        self.sealed = sealed
        self.root = root
        self.context = context
        pace = context.options.compaction.isPaced ? CompactionPace(isClosing: context.isClosing) : nil
    }

    func run() throws(StoreError) -> Outcome {
        let entries = try sealed.allFrames()
        let scan = try sealed.segment.scan(verifiesPayloads: true, isSealed: true, limit: sealed.lengthBytes) {
            (_, _) throws(StoreError) in try pause()
        }
        if let damage = scan.damage.first { return .damaged(damage) }
        let draft = context.paths.temporarySegment(number)
        do throws(StoreError) {
            return try move(entries, draft)
        } catch {
            try? fileSystem.unlink(draft)
            throw error
        }
    }

    private func move(_ entries: [FrameEntry], _ draft: String) throws(StoreError) -> Outcome {
        let holeSize = context.options.archive.holeSizeMinBytes
        let file: any File
        do throws(SystemError) { file = try fileSystem.open(draft, .new) } catch { throw .system(error) }
        var hollow = HollowSegment(sealed.segment, sealer: context.sealer, into: file) { () throws(StoreError) in
            try pause()
        }
        try hollow.write(entries, lengthBytes: sealed.lengthBytes, holeSizeMinBytes: holeSize)
        guard hollow.hollowedCount > 0 else {
            try? fileSystem.unlink(draft)
            return .nothingToGain
        }
        let marker = ArchiveMarker(
            store: context.identity.store, segment: number, lengthBytes: sealed.lengthBytes,
            archivedMicroseconds: context.clock.wallMicroseconds,
            copyChecksum: try checksum(of: sealed.segment.file, sealed.segment.path))
        try context.wait { .archive(.mark(marker), $0) }
        try copy(marker)
        try context.wait { .archive(.hollow(marker, temporaryPath: draft), $0) }
        let before = (try? sealed.segment.file.allocatedBytes()) ?? sealed.lengthBytes
        let after = (try? file.allocatedBytes()) ?? 0
        return .moved(
            ArchiveReceipt(
                segment: number, sizeBytes: sealed.lengthBytes, freedBytes: before > after ? before - after : 0))
    }

    /// Rests where others have much to do, and ends where the store closes.
    private func pause() throws(StoreError) {
        pace?.rest()
        if context.isClosing.withLock({ $0 }) { throw .closing }
    }

    // MARK: The copy

    /// Makes a durable copy and reads it back. One that an earlier try has made is kept.
    private func copy(_ marker: ArchiveMarker) throws(StoreError) {
        let path = "\(root)/\(marker.fileName)"
        do {
            if try isCopied(marker, path) { return try fileSystem.syncDirectory(root) }
            let draft = path + ".new"
            let file = try fileSystem.openDerived(draft)
            try file.truncate(to: 0)
            var done: UInt64 = 0
            var synced: UInt64 = 0
            while done < marker.lengthBytes {
                try pause()
                let count = min(UInt64(SegmentMove.pieceSizeBytes), marker.lengthBytes - done)
                let piece = try sealed.segment.file.read(Int(count), at: done)
                guard piece.count == Int(count) else { throw SystemError(EIO, "read", sealed.segment.path) }
                try file.write(piece, at: done)
                done += count
                // One sync of a whole segment would hold up whatever else is on that disk.
                if done - synced >= SegmentMove.unsyncedMaxBytes {
                    try file.sync()
                    synced = done
                }
            }
            try file.sync()
            try fileSystem.rename(draft, to: path)
            try fileSystem.syncDirectory(root)
            // Before anything here is given up for it.
            guard try isCopied(marker, path) else {
                throw StoreError.damaged(Corruption(file: path, offsetBytes: 0, kind: .archivedCopyMissing))
            }
        } catch let error as StoreError {
            throw error
        } catch let error as SystemError {
            throw .system(error)
        } catch {
            preconditionFailure("no other error is thrown: \(error)")
        }
    }

    private func isCopied(_ marker: ArchiveMarker, _ path: String) throws -> Bool {
        let file: any File
        do throws(SystemError) { file = try fileSystem.open(path, .readOnly) } catch {
            guard error.isMissing else { throw error }
            return false
        }
        guard try file.sizeBytes() == marker.lengthBytes else { return false }
        return try checksum(of: file, path) == marker.copyChecksum
    }

    /// CRC-32C of as many bytes as the segment has.
    private func checksum(of file: any File, _ path: String) throws(StoreError) -> UInt32 {
        var checksum = CRC32C()
        var done: UInt64 = 0
        var piece: [UInt8] = []
        while done < sealed.lengthBytes {
            try pause()
            piece.removeAll(keepingCapacity: true)
            let count = min(UInt64(SegmentMove.pieceSizeBytes), sealed.lengthBytes - done)
            do throws(SystemError) {
                try file.read(Int(count), at: done, into: &piece)
                guard piece.count == Int(count) else { throw SystemError(EIO, "read", path) }
            } catch {
                throw .system(error)
            }
            checksum.update(piece)
            done += count
        }
        return checksum.value
    }
}

/// What moving a segment's events to the archive came to.
package struct ArchiveReceipt: Sendable, Equatable {
    package var segment: UInt64
    /// Of the whole segment.
    package var sizeBytes: UInt64
    /// What the store's own file takes less than before.
    package var freedBytes: UInt64
}
