import ReelFormat
import ReelSystem

/// A step of archiving that changes `log/`, and so is the writer's.
enum ArchiveStep: Sendable {
    /// Makes a segment's marker: from now on there may be a copy.
    case mark(ArchiveMarker)
    /// Puts a segment without its events, written in `tmp/`, in the place of the whole one, once the copy is durable.
    case hollow(ArchiveMarker, temporaryPath: String)
    /// Removes what tells of copies that are gone.
    case forget([UInt64])
}

extension LogWriter {
    func perform(_ step: ArchiveStep) throws(StoreError) {
        do {
            switch step {
            case .mark(let marker): try mark(marker)
            case .hollow(let marker, let path): try hollow(marker, path)
            case .forget(let numbers):
                for number in numbers { try context.fileSystem.unlinkIfThere(context.paths.discardedMarker(number)) }
                try context.fileSystem.syncDirectory(context.paths.log)
                context.archive.forget(numbers)
            }
        } catch let error as StoreError {
            throw error
        } catch let error as SystemError {
            throw error.isDiskFull ? .diskFull : .system(error)
        } catch {
            // Somebody changed the file `store` while it is open.
            throw .damaged(Corruption(file: context.paths.identity, offsetBytes: 0, kind: .payload))
        }
    }

    private func mark(_ marker: ArchiveMarker) throws {
        if !context.archive.isInUse {
            try IdentityFile(context.paths, context.fileSystem).declare(StoreIdentity.archiveFeature)
            context.archive.noteInUse()
        }
        let path = context.paths.marker(marker.segment)
        let draft = path + ".new"
        let file = try context.fileSystem.openDerived(draft)
        try file.truncate(to: 0)
        try file.write(marker.encoded(), at: 0)
        try file.sync()
        context.archive.noteMarked(marker.segment)
        try context.fileSystem.rename(draft, to: path)
        try context.fileSystem.syncDirectory(context.paths.log)
    }

    /// Whichever of the two files a crash leaves can be read: nothing has to be taken back where this fails.
    private func hollow(_ marker: ArchiveMarker, _ temporaryPath: String) throws {
        let number = marker.segment
        let path = context.paths.segment(number)
        guard let old = context.view.state.withLock({ $0.sealed.first { $0.segment.number == number } }) else { return }
        let copy = ArchivedCopy(archive: context.archive, marker: marker, path: context.paths.marker(number))
        let file = try context.fileSystem.open(temporaryPath, .existing)
        let allocated = try file.allocatedBytes()
        let segment = Segment(
            number: number, file: file, store: context.identity.store, sealer: context.sealer, path: path,
            archivedCopy: copy)
        let new = old.hollowed(segment, localBytes: allocated)
        // Seen before the name leads there: a snapshot that links what has the name sees afterwards which of the two it is.
        show(new, insteadOf: old)
        do throws(SystemError) { try context.fileSystem.rename(temporaryPath, to: path) } catch {
            show(old, insteadOf: new)
            throw error
        }
        try context.fileSystem.syncDirectory(context.paths.log)
    }

    private func show(_ new: SealedSegment, insteadOf old: SealedSegment) {
        context.view.state.withLock { view in
            guard let index = view.sealed.firstIndex(where: { $0 === old }) else { return }
            view.sealed[index] = new
        }
    }
}

extension StoreContext {
    /// Lets the copies of segments go that are about to: their markers say so from now on. Durable before the segments are
    /// removed: a marker alone would tell of a segment that is lost.
    func discardCopies(of segments: [UInt64]) throws(SystemError) {
        let marked = segments.filter(archive.isMarked)
        guard !marked.isEmpty else { return }
        try Archive.discard(marked, paths, fileSystem)
        archive.noteDiscarded(marked)
    }
}

extension Archive {
    static func discard(
        _ segments: [UInt64], _ paths: StorePaths, _ fileSystem: any FileSystem
    ) throws(SystemError) {
        for number in segments {
            do throws(SystemError) {
                try fileSystem.rename(paths.marker(number), to: paths.discardedMarker(number))
            } catch {
                // An earlier try came so far.
                guard error.isMissing else { throw error }
            }
        }
        try fileSystem.syncDirectory(paths.log)
    }
}
