import ReelCodec
import ReelFormat
import ReelSystem

/// An open segment file. Frames are read by position and verified on the way; it stays readable after the file was
/// unlinked, as long as somebody holds it.
package final class Segment: Sendable {
    package let number: UInt64
    let file: any File
    let storeID: StoreID
    let sealer: Sealer
    /// Where its events may be; nil: here.
    let archivedCopy: ArchivedCopy?
    /// Where the file is now; a compacted segment was opened under another name.
    let path: String

    init(
        number: UInt64, file: any File, store: StoreID, sealer: Sealer, path: String? = nil,
        archivedCopy: ArchivedCopy? = nil
    ) {
        self.number = number
        self.file = file
        self.sealer = sealer
        self.archivedCopy = archivedCopy
        self.path = path ?? file.path
        storeID = store
    }

    /// The same file under another name.
    func renamed(to path: String) -> Segment {
        Segment(number: number, file: file, store: storeID, sealer: sealer, path: path, archivedCopy: archivedCopy)
    }

    /// Reads the frame an index entry names, whole, verified and opened.
    func frame(_ entry: FrameEntry) throws(StoreError) -> StoredFrame {
        try opened(try storedFrame(entry), entry.offsetBytes)
    }

    /// Reads the frame at an offset, whole, verified and opened.
    ///
    /// - Parameter expectedPayloadBytes: how much is read at once with the header; a longer payload takes a second read.
    func frame(at offsetBytes: UInt64, expectedPayloadBytes: Int = 4096) throws(StoreError) -> StoredFrame {
        try opened(
            try storedFrame(at: offsetBytes, expectedPayloadBytes: expectedPayloadBytes), offsetBytes)
    }

    /// Opens a frame of this segment.
    func opened(_ frame: StoredFrame, _ offsetBytes: UInt64) throws(StoreError) -> StoredFrame {
        try sealer.open(frame, place: corruption(offsetBytes, .seal))
    }

    /// Reads the frame an index entry names, whole and with sound checksums, as it lies: sealed, where it is.
    func storedFrame(_ entry: FrameEntry) throws(StoreError) -> StoredFrame {
        let frame = try storedFrame(at: entry.offsetBytes, expectedPayloadBytes: Int(entry.storedSizeBytes))
        guard frame.header.lsn == entry.lsn, frame.header.recording == entry.recording,
            frame.header.firstOrdinal == entry.firstOrdinal, frame.header.kind == entry.kind
        else { throw .damaged(corruption(entry.offsetBytes, .foreignFrame)) }
        return frame
    }

    /// Reads the frame at an offset, whole and with sound checksums, as it lies, here or in the archive.
    func storedFrame(at offsetBytes: UInt64, expectedPayloadBytes: Int = 4096) throws(StoreError) -> StoredFrame {
        try readEvents(at: offsetBytes) { () throws(StoreError) in
            try localFrame(at: offsetBytes, expectedPayloadBytes: expectedPayloadBytes)
        } there: { (copy) throws(StoreError) in
            try copy.localFrame(at: offsetBytes, expectedPayloadBytes: expectedPayloadBytes)
        }
    }

    private func localFrame(at offsetBytes: UInt64, expectedPayloadBytes: Int) throws(StoreError) -> StoredFrame {
        var bytes: [UInt8] = []
        do {
            try file.read(FrameHeader.sizeBytes + expectedPayloadBytes, at: offsetBytes, into: &bytes)
            let header = try decodeHeader(bytes, at: offsetBytes)
            let size = FrameHeader.sizeBytes + Int(header.storedSizeBytes)
            if bytes.count < size {
                try file.read(size - bytes.count, at: offsetBytes + UInt64(bytes.count), into: &bytes)
            }
            guard bytes.count >= size else { throw corruption(offsetBytes, .truncated) }
            if bytes.count > size { bytes.removeLast(bytes.count - size) }
            guard payloadChecksum(bytes) == header.payloadChecksum else {
                throw corruption(offsetBytes, .payloadChecksum)
            }
            return StoredFrame(header: header, bytes: bytes)
        } catch let error as SystemError {
            throw failure(error)
        } catch let error as Corruption {
            throw .damaged(error)
        } catch {
            throw .damaged(corruption(offsetBytes, .truncated))
        }
    }

    /// Reads an event frame that is not sealed whole and verifies it, for whoever has its blocks sent from the file.
    ///
    /// - Parameter scratch: room for the frame, reused from call to call: small enough it stays in the CPU's cache.
    /// - Returns: the member's trailer, and where its blocks lie in the file.
    func verify(
        _ entry: FrameEntry, scratch: inout [UInt8]
    ) throws(StoreError) -> (trailer: GzipMember.Trailer, blocks: FileRange) {
        try readEvents(at: entry.offsetBytes) { () throws(StoreError) in
            try verifyHere(entry, scratch: &scratch)
        } there: { (copy) throws(StoreError) in
            try copy.verifyHere(entry, scratch: &scratch)
        }
    }

    private func verifyHere(
        _ entry: FrameEntry, scratch: inout [UInt8]
    ) throws(StoreError) -> (trailer: GzipMember.Trailer, blocks: FileRange) {
        scratch.removeAll(keepingCapacity: true)
        let size = FrameHeader.sizeBytes + Int(entry.storedSizeBytes)
        do { try file.read(size, at: entry.offsetBytes, into: &scratch) } catch { throw failure(error) }
        do {
            let trailer = try verifiedTrailer(entry, scratch)
            let blocks = GzipSplice.blocks(ofMemberSize: entry.memberSizeBytes)
            let start = FrameHeader.sizeBytes + Int(entry.prefixSizeBytes) + blocks.lowerBound
            return (trailer, FileRange(file, offsetBytes: entry.offsetBytes + UInt64(start), count: blocks.count))
        } catch {
            throw .damaged(error)
        }
    }

    /// Reads a sealed event frame whole, verifies and opens it.
    ///
    /// - Parameter scratch: the blocks of its member, afterwards.
    /// - Returns: the member's trailer.
    func openBlocks(
        _ entry: FrameEntry, into scratch: inout [UInt8]
    ) throws(StoreError) -> GzipMember.Trailer {
        let frame = try storedFrame(entry)
        scratch.removeAll(keepingCapacity: true)
        try sealer.open(
            frame.header, frame.bytes.span.bytes, appendingTo: &scratch, place: corruption(entry.offsetBytes, .seal))
        let trailer: GzipMember.Trailer
        do throws(GzipError) {
            trailer = try GzipMember.Trailer(
                of: scratch.span.bytes.extracting(droppingFirst: Int(entry.prefixSizeBytes)))
        } catch {
            throw .damaged(corruption(entry.offsetBytes, .member(error)))
        }
        let blocks = GzipSplice.blocks(ofMemberSize: entry.memberSizeBytes)
        scratch.removeLast(scratch.count - Int(entry.prefixSizeBytes) - blocks.upperBound)
        scratch.removeFirst(Int(entry.prefixSizeBytes) + blocks.lowerBound)
        return trailer
    }

    private func verifiedTrailer(_ entry: FrameEntry, _ frame: [UInt8]) throws(Corruption) -> GzipMember.Trailer {
        let header = try decodeHeader(frame, at: entry.offsetBytes)
        guard FrameEntry(header, at: entry.offsetBytes) == entry else {
            throw corruption(entry.offsetBytes, .foreignFrame)
        }
        guard frame.count == FrameHeader.sizeBytes + Int(entry.storedSizeBytes) else {
            throw corruption(entry.offsetBytes, .truncated)
        }
        guard payloadChecksum(frame) == header.payloadChecksum else {
            throw corruption(entry.offsetBytes, .payloadChecksum)
        }
        let bytes = frame.span.bytes
        do {
            return try GzipMember.Trailer(
                of: bytes.extracting(droppingFirst: FrameHeader.sizeBytes + Int(entry.prefixSizeBytes)))
        } catch {
            throw corruption(entry.offsetBytes, .member(error))
        }
    }

    /// Reads and verifies the header at an offset; the payload is not looked at.
    func header(at offsetBytes: UInt64) throws(StoreError) -> FrameHeader {
        do {
            return try decodeHeader(try file.read(FrameHeader.sizeBytes, at: offsetBytes), at: offsetBytes)
        } catch let error as SystemError {
            throw failure(error)
        } catch let error as Corruption {
            throw .damaged(error)
        } catch {
            throw .damaged(corruption(offsetBytes, .truncated))
        }
    }

    /// Whether the frame's payload lies here, sound.
    func isWhole(_ header: FrameHeader, at offsetBytes: UInt64) throws(StoreError) -> Bool {
        do throws(StoreError) {
            return try localFrame(at: offsetBytes, expectedPayloadBytes: Int(header.storedSizeBytes)).header == header
        } catch {
            guard case .damaged = error else { throw error }
            return false
        }
    }

    /// What the disk said, of the file where it is now.
    func failure(_ error: SystemError) -> StoreError {
        var error = error
        error.path = path
        return .system(error)
    }

    func corruption(_ offsetBytes: UInt64, _ kind: Corruption.Kind) -> Corruption {
        Corruption(file: path, offsetBytes: offsetBytes, kind: kind)
    }

    func payloadChecksum(_ frame: [UInt8]) -> UInt32 {
        let bytes = frame.span
        return CRC32C.checksum(bytes.bytes.extracting(droppingFirst: FrameHeader.sizeBytes))
    }

    private func decodeHeader(_ bytes: [UInt8], at offsetBytes: UInt64) throws(Corruption) -> FrameHeader {
        let header: FrameHeader
        do {
            let span = bytes.span
            header = try FrameHeader(decoding: span.bytes)
        } catch {
            throw corruption(offsetBytes, .header(error))
        }
        guard header.store == storeID else { throw corruption(offsetBytes, .foreignFrame) }
        return header
    }
}

