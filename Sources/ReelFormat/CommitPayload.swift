import ReelCodec

/// The payload of a compacted segment's last frame. FORMAT.md §6.
package struct CommitPayload: Equatable, Sendable {
    /// The segments that this one replaces whole.
    package var replaced: [UInt64]
    /// Frames between the state frame and this one.
    package var frameCount: UInt64

    package init(replaced: [UInt64], frameCount: UInt64) {
        self.replaced = replaced
        self.frameCount = frameCount
    }

    /// The payload as it is stored, uncompressed.
    package func encoded() -> [UInt8] {
        var writer = ByteWriter(capacityBytes: 16 + 8 * replaced.count)
        writer.append(frameCount)
        writer.append(UInt64(replaced.count))
        for number in replaced { writer.append(number) }
        return writer.bytes
    }

    /// - Throws: where the bytes end before what they count; bytes behind it are not looked at.
    package init(decoding bytes: [UInt8]) throws(ShortInput) {
        var reader = ByteReader(bytes)
        frameCount = try reader.read()
        let count = try reader.read(UInt64.self)
        replaced = []
        for _ in 0..<count { replaced.append(try reader.read()) }
    }
}
