import ReelFormat
import ReelSystem

/// Reading a segment whose events may be in the archive. Which frames' are is told by their payloads: where a digest begins
/// one, the rest of it is a hole.
extension Segment {
    /// The segment as the archive has it.
    private func archived(_ copy: ArchivedCopy) throws(StoreError) -> Segment {
        let file = try copy.open()
        return Segment(number: number, file: file, store: storeID, sealer: sealer, path: file.path)
    }

    /// Reads a frame of events where it is.
    ///
    /// - Parameters:
    ///   - here: reads it from the segment's own file.
    ///   - there: reads it from the copy in the archive.
    func readEvents<Result>(
        at offsetBytes: UInt64, here: () throws(StoreError) -> Result, there: (Segment) throws(StoreError) -> Result
    ) throws(StoreError) -> Result {
        guard let copy = archivedCopy else { return try here() }
        let header = try header(at: offsetBytes)
        guard header.kind == .events else { return try here() }
        if try storedDigest(at: offsetBytes, of: header) != nil {
            return try read(header, at: offsetBytes, in: copy, there)
        }
        // It stayed here; or the digest that says that it went is damaged, and the events are not.
        do throws(StoreError) {
            return try here()
        } catch {
            guard case .damaged = error else { throw error }
            return try readInstead(header, at: offsetBytes, in: copy, there, of: error)
        }
    }

    private func readInstead<Result>(
        _ header: FrameHeader, at offsetBytes: UInt64, in copy: ArchivedCopy,
        _ there: (Segment) throws(StoreError) -> Result, of damage: StoreError
    ) throws(StoreError) -> Result {
        do throws(StoreError) {
            return try read(header, at: offsetBytes, in: copy, there)
        } catch {
            guard case .damaged = error else { throw error }
            throw damage
        }
    }

    private func read<Result>(
        _ header: FrameHeader, at offsetBytes: UInt64, in copy: ArchivedCopy,
        _ there: (Segment) throws(StoreError) -> Result
    ) throws(StoreError) -> Result {
        do throws(StoreError) {
            let segment = try archived(copy)
            guard try segment.header(at: offsetBytes) == header else {
                throw StoreError.damaged(segment.corruption(offsetBytes, .foreignFrame))
            }
            return try there(segment)
        } catch {
            guard case .system(let cause) = error else { throw error }
            throw copy.archive.explained(cause)
        }
    }

    /// The file that has a frame's bytes, to copy them as they lie: the archive's, where it can be had.
    func source(at offsetBytes: UInt64) -> any File {
        guard let copy = archivedCopy, let header = try? header(at: offsetBytes),
            (try? storedDigest(at: offsetBytes, of: header)) != nil, let file = try? copy.open()
        else { return file }
        return file
    }

    // MARK: Digests

    /// The digest that stands for a frame of events, as it lies; nil where there is none that is sound.
    func storedDigest(at offsetBytes: UInt64, of header: FrameHeader) throws(StoreError) -> StoredFrame? {
        guard archivedCopy != nil, header.kind == .events, Int(header.storedSizeBytes) >= FrameHeader.sizeBytes else {
            return nil
        }
        let start = offsetBytes + UInt64(FrameHeader.sizeBytes)
        do throws(SystemError) {
            var bytes = try file.read(FrameHeader.sizeBytes, at: start)
            guard let digest = FrameHeader(ifSound: bytes), digest.isDigest(of: header) else { return nil }
            try file.read(
                Int(digest.storedSizeBytes), at: start + UInt64(FrameHeader.sizeBytes), into: &bytes)
            guard payloadChecksum(bytes) == digest.payloadChecksum else { return nil }
            return StoredFrame(header: digest, bytes: bytes)
        } catch {
            throw failure(error)
        }
    }

    /// The digest in the place of a frame's events, opened; nil where the events are here.
    func digest(_ entry: FrameEntry) throws(StoreError) -> StoredFrame? {
        guard archivedCopy != nil, entry.kind == .events else { return nil }
        let header = try header(at: entry.offsetBytes)
        guard let stored = try storedDigest(at: entry.offsetBytes, of: header) else { return nil }
        return try opened(stored, entry.offsetBytes)
    }

    /// Whether the events of at least one frame are in the archive alone.
    func isHollow(_ entries: [FrameEntry]) throws(StoreError) -> Bool {
        guard archivedCopy != nil else { return false }
        for entry in entries where entry.kind == .events {
            guard case .some(let header) = try? header(at: entry.offsetBytes) else { continue }
            if try storedDigest(at: entry.offsetBytes, of: header) != nil { return true }
        }
        return false
    }
}

extension LocatedFrame {
    /// What the index takes from a frame of events that is in the archive; nil where it is here.
    func archivedSummary() throws(StoreError) -> EventDigest? {
        guard let frame = try segment.digest(entry) else { return nil }
        do { return try EventDigest(decoding: frame.member, frame.header) } catch {
            throw .damaged(segment.corruption(entry.offsetBytes, .digest))
        }
    }
}

extension FrameHeader {
    /// Nil where the bytes are no sound header.
    fileprivate init?(ifSound bytes: [UInt8]) {
        guard let header = try? FrameHeader(decoding: bytes.span.bytes) else { return nil }
        self = header
    }
}