/// A frame: 192 bytes of header, then the payload, as it lies in its segment or opened. An opened one keeps the header it
/// has there, whose sizes speak of the sealed payload.
package struct StoredFrame: Sendable {
    package var header: FrameHeader
    /// Header and payload.
    package var bytes: [UInt8]

    /// The batch table's bytes of a merged chunk; else empty.
    package var prefix: [UInt8] {
        Array(bytes[FrameHeader.sizeBytes..<FrameHeader.sizeBytes + Int(header.prefixSizeBytes)])
    }

    /// What follows the prefix: a gzip member, or a `state`, `commit` or `tombstone` payload.
    package var member: [UInt8] {
        Array(bytes[(FrameHeader.sizeBytes + Int(header.prefixSizeBytes))...])
    }

    /// Where the member begins in `bytes`.
    var memberOffsetBytes: Int { FrameHeader.sizeBytes + Int(header.prefixSizeBytes) }

    /// Builds a frame that is not sealed: sets the header's sizes and checksum from the payload.
    init(_ draft: FrameDraft) {
        header = draft.header
        header.storedSizeBytes = UInt32(draft.prefix.count + draft.member.count)
        header.prefixSizeBytes = UInt32(draft.prefix.count)
        var checksum = CRC32C()
        checksum.update(draft.prefix)
        checksum.update(draft.member)
        header.payloadChecksum = checksum.value
        bytes = []
        bytes.reserveCapacity(Int(header.strideBytes))
        bytes.append(contentsOf: header.encoded())
        bytes.append(contentsOf: draft.prefix)
        bytes.append(contentsOf: draft.member)
    }

    init(header: FrameHeader, bytes: [UInt8]) {
        self.header = header
        self.bytes = bytes
    }

    /// A frame of which only the header was looked at.
    static func unread(_ header: FrameHeader) -> StoredFrame { StoredFrame(header: header, bytes: []) }

    var isUnread: Bool { bytes.isEmpty }

    /// Appends the frame and its padding.
    func append(to buffer: inout [UInt8]) {
        buffer.append(contentsOf: bytes)
        buffer.append(contentsOf: repeatElement(0, count: Int(header.strideBytes) - bytes.count))
    }
}
