/// Room that a deflater writes into before the size of its member is known; grows with what it meets and falls back
/// after an outsized text, so that one huge event does not cost a thread its memory for ever.
struct ScratchBuffer: ~Copyable {
    private var storage: UnsafeMutablePointer<UInt8>
    private var capacityBytes: Int
    private static let keptMaxBytes = 1 << 20

    init() {
        capacityBytes = 128 << 10
        storage = .allocate(capacity: capacityBytes)
    }

    deinit { storage.deallocate() }

    /// Frames what `deflate` writes as a member of `text`.
    ///
    /// - Parameter deflate: starts anew on the text, and returns how much it wrote up to the end of the full flush, or
    ///   nil if that did not fit.
    mutating func member(
        of text: UnsafeRawBufferPointer,
        deflate: (_ output: UnsafeMutablePointer<UInt8>, _ capacityBytes: Int) -> Int?
    ) -> [UInt8] {
        // Stored blocks cost a few bytes in each 64 KiB, so text that does not shrink fits at the first go, and the
        // deflaters never stop half-way, where ISA-L was seen to wait for more room than it says.
        reserve(text.count + text.count / 8 + (64 << 10))
        var size = 0
        while !text.isEmpty {
            if let written = deflate(storage, capacityBytes) {
                size = written
                break
            }
            reserve(capacityBytes * 2)
        }
        if text.isEmpty {
            // A flush of nothing writes nothing; an empty stored block keeps the shape.
            let block = [0] + GzipMember.flushEnd
            storage.update(from: block, count: block.count)
            size = block.count
        }
        let trailer = GzipMember.Trailer(crc: GzipCRC.checksum(text, after: 0), rawSizeBytes: text.count).bytes
        let total = GzipMember.header.count + size + trailer.count
        let member = [UInt8](unsafeUninitializedCapacity: total) { bytes, count in
            count = total
            guard let base = bytes.baseAddress else { return }
            base.update(from: GzipMember.header, count: GzipMember.header.count)
            (base + GzipMember.header.count).update(from: storage, count: size)
            (base + GzipMember.header.count + size).update(from: trailer, count: trailer.count)
        }
        if capacityBytes > ScratchBuffer.keptMaxBytes { self = ScratchBuffer() }
        return member
    }

    private mutating func reserve(_ sizeBytes: Int) {
        guard sizeBytes > capacityBytes else { return }
        storage.deallocate()
        storage = .allocate(capacity: sizeBytes)
        capacityBytes = sizeBytes
    }
}
