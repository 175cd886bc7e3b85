import ReelFormat

/// What compaction does with a frame that cannot be read: it is copied as it is, so that no evidence is destroyed and no
/// damage hidden; and it is not found wasteful, or each copy would be reason to copy it again.
extension LocatedFrame {
    /// Whether the frame can be read and merged.
    var isSound: Bool {
        do {
            _ = try inflated(try read())
            return true
        } catch {
            return false
        }
    }

    /// The frame's bytes, unverified but for the header.
    ///
    /// - Returns: nil when the header is damaged: then nothing says where the frame ends.
    func asItLies() throws(StoreError) -> StoredFrame? {
        var bytes: [UInt8] = []
        do {
            try segment.file.read(
                FrameHeader.sizeBytes + Int(entry.storedSizeBytes), at: entry.offsetBytes, into: &bytes)
        } catch {
            throw segment.failure(error)
        }
        let span = bytes.span
        guard let header = try? FrameHeader(decoding: span.bytes) else { return nil }
        return StoredFrame(header: header, bytes: bytes)
    }
}
