import ReelFormat

/// What compaction does with a frame that cannot be read: it is carried along as it lies, so that no evidence is
/// destroyed and no damage hidden; and it is not found wasteful, or each copy would be reason to copy it again.
extension LocatedFrame {
    /// Whether the frame can be merged.
    ///
    /// - Throws: why it could not be read; that does not say that it is damaged.
    func isSound() throws(StoreError) -> Bool {
        do {
            _ = try inflated(try read())
            return true
        } catch {
            guard case .damaged = error else { throw error }
            return false
        }
    }

    /// The bytes the table says the frame has, unverified; zeros where the file ends before.
    func asItLies() throws(StoreError) -> [UInt8] {
        let size = FrameHeader.sizeBytes + Int(entry.storedSizeBytes)
        do {
            let bytes = try segment.source(at: entry.offsetBytes).read(size, at: entry.offsetBytes)
            return bytes + Array(repeating: 0, count: size - bytes.count)
        } catch {
            throw segment.failure(error)
        }
    }
}
